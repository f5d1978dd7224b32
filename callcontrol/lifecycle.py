"""The life of a call, as its carrier tells it. Every step may come twice and changes nothing the second time."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from publishers.snapshot import Snapshot, current_snapshot
from reservations import lifecycle as reservations

from . import arrivals, dialing
from .arrivals import Arrival
from .carriers.base import CarrierFailed
from .models import Call, Leg, Party
from .switchboard import carrier
from .timeline import note

_log = logging.getLogger("ringpost.calls")
# Longer than any request may take: what is older was left by a process that died.
STUCK_AFTER = timedelta(seconds=60)


def call_arrived(arrival: Arrival) -> Call:
    """A caller has dialed a number of ours: the call with its first buyer ringing, or ended as no-target.

    Raises NotFound when the number is not ours. The carrier is asked after the transaction, never inside it.
    """
    to = arrivals.destination_of(arrival.to)
    with transaction.atomic():
        call = arrivals.take_in(arrival, to)
    # Others' reservations live by the wall's clock, whatever time this call brings.
    reservations.expire_all_due(now=arrival.heard_at or arrival.now, company_row=to.snapshot.company_row)
    ring_on(call, snapshot=to.snapshot, now=arrival.now)
    return Call.objects.select_related("buyer", "publisher").get(pk=call.pk)


def ring_on(call: Call, *, snapshot: Snapshot, now: datetime) -> None:
    """Rings the next buyer of a call that is looking for one, and the next after a leg that can't be dialed.

    Whoever moves the call out of `routing` does it; for everybody else, and for a call that rings, nothing happens.
    Each transaction changes the places of one hold: that keeps those who count in one order.
    """
    dialing.release_unusable(call, snapshot=snapshot, now=now)
    while True:
        with transaction.atomic():
            order = dialing.ring_next(call, snapshot=snapshot, now=now)
        if order is None:
            _turn_away(call, now=now)
            return
        try:
            leg_id = carrier().dial(order)
        except CarrierFailed as failure:
            _leg_failed(call, order.leg_uuid, why=str(failure), now=now)
            continue
        Leg.objects.filter(pk=order.leg_uuid, carrier_leg_id="").update(carrier_leg_id=leg_id)
        return


def _turn_away(call: Call, *, now: datetime) -> None:
    if call.status != Call.Status.NO_TARGET:
        return
    try:
        carrier().turn_away(call.carrier_call_id)
    except CarrierFailed as failure:
        note(call, "turning-away-failed", at=now, why=str(failure))


def _leg_failed(call: Call, leg_uuid: UUID, *, why: str, now: datetime) -> None:
    with transaction.atomic():
        if dialing.end_unanswered(leg_uuid, outcome="failed", now=now):
            note(call, "leg-failed", at=now, leg=str(leg_uuid), why=why)


# --- what a crash left behind -----------------------------------------------------------------------------
def resume_stuck(*, now: datetime, most: int) -> int:
    """Goes on with calls whose process died between two steps: at most so many, how many. Safe twice and in parallel.

    Either nobody was dialed (the call is still `routing`), or the carrier was never told to ring its leg.
    """
    before = now - STUCK_AFTER
    undialed = Leg.objects.filter(status=Leg.Status.RINGING, carrier_leg_id="", started_at__lte=before).exclude(
        party=Party.CALLER
    )
    for leg in undialed.select_related("call")[:most]:
        _leg_failed(leg.call, leg.pk, why="the carrier was never asked", now=now)
    stuck = list(Call.objects.filter(status=Call.Status.ROUTING, started_at__lte=before).order_by("started_at")[:most])
    for call in stuck:
        try:
            ring_on(call, snapshot=current_snapshot(call.company_id), now=now)
        except Exception:  # noqa: BLE001 - one call that nobody can ring must not keep the others waiting
            _log.exception("call %s could not go on", call.pk)
    return len(stuck)
