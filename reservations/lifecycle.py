"""The lifecycle of a reservation: reserve, confirm, claim, expire.

Every function locks reservations before cap counters: pings, confirmations, calls and sweeps that
run at the same time cannot deadlock.
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
from config.db.insert import insert_row, new_row
from publishers import conversions
from publishers.snapshot import (
    CampaignSnapshot,
    ConversionSnapshot,
    KeySnapshot,
    PublisherSnapshot,
    Snapshot,
)

from . import numbers
from .models import Reservation, Status
from .numbers import NumberToDial
from .queries import OpenRow, expire

BATCH = 500  # reservations that a sweep closes in one transaction


@dataclass(frozen=True, slots=True)
class ReserveRequest:
    """A ping, with the rows that were read for it.

    `tags` came with the request, `stored` wait for the caller's next call. With `number_anyway`
    the answer has a number without a buyer too.
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
        """Name the pings of one caller that get one answer; a scope has one key type."""
        if self.key.settings["shield_scope"] == "campaign":
            return f"{self.key.type}:campaign:{self.campaign.row}"
        return f"{self.key.type}:key:{self.key.row}"

    @property
    def taken(self) -> set[str]:
        """Return the numbers that live reservations of this caller hold."""
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
    """The reservation of a ping. A shielded ping repeats an earlier one, which has the decision."""

    reservation: Reservation
    shielded: bool = False
    decision: Decision | None = None


# --- reserve ------------------------------------------------------------------------------------
def reserve(request: ReserveRequest) -> ReserveResult:
    """Reserve the best buyer for a ping, inside the caller's transaction.

    Returns the live reservation of an earlier ping if that shields this one; otherwise a new row
    of any status. Raises StillRunning when other pings for the caller win every attempt.
    """
    now = request.now
    if any(row.expires_at <= now for row in request.open_rows):
        _close_expired(request)  # an open row would violate the new one's unique constraints
    for row in request.open_rows:
        if row.scope == request.scope and row.expires_at > now:
            earlier = Reservation.objects.live(now=now).filter(uuid=row.uuid).first()
            if earlier is not None:
                return ReserveResult(earlier, shielded=True)
            break
    if request.campaign.paused or (request.publisher and request.publisher.paused):
        return ReserveResult(_insert_without_buyer(request, Status.REJECTED))
    decision = engine.decide(
        request.campaign.buyers, request.ping(), request.used, seed=random.getrandbits(53)
    )
    if not decision.order:
        unmatched = _insert_without_buyer(request, Status.NO_TARGET)
        return ReserveResult(unmatched, decision=decision)
    return _insert_with_buyer(request, decision)


def _close_expired(request: ReserveRequest) -> None:
    """Close the caller's reservations past their end that hold no places.

    `expire_all_due` has closed those with places, in a separate transaction.
    """
    Reservation.objects.among(company_pk=request.snapshot.company_pk).filter(
        caller_number=request.caller_number, hold=None
    ).due(now=request.now).update(status=Status.EXPIRED, closed_at=request.now)


def _insert_with_buyer(request: ReserveRequest, decision: Decision) -> ReserveResult:
    """Insert until the pair of caller and number is unique, or another ping's row shields this."""
    taken = request.taken
    for _ in range(len(request.campaign.pool_numbers) + 3):
        uuid = uuids.uuid4()
        dial = numbers.choose_number(
            uuid=uuid,
            caller_number=request.caller_number,
            requested=request.inbound_number,
            configured=request.key.settings.get("inbound_number", ""),
            campaign=request.campaign,
            taken=taken,
        )
        row = _new_reservation(request, Status.RESERVED, uuid=uuid, dial=dial)
        _set_buyer(row, request, decision.order[0])
        if insert_row(row):
            if request.key.settings["count_on_reserve"]:
                decision = _take_place_at_once(request, row, decision)
            return ReserveResult(row, decision=decision)
        rival = (
            Reservation.objects.live(now=request.now)
            .filter(caller_number=request.caller_number, scope=request.scope)
            .first()
        )
        if rival is not None:
            return ReserveResult(rival, shielded=True)
        _close_expired(request)  # the rival's process has a clock that runs behind
        taken.add(dial.number)
    raise StillRunning("another ping for this caller is being answered; ask again")


