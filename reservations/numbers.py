"""Which number a ping is told to dial."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from publishers.snapshot import CampaignFacts, NumberFacts


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
        return _of_pool(campaign, taken) or Dial(sip_address(uuid))
    return Dial(configured or sip_address(uuid))


def without_buyer(
    *, campaign: CampaignFacts, publisher_row: int | None, own: Mapping[str, NumberFacts], taken: Iterable[str]
) -> Dial | None:
    """For a caller whom nobody takes now: a free number of the pool, else one of the campaign's own, else None.

    Of its own first the publisher's; never another publisher's, whose calls on it would be. `own` are the company's.
    """
    theirs = [number for number in campaign.fixed_numbers if own[number].publisher_row in (None, publisher_row)]
    fixed = min(theirs, key=lambda number: own[number].publisher_row is None, default=None)
    return _of_pool(campaign, taken) or (Dial(fixed) if fixed else None)


def _of_pool(campaign: CampaignFacts, taken: Iterable[str]) -> Dial | None:
    busy = set(taken)
    free = [number for number in campaign.pool_numbers if number not in busy]
    return Dial(random.choice(free), dynamic=True) if free else None  # noqa: S311 - spreads load, keeps no secret
