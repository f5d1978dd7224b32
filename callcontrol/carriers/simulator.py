"""The simulator: a carrier without a network, whose phones act through its HTTP interface."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from callcontrol.models import Call, Leg, Party

from .base import (
    Arrival,
    Carrier,
    CarrierError,
    CarrierLeg,
    DialRequest,
    Event,
    LegAnswered,
    LegEnded,
)

# Calls may dial each other in a row: beyond these limits, they go in circles.
MAX_HOPS = 5
MAX_PASSES = 2  # of one number in a row
_ID_PREFIX = "simulated-"


class Simulator(Carrier):
    """A leg rings until its phone acts, and ends at once when it is hung up.

    A leg to a number of this installation also arrives as another call. The two are linked
    by the carrier's ID, which the leg and the call share, and live by one clock.
    """

    slug = "simulator"
    grace_seconds = 0
    keeps_virtual_time = True

    def __init__(self) -> None:
        self._events: list[Event] = []

    def dial(self, request: DialRequest) -> str:
        """Raises CarrierError for a number at which calls go in circles."""
        if linked_leg(request.carrier_call_id) is not None:
            passed = []  # the numbers at which this call arrived, the call that dialed it, ...
            call: QuerySet[Call] = Call.objects.filter(pk=request.call_uuid)
            while arrived := call.values_list("inbound_number", "carrier_call_id").first():
                passed.append(arrived[0])
                call = Call.objects.filter(legs=linked_leg(arrived[1]))
            if len(passed) > MAX_HOPS or passed.count(request.number) >= MAX_PASSES:
                raise CarrierError("that number leads in circles", is_final=True)
        carrier_id = f"{_ID_PREFIX}{request.leg_uuid}"
        arrival = Arrival(
            carrier=self.slug,
            carrier_call_id=carrier_id,
            to=request.number,
            caller=request.caller_id,
            digits=None,
            now=request.at,
            received_at=timezone.now(),
        )
        self._events.append(arrival)
        return carrier_id

    def hang_up(self, leg: CarrierLeg) -> None:
        self._events.append(LegEnded(leg.leg_uuid, leg.at, "canceled"))
        self._end_other_end(leg)

    def turn_away(self, caller: CarrierLeg) -> None:
        """End the caller's leg; a call that dialed this one gets no answer."""
        self._events.append(LegEnded(caller.leg_uuid, caller.at, "completed"))
        self._end_other_end(caller)

    def hold(self, leg: CarrierLeg) -> None:
        """Do nothing: `audible_parties` leaves out parties on hold."""

    def unhold(self, leg: CarrierLeg) -> None:
        """Do nothing, see `hold`."""

    def connected(self, caller: CarrierLeg) -> None:
        """Answer the leg of another call that dialed this one; if it has ended, hang up."""
        leg_uuid = linked_leg(caller.carrier_leg_id)
        if leg_uuid is None:
            return
        if Leg.objects.live().filter(pk=leg_uuid).exists():
            self._events.append(LegAnswered(leg_uuid, caller.at))
        else:
            self._events.append(LegEnded(caller.leg_uuid, caller.at, "completed"))

    def immediate_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def linked_calls(self, call_uuid: UUID) -> Sequence[UUID]:
        first = call_uuid
        while True:  # go back to the call with a live leg that this call arrived from
            carrier_ids = Call.objects.filter(pk=first).values_list("carrier_call_id", flat=True)
            leg_uuid = linked_leg(carrier_ids.first() or "")
            dialing = Leg.objects.live().filter(pk=leg_uuid).first() if leg_uuid else None
            if dialing is None:
                break
            first = dialing.call_id
        linked, newest = [first], [first]
        while newest:
            dialed = Leg.objects.live().filter(call__in=newest).exclude(party=Party.CALLER)
            arrived = Call.objects.filter(
                carrier=self.slug, carrier_call_id__in=dialed.values("carrier_leg_id")
            )
            newest = list(arrived.order_by("started_at", "pk").values_list("pk", flat=True))
            linked += newest
        return linked

    def _end_other_end(self, leg: CarrierLeg) -> None:
        other = other_end(leg.carrier_leg_id, leg.leg_uuid)
        if other:
            self._events.append(LegEnded(other, leg.at, "no-answer"))


# --- one call dials another -----------------------------------------------------------------
def other_end(carrier_id: str, leg_uuid: UUID) -> UUID | None:
    """Return the leg that a simulated leg is linked to, in the call that dialed or was dialed."""
    dialing_leg = linked_leg(carrier_id)
    if dialing_leg != leg_uuid:
        return dialing_leg
    callers = Leg.objects.filter(
        call__carrier=Simulator.slug, call__carrier_call_id=carrier_id, party=Party.CALLER
    )
    return callers.values_list("pk", flat=True).first()


def linked_leg(carrier_id: str) -> UUID | None:
    """Return the leg that a call with this carrier ID came from; None for an outside caller."""
    return UUID(carrier_id.removeprefix(_ID_PREFIX)) if carrier_id.startswith(_ID_PREFIX) else None


def arrived_as(legs: Iterable[Leg]) -> dict[UUID, UUID]:
    """Return the calls that legs to this installation's own numbers arrived as, by leg."""
    carrier_ids = [leg.carrier_leg_id for leg in legs if leg.party != Party.CALLER]
    calls = Call.objects.filter(carrier=Simulator.slug, carrier_call_id__in=carrier_ids)
    return {
        leg_uuid: call_uuid
        for carrier_id, call_uuid in calls.values_list("carrier_call_id", "pk")
        if (leg_uuid := linked_leg(carrier_id))
    }