def _insert_without_buyer(request: ReserveRequest, status: Status) -> Reservation:
    dial = _number_without_buyer(request)
    row = _new_reservation(request, status, uuid=uuids.uuid4(), dial=dial)
    row.closed_at = request.now
    insert_row(row)  # a closed row has no unique constraint
    return row


def _number_without_buyer(request: ReserveRequest) -> NumberToDial | None:
    """Choose the number of an answer without a buyer; a call to it counts for the publisher."""
    if request.inbound_number:
        return NumberToDial(request.inbound_number)
    if not request.number_anyway:
        return None
    return numbers.number_without_buyer(
        campaign=request.campaign,
        publisher_pk=request.publisher.row if request.publisher else None,
        own=request.snapshot.numbers,
        taken=request.taken,
    )


def _new_reservation(
    request: ReserveRequest, status: Status, *, uuid: uuids.UUID, dial: NumberToDial | None
) -> Reservation:
    """Build a row without a buyer; nothing is inserted yet."""
    settings = request.key.settings
    return new_row(
        Reservation,
        uuid=uuid,
        company_id=request.snapshot.company_pk,
        key_id=request.key.row,
        campaign_id=request.campaign.row,
        publisher_id=request.publisher.row if request.publisher else None,
        status=status,
        scope=request.scope,
        caller_number=request.caller_number,
        inbound_number=dial.number if dial else None,
        dynamic=bool(dial and dial.dynamic),
        tags=dict(request.tags),
        route_only=settings["route_only_to_reserved_buyer"],
        created_at=request.now,
        expires_at=request.now + timedelta(seconds=settings["ttl_seconds"]),
    )


def _set_buyer(row: Reservation, request: ReserveRequest, buyer: Candidate) -> None:
    """Set the buyer, and record the conversion that the ping is quoted."""
    applying = _applying_conversions(request, buyer.row)
    row.buyer_id = buyer.row
    row.payout, row.revenue, row.seconds = conversions.quote_of(applying)
    row.conversion_pk = applying[0].pk if applying else None


def _applying_conversions(
    request: ReserveRequest, buyer_pk: int | None
) -> list[ConversionSnapshot]:
    ping = request.ping()
    return conversions.applying_conversions(
        request.campaign.conversions,
        publisher_pk=request.publisher.row if request.publisher else None,
        buyer_pk=buyer_pk,
        holds=lambda conditions: engine.conditions_hold(conditions, ping),
    )


def reserve_steps(request: ReserveRequest, row: Reservation) -> list[tuple[int, Decimal]]:
    """Return seconds and payout of each step that pays for a reservation, the quoted one first.

    The steps of a shielded ping are those of the reservation's own tags and publisher.
    """
    publisher = request.snapshot.publishers.get(row.publisher_id or 0)
    first_request = replace(request, tags=row.tags, publisher=publisher)
    applying = [
        (conversion.seconds, conversion.payout)
        for conversion in _applying_conversions(first_request, row.buyer_id)
    ]
    quoted = (row.seconds, row.payout)
    return [quoted, *applying[1:]] if any(quoted) or applying[:1] == [quoted] else []


def _take_place_at_once(request: ReserveRequest, row: Reservation, decision: Decision) -> Decision:
    """Take a place with the best buyer that still has one; without any, end the reservation."""
    allocation = allocate(
        pool=request.campaign.buyers,
        ping=request.ping(),
        used=request.used,
        seed=decision.seed,
        company_pk=request.snapshot.company_pk,
    )
    if allocation.buyer is None:
        _end_without_buyer(row, now=request.now)
        # No answer had the number that was chosen with the buyer.
        dial = _number_without_buyer(request)
        row.inbound_number, row.dynamic = (dial.number, dial.dynamic) if dial else (None, False)
        row.save(update_fields=["inbound_number", "dynamic"])
        return allocation.decision
    row.hold = allocation.hold
    _set_buyer(row, request, allocation.buyer)
    quote = ["payout", "revenue", "seconds", "conversion_pk"]
    row.save(update_fields=["hold", "buyer", *quote])
    return allocation.decision


