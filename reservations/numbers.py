"""Which number a ping is told to dial."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from publishers.snapshot import CampaignFacts


@dataclass(frozen=True, slots=True)
class Dial:
    """A number or `sip:` address; `dynamic` when it came from the pool and so is told to one caller at a time."""

    number: str
    dynamic: bool = False


def sip_user(uuid: UUID) -> str:
    """`{uuid}@domain`, without the scheme."""
    return f"{uuid}@{settings.RTB_SIP_DOMAIN}"


def sip_address(uuid: UUID) -> str:
    """Where a reservation can always be called: `sip:{uuid}@domain`."""
    return f"sip:{sip_user(uuid)}"


def choose(
    *, uuid: UUID, caller_number: str | None, asked: str | None, configured: str, campaign: CampaignFacts, taken: Iterable[str]
) -> Dial:
    """The number passed; else, for a caller, a free one of the pool; else the key's; else a SIP address of its own.

    `taken` are the numbers that are live with this caller.
    """
    if asked:
        return Dial(asked)
    if caller_number:
        busy = set(taken)
        free = [number for number in campaign.pool_numbers if number not in busy]
        if free:
            return Dial(random.choice(free), dynamic=True)  # noqa: S311 - spreads load, keeps no secret
    elif configured:
        return Dial(configured)
    return Dial(sip_address(uuid))
