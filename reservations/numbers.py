"""The number that a ping is answered, for the caller to dial."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from publishers.snapshot import CampaignSnapshot, NumberSnapshot


@dataclass(frozen=True, slots=True)
class NumberToDial:
    """A phone number or `sip:` address; a dynamic one is from the pool, for one caller."""

    number: str
    dynamic: bool = False


def reservation_sip_user(uuid: UUID) -> str:
    """Return `{uuid}@domain`, without the scheme."""
    return f"{uuid}@{settings.RTB_SIP_DOMAIN}"


def sip_address(uuid: UUID) -> str:
    """Return `sip:{uuid}@domain`, where each reservation can be called."""
    return f"sip:{reservation_sip_user(uuid)}"


def choose_number(
    *,
    uuid: UUID,
    caller_number: str | None,
    requested: str | None,
    configured: str,
    campaign: CampaignSnapshot,
    taken: Iterable[str],
) -> NumberToDial:
    """Choose the number of a reservation.

    In this order: the number in the request; for a known caller a free number of the pool; without
    a caller the key's number; the reservation's SIP address. `taken` numbers are live with the
    caller.
    """
    if requested:
        return NumberToDial(requested)
    if caller_number:
        return _free_pool_number(campaign, taken) or NumberToDial(sip_address(uuid))
    return NumberToDial(configured or sip_address(uuid))


def number_without_buyer(
    *,
    campaign: CampaignSnapshot,
    publisher_pk: int | None,
    own: Mapping[str, NumberSnapshot],
    taken: Iterable[str],
) -> NumberToDial | None:
    """Choose a number for a caller without a buyer: a free one of the pool, else a fixed one.

    The publisher's fixed number comes before the campaign's. `own` has the company's numbers.
    """
    # Never another publisher's number: the call would be counted as that publisher's.
    usable = [
        number
        for number in campaign.fixed_numbers
        if own[number].publisher_pk in (None, publisher_pk)
    ]
    fixed = min(usable, key=lambda number: own[number].publisher_pk is None, default=None)
    return _free_pool_number(campaign, taken) or (NumberToDial(fixed) if fixed else None)


def _free_pool_number(campaign: CampaignSnapshot, taken: Iterable[str]) -> NumberToDial | None:
    unavailable = set(taken)
    free = [number for number in campaign.pool_numbers if number not in unavailable]
    # The choice spreads the load and keeps no secret.
    return NumberToDial(random.choice(free), dynamic=True) if free else None  # noqa: S311