# --- confirm ------------------------------------------------------------------------------------
def confirm(
    *,
    uuid: uuids.UUID,
    key: KeySnapshot,
    snapshot: Snapshot,
    tags: Mapping[str, str],
    now: datetime,
) -> Reservation:
    """Confirm a live reservation of the key and take its place, inside the caller's transaction.

    A reservation that cannot be confirmed is returned as it is; if the buyer or the place is gone,
    it ends as no-target. A second confirmation changes nothing. Raises NotFound for a reservation
    of another key.
    """
    by_key = Reservation.objects.filter(uuid=uuid, key_id=key.row)
    row = by_key.first()
    if row is None:
        raise NotFound("reservation not found")
    row.tags |= tags
    reserved = by_key.filter(status=Status.RESERVED).live(now=now)
    if not reserved.update(status=Status.CONFIRMED, tags=row.tags):
        return by_key.get()
    row.status = Status.CONFIRMED
    buyer = _unpaused_buyer(row, snapshot)
    if buyer is None:
        _end_without_buyer(row, now=now)
    elif row.hold_id is None:
        try:
            row.hold = take_place(buyer, company_pk=row.company_id, now=now)
            row.save(update_fields=["hold"])
        except CapFull:
            _end_without_buyer(row, now=now)
    return row


def _unpaused_buyer(row: Reservation, snapshot: Snapshot) -> Candidate | None:
    """Return the reserved buyer, unless it, its campaign or its publisher is paused or deleted."""
    campaign = snapshot.campaigns.get(row.campaign_id)
    publisher = snapshot.publishers.get(row.publisher_id or 0)
    if campaign is None or campaign.paused or (publisher and publisher.paused):
        return None
    buyer = campaign.buyers.by_row.get(row.buyer_id or 0)
    return None if buyer is None or buyer.paused else buyer


def _end_without_buyer(row: Reservation, *, now: datetime) -> None:
    if row.hold_id:
        counters.release_places(hold_ids=[row.hold_id], now=now)
    row.status, row.closed_at = Status.NO_TARGET, now
    row.save(update_fields=["status", "closed_at"])


# --- claim --------------------------------------------------------------------------------------
def claim(
    *,
    company_pk: int,
    sip_uuid: uuids.UUID | None,
    inbound_number: str,
    caller_number: str | None,
    now: datetime,
) -> Reservation | None:
    """Claim the live reservation that an arriving call is for; at most one call gets it.

    In this order: the reservation with the UUID of the SIP address; the oldest with this number
    and this caller; the oldest with this number and without a caller.
    """
    # Of this company only: another company's reservation may have the same number.
    live = (
        Reservation.objects.among(company_pk=company_pk)
        .live(now=now)
        .order_by("created_at", "uuid")
    )
    if sip_uuid:
        searches = [live.filter(uuid=sip_uuid)]
    else:
        with_number = live.filter(inbound_number=inbound_number)
        callers = [caller_number, None] if caller_number else [None]
        searches = [with_number.filter(caller_number=number) for number in callers]
    while True:
        found = next((row for search in searches if (row := search.first())), None)
        if found is None:
            return None
        unclaimed = Reservation.objects.filter(uuid=found.uuid).live(now=now)
        if unclaimed.update(status=Status.CLAIMED, claimed_at=now):
            # Read again: a confirmation may have come in between.
            return Reservation.objects.get(uuid=found.uuid)


def attributed(
    *, company_pk: int, inbound_number: str, caller_number: str | None, now: datetime
) -> Reservation | None:
    """Return the caller's newest reservation with this number that holds no buyer any more.

    Until its time to live is over, another call of the caller still belongs to its publisher.
    """
    if caller_number is None:
        return None
    return (
        Reservation.objects.among(company_pk=company_pk)
        .filter(
            inbound_number=inbound_number,
            caller_number=caller_number,
            expires_at__gt=now,
            status__in=[Status.CLAIMED, Status.NO_TARGET, Status.REJECTED],
        )
        .order_by("-created_at")
        .first()
    )


# --- expire -------------------------------------------------------------------------------------
def expire_due(*, now: datetime, company_pk: int | None = None, limit: int = BATCH) -> int:
    """Close one batch of due reservations, release their places, and return how many.

    Sweeps may run in parallel.
    """
    with transaction.atomic():
        holds = expire(now=now, limit=limit, company_pk=company_pk)
        counters.release_places(hold_ids=[hold for hold in holds if hold is not None], now=now)
    return len(holds)


def expire_all_due(*, now: datetime, company_pk: int) -> None:
    """Release the places of a company's due reservations, before its counters are read."""
    while Reservation.objects.overdue(company_pk=company_pk, now=now).exists():
        expire_due(now=now, company_pk=company_pk)
