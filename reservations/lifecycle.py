"""The story of a reservation: reserve, confirm, claim, expire.

Rows are always locked in one order, reservations before cap counters, so that a ping, a confirmation, a call and a
sweep never wait for each other in a circle.
"""

import random
import uuid as uuids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from campaigns.caps import counters
from campaigns.caps.allocation import allocate, take_place
from campaigns.caps.counters import CapFull
from campaigns.duplicates import Duplicates
from campaigns.errors import NotFound, StillRunning
from campaigns.routing import engine
from campaigns.routing.engine import Candidate, Decision
from config.db.insert import insert_row
from publishers import conversions
from publishers.snapshot import (
    CampaignSnapshot,
    ConversionSnapshot,
    KeySnapshot,
    PublisherSnapshot,
    Snapshot,
)

from . import numbers
from .models import Reservation, ReservationQuerySet, Status
from .numbers import NumberToDial
from .queries import OpenRow, expire

BATCH = 500


@dataclass(frozen=True, slots=True)
class ReserveRequest:
    """A ping: what is asked for, and what was read for it. `tags` are the request's, `stored` those that wait for a call.

    With `number_anyway` a number is answered without a buyer too.
    """

    snapshot: Snapshot
    key: KeySnapshot
    campaign: CampaignSnapshot
    publisher: PublisherSnapshot | None
    caller_number: str | None
    inbound_number: str | None
    tags: Mapping[str, str]
    stored: Mapping[str, str]
    used: Mapping[tuple[str, str], int]
    open_rows: Sequence[OpenRow]
    repeats: Duplicates
    now: datetime
    number_anyway: bool = False

    @property
    def scope(self) -> str:
        """Whose repeats for one caller get one answer; never across key types."""
        if self.key.settings["shield_scope"] == "campaign":
            return f"{self.key.type}:campaign:{self.campaign.row}"
        return f"{self.key.type}:key:{self.key.row}"

    @property
    def taken(self) -> set[str]:
        """The numbers that are live with this caller."""
        return {row.inbound_number for row in self.open_rows if row.expires_at > self.now}

    def ping(self) -> engine.Ping:
        return engine.Ping(
            now=self.now,
            campaign_id=self.campaign.campaign_id,
            caller_number=self.caller_number,
            tags={**self.stored, **self.tags},
            publisher_id=self.publisher.publisher_id if self.publisher else None,
            converted_buyers=self.repeats.converted_with,
            duplicate_refused=self.repeats.refused,
        )


@dataclass(frozen=True, slots=True)
class ReserveResult:
    """What a ping came to; `shielded` when it repeats an earlier one, which has the decision."""

    reservation: Reservation
    shielded: bool = False
    decision: Decision | None = None


# --- reserve ----------------------------------------------------------------------------------------------
def reserve(ask: ReserveRequest) -> ReserveResult:
    """Answers a ping inside the caller's transaction: the live reservation of a repeat, or a new row of any status."""
    repeated = _live_with(ask)
    if repeated is not None:
        return ReserveResult(repeated, shielded=True)
    if ask.campaign.paused or (ask.publisher and ask.publisher.paused):
        return ReserveResult(_without_buyer(ask, Status.REJECTED))
    decision = engine.decide(ask.campaign.buyers, ask.ping(), ask.used, seed=random.getrandbits(53))
    if not decision.order:
        return ReserveResult(_without_buyer(ask, Status.NO_TARGET), decision=decision)
    return _reserve_first(ask, decision)


def _live_with(ask: ReserveRequest) -> Reservation | None:
    """The reservation that shields this ping. Those past their end are closed: they must not stand in a new one's way."""
    if any(row.expires_at <= ask.now for row in ask.open_rows):
        _close_past(ask)
    shields = [
        row.uuid for row in ask.open_rows if row.scope == ask.scope and row.expires_at > ask.now
    ]
    return (
        Reservation.objects.live(now=ask.now).filter(uuid=shields[0]).first() if shields else None
    )


def _close_past(ask: ReserveRequest) -> None:
    """Of this caller, and without places: what held some was closed by `expire_all_due`, in a transaction of its own."""
    past = Reservation.objects.among(company_pk=ask.snapshot.company_pk).filter(
        caller_number=ask.caller_number, hold=None
    )
    past.due(now=ask.now).update(status=Status.EXPIRED, closed_at=ask.now)


