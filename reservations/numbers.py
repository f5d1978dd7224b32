"""Which number a ping is told to dial."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from publishers.snapshot import CampaignSnapshot, NumberSnapshot


@dataclass(frozen=True, slots=True)
class NumberToDial:
    """A number or `sip:` address; `dynamic` when it came from the pool and so is told to one caller at a time."""

    number: str
    dynamic: bool = False


def reservation_sip_user(uuid: UUID) -> str:
    """`{uuid}@domain`, without the scheme."""
    return f"{uuid}@{settings.RTB_SIP_DOMAIN}"


def sip_address(uuid: UUID) -> str:
    """Where a reservation can always be called: `sip:{uuid}@domain`."""
    return f"sip:{reservation_sip_user(uuid)}"


def choose_number(
    *,
    uuid: UUID,
    caller_number: str | None,
    asked: str | None,
    configured: str,
    campaign: CampaignSnapshot,
    taken: Iterable[str],
) -> NumberToDial:
    """The number passed; else, for a caller, a free one of the pool; else the key's; else a SIP address of its own.

    `taken` are the numbers that are live with this caller.
    """
    if asked:
        return NumberToDial(asked)
    if caller_number:
        return _of_pool(campaign, taken) or NumberToDial(sip_address(uuid))
    return NumberToDial(configured or sip_address(uuid))


def number_without_buyer(
    *,
    campaign: CampaignSnapshot,
    publisher_pk: int | None,
    own: Mapping[str, NumberSnapshot],
    taken: Iterable[str],
) -> NumberToDial | None:
    """For a caller whom nobody takes now: a free number of the pool, else one of the campaign's own, else None.

    Of its own first the publisher's; never another publisher's, whose calls on it would be. `own` are the company's.
    """
    theirs = [
        number
        for number in campaign.fixed_numbers
        if own[number].publisher_pk in (None, publisher_pk)
    ]
    fixed = min(theirs, key=lambda number: own[number].publisher_pk is None, default=None)
    return _of_pool(campaign, taken) or (NumberToDial(fixed) if fixed else None)


def _of_pool(campaign: CampaignSnapshot, taken: Iterable[str]) -> NumberToDial | None:
    busy = set(taken)
    free = [number for number in campaign.pool_numbers if number not in busy]
    return NumberToDial(random.choice(free), dynamic=True) if free else None  # noqa: S311 - spreads load, keeps no secret
