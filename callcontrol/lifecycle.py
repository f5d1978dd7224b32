"""The life of a call, as its carrier tells it. Every step may come twice and changes nothing the second time."""

from datetime import datetime

from django.db import transaction

from publishers.snapshot import Snapshot
from reservations import lifecycle as reservations

from . import arrivals, dialing
from .arrivals import Arrival
from .carriers.base import CarrierFailed, Dial
from .models import Call, Leg
from .switchboard import carrier
from .timeline import note


def call_arrived(arrival: Arrival) -> Call:
    """A caller has dialed a number of ours: the call with its first buyer ringing, or ended as no-target.

    Raises NotFound when the number is not ours. The carrier is asked after the transaction, never inside it.
    """
    to = arrivals.destination_of(arrival.to)
    with transaction.atomic():
        call = arrivals.take_in(arrival, to)
    ring_on(call, snapshot=to.snapshot, now=arrival.now)
    return Call.objects.select_related("buyer", "publisher").get(pk=call.pk)


def ring_on(call: Call, *, snapshot: Snapshot, now: datetime) -> None:
    """Rings the next buyer of a call that is looking for one, and the next after a leg that can't be dialed.

    Whoever moves the call out of `routing` does it; for everybody else, and for a call that rings, nothing happens.
    Each transaction changes the places of one hold: that keeps those who count in one order.
    """
    reservations.expire_all_due(now=now, company_row=snapshot.company_row)
    dialing.release_unusable(call, snapshot=snapshot, now=now)
    while True:
        with transaction.atomic():
            order = dialing.ring_next(call, snapshot=snapshot, now=now)
        if order is None:
            if call.status == Call.Status.NO_TARGET:
                carrier().turn_away(call.carrier_call_id)
            return
        try:
            leg_id = carrier().dial(order)
        except CarrierFailed as failure:
            _leg_failed(call, order, why=str(failure), now=now)
            continue
        Leg.objects.filter(pk=order.leg_uuid, carrier_leg_id="").update(carrier_leg_id=leg_id)
        return


def _leg_failed(call: Call, order: Dial, *, why: str, now: datetime) -> None:
    with transaction.atomic():
        if dialing.end_unanswered(order.leg_uuid, outcome="failed", now=now):
            note(call, "leg-failed", at=now, leg=str(order.leg_uuid), why=why)