def _reserve_first(ask: ReserveRequest, decision: Decision) -> ReserveResult:
    """Inserts until no unique pair of caller and number is in the way; another's shield in the way is the answer."""
    taken = ask.taken
    for _ in range(len(ask.campaign.pool_numbers) + 3):
        uuid = uuids.uuid4()
        dial = numbers.choose_number(
            uuid=uuid,
            caller_number=ask.caller_number,
            asked=ask.inbound_number,
            configured=ask.key.settings.get("inbound_number", ""),
            campaign=ask.campaign,
            taken=taken,
        )
        made = _row(ask, Status.RESERVED, uuid=uuid, dial=dial, buyer=decision.order[0])
        if insert_row(made):
            held = (
                _hold_first(ask, made, decision)
                if ask.key.settings["count_on_reserve"]
                else decision
            )
            return ReserveResult(made, decision=held)
        rival = (
            Reservation.objects.live(now=ask.now)
            .filter(caller_number=ask.caller_number, scope=ask.scope)
            .first()
        )
        if rival is not None:
            return ReserveResult(rival, shielded=True)
        _close_past(ask)  # a rival whose clock is behind ours
        taken.add(dial.number)
    raise StillRunning("another ping for this caller is being answered; ask again")


def _without_buyer(ask: ReserveRequest, status: Status) -> Reservation:
    row = _row(ask, status, uuid=uuids.uuid4(), dial=_dial_without_buyer(ask))
    insert_row(row)  # closed from the start: no unique constraint is about it
    return row


def _dial_without_buyer(ask: ReserveRequest) -> NumberToDial | None:
    """Kept with the row: for a while this caller's call to it is the publisher's, though nobody waits for it."""
    if ask.inbound_number:
        return NumberToDial(ask.inbound_number)
    if not ask.number_anyway:
        return None
    publisher_pk = ask.publisher.row if ask.publisher else None
    return numbers.number_without_buyer(
        campaign=ask.campaign, publisher_pk=publisher_pk, own=ask.snapshot.numbers, taken=ask.taken
    )


def _row(
    ask: ReserveRequest,
    status: Status,
    *,
    uuid: uuids.UUID,
    dial: NumberToDial | None,
    buyer: Candidate | None = None,
) -> Reservation:
    """A new row, not inserted yet."""
    payout, revenue, seconds = (
        _quote(ask, buyer) if buyer else (conversions.NOTHING, conversions.NOTHING, 0)
    )
    return Reservation(
        uuid=uuid,
        company_id=ask.snapshot.company_pk,
        key_id=ask.key.row,
        campaign_id=ask.campaign.row,
        publisher_id=ask.publisher.row if ask.publisher else None,
        buyer_id=buyer.row if buyer else None,
        status=status,
        scope=ask.scope,
        caller_number=ask.caller_number,
        inbound_number=dial.number if dial else None,
        dynamic=bool(dial and dial.dynamic),
        payout=payout,
        revenue=revenue,
        seconds=seconds,
        tags=dict(ask.tags),
        route_only=ask.key.settings["route_only_to_reserved_buyer"],
        created_at=ask.now,
        expires_at=ask.now + timedelta(seconds=ask.key.settings["ttl_seconds"]),
        closed_at=None if buyer else ask.now,
    )


def _quote(ask: ReserveRequest, buyer: Candidate) -> tuple[Decimal, Decimal, int]:
    return conversions.quote_of(_applying(ask, buyer.row))


def _applying(ask: ReserveRequest, buyer_pk: int | None) -> list[ConversionSnapshot]:
    ping = ask.ping()
    return conversions.applying_conversions(
        ask.campaign.conversions,
        publisher_pk=ask.publisher.row if ask.publisher else None,
        buyer_pk=buyer_pk,
        holds=lambda conditions: engine.conditions_hold(conditions, ping),
    )


def reserve_steps(ask: ReserveRequest, row: Reservation) -> list[tuple[int, Decimal]]:
    """Seconds and payout of each step that pays for the reservation that a ping got, the one reserved first.

    A repeat is told what its first ping was: by that one's tags and publisher, and what was reserved stands.
    """
    first = replace(
        ask, tags=row.tags, publisher=ask.snapshot.publishers.get(row.publisher_id or 0)
    )
    applying = [(facts.seconds, facts.payout) for facts in _applying(first, row.buyer_id)]
    reserved = (row.seconds, row.payout)
    return [reserved, *applying[1:]] if any(reserved) or applying[:1] == [reserved] else []


def _hold_first(ask: ReserveRequest, row: Reservation, decision: Decision) -> Decision:
    """Takes the place at once, with the best buyer that has one when it comes to it."""
    choice = allocate(
        pool=ask.campaign.buyers,
        ping=ask.ping(),
        used=ask.used,
        seed=decision.seed,
        company_pk=ask.snapshot.company_pk,
    )
    if choice.buyer is None:
        _end_without_buyer(row, now=ask.now)
        dial = _dial_without_buyer(ask)  # the one chosen for a buyer was told to nobody
        row.inbound_number, row.dynamic = (dial.number, dial.dynamic) if dial else (None, False)
        row.save(update_fields=["inbound_number", "dynamic"])
        return choice.decision
    row.hold, row.buyer_id = choice.hold, choice.buyer.row
    row.payout, row.revenue, row.seconds = _quote(ask, choice.buyer)
    row.save(update_fields=["hold", "buyer", "payout", "revenue", "seconds"])
    return choice.decision


# --- confirm ----------------------------------------------------------------------------------------------
def confirm(
    *,
    uuid: uuids.UUID,
    key: KeySnapshot,
    snapshot: Snapshot,
    tags: Mapping[str, str],
    now: datetime,
) -> Reservation:
    """Takes the hold of a live reservation, inside the caller's transaction. Raises NotFound for another key's.

    What can't be confirmed any more is answered as it now stands: no-target, and that ends it. Twice is once.
    """
    mine = Reservation.objects.filter(uuid=uuid, key_id=key.row)
    row = mine.first()
    if row is None:
        raise NotFound("reservation not found")
    row.tags |= tags
    if (
        not mine.filter(status=Status.RESERVED)
        .live(now=now)
        .update(status=Status.CONFIRMED, tags=row.tags)
    ):
        return mine.get()
    row.status = Status.CONFIRMED
    buyer = _standing_buyer(row, snapshot)
    if buyer is None or not _held(row, buyer, now=now):
        _end_without_buyer(row, now=now)
    return row


def _standing_buyer(row: Reservation, snapshot: Snapshot) -> Candidate | None:
    """The reserved buyer, unless it or what leads to it was paused or deleted."""
    campaign, publisher = (
        snapshot.campaigns.get(row.campaign_id),
        snapshot.publishers.get(row.publisher_id or 0),
    )
    if campaign is None or campaign.paused or (publisher and publisher.paused):
        return None
    buyer = campaign.buyers.by_row.get(row.buyer_id or 0)
    return None if buyer is None or buyer.paused else buyer


def _held(row: Reservation, buyer: Candidate, *, now: datetime) -> bool:
    """Whether the reservation has its places, taken now if they were not."""
    if row.hold_id is None:
        try:
            row.hold = take_place(buyer, company_pk=row.company_id, now=now)
        except CapFull:
            return False
        row.save(update_fields=["hold"])
    return True


def _end_without_buyer(row: Reservation, *, now: datetime) -> None:
    if row.hold_id:
        counters.release_places(hold_ids=[row.hold_id], now=now)
    row.status, row.closed_at = Status.NO_TARGET, now
    row.save(update_fields=["status", "closed_at"])


# --- claim ------------------------------------------------------------------------------------------------
def claim(
    *,
    company_pk: int,
    sip_uuid: uuids.UUID | None,
    inbound_number: str,
    caller_number: str | None,
    now: datetime,
) -> Reservation | None:
    """The live reservation that a call is for, claimed by it: exactly one call gets it.

    In this order: the one whose UUID is in the SIP address; the oldest with this number and this caller; the oldest
    without a caller on this number. Numbers are the company's own: what others were told to dial is not looked at.
    """
    live = (
        Reservation.objects.among(company_pk=company_pk)
        .live(now=now)
        .order_by("created_at", "uuid")
    )
    while True:
        found = _recognized(live, sip_uuid, inbound_number, caller_number)
        if found is None:
            return None
        if (
            Reservation.objects.filter(uuid=found.uuid)
            .live(now=now)
            .update(status=Status.CLAIMED, claimed_at=now)
        ):
            return Reservation.objects.get(
                uuid=found.uuid
            )  # read anew: a confirmation may have come in between


def _recognized(
    live: ReservationQuerySet,
    sip_uuid: uuids.UUID | None,
    inbound_number: str,
    caller_number: str | None,
) -> Reservation | None:
    if sip_uuid:
        return live.filter(uuid=sip_uuid).first()
    on_number = live.filter(inbound_number=inbound_number)
    theirs = on_number.filter(caller_number=caller_number).first() if caller_number else None
    return theirs or on_number.filter(caller_number=None).first()


def attributed(
    *, company_pk: int, inbound_number: str, caller_number: str | None, now: datetime
) -> Reservation | None:
    """The newest ping of this caller that answered this number, while its time to live lasts and no buyer is held by it."""
    if caller_number is None:
        return None
    answered = Reservation.objects.among(company_pk=company_pk).filter(
        inbound_number=inbound_number, caller_number=caller_number, expires_at__gt=now
    )
    past_holding = [Status.CLAIMED, Status.NO_TARGET, Status.REJECTED]
    return answered.filter(status__in=past_holding).order_by("-created_at").first()


# --- expire -----------------------------------------------------------------------------------------------
def expire_due(*, now: datetime, company_pk: int | None = None, limit: int = BATCH) -> int:
    """Closes one batch of what is past its end and gives its places back; how many. Safe twice and in parallel."""
    with transaction.atomic():
        holds = expire(now=now, limit=limit, company_pk=company_pk)
        counters.release_places(hold_ids=[hold for hold in holds if hold is not None], now=now)
    return len(holds)


def expire_all_due(*, now: datetime, company_pk: int) -> None:
    """Gives back what this company's reservations past their end still hold, if no sweep has: late is never wrong."""
    while Reservation.objects.overdue(company_pk=company_pk, now=now).exists():
        expire_due(now=now, company_pk=company_pk)
