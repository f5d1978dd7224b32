"""The carrier without a network: whoever plays the far end tells it what happens."""

from collections.abc import Iterable, Iterator, Sequence
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

# How many calls may dial each other in a row, and how often one number may come by in it: beyond, it goes in circles.
MOST_HOPS = 5
MOST_TIMES = 2
_NAME = "simulated-"


class Simulator(Carrier):
    """Every leg rings until the far end acts, through the simulator's own HTTP interface.

    A line that is ended is over at once. A leg is also offered as a call of its own: if its number is one of this
    installation's, the two are coupled by their carrier's id, the leg's and the call's, and live by one clock.
    """

    slug = "simulator"
    grace_seconds = 0
    keeps_virtual_time = True

    def __init__(self) -> None:
        self._heard: list[Event] = []

    def dial(self, order: DialRequest) -> str:
        """Raises CarrierFailed for a number at which calls go in circles."""
        _refuse_circles(order)
        name = f"{_NAME}{order.leg_uuid}"
        arrives = Arrival(
            self.slug,
            name,
            order.number,
            order.caller_id,
            None,
            now=order.at,
            received_at=timezone.now(),
        )
        self._heard.append(arrives)
        return name

    def hang_up(self, line: CarrierLeg) -> None:
        self._heard.append(LegEnded(line.leg_uuid, line.at, "canceled"))
        self._other_end(line)

    def turn_away(self, caller: CarrierLeg) -> None:
        """Nobody is on the line; the call that dialed this one, if one did, hears that nobody answers."""
        self._heard.append(LegEnded(caller.leg_uuid, caller.at, "completed"))
        self._other_end(caller)

    def hold(self, line: CarrierLeg) -> None:
        """Who hears whom is the locked_call's affair."""

    def unhold(self, line: CarrierLeg) -> None:
        """As above."""

    def connected(self, caller: CarrierLeg) -> None:
        """The leg of another call that dialed this one is answered with it; if it is over already, nobody is on the line."""
        leg_uuid = coupled_leg(caller.carrier_leg_id)
        if leg_uuid is None:
            return
        if Leg.objects.live().filter(pk=leg_uuid).exists():
            self._heard.append(LegAnswered(leg_uuid, caller.at))
        else:
            self._heard.append(LegEnded(caller.leg_uuid, caller.at, "completed"))

    def immediate_events(self) -> list[Event]:
        heard, self._heard = self._heard, []
        return heard

    def linked_calls(self, call_uuid: UUID) -> Sequence[UUID]:
        first = call_uuid
        while (dialed_by := _dialed_by(first)) is not None:
            first = dialed_by
        found, newest = [first], [first]
        while newest:
            newest = list(_dialed_from(newest).values_list("pk", flat=True))
            found += newest
        return found

    def _other_end(self, line: CarrierLeg) -> None:
        other = other_end(line.carrier_leg_id, line.leg_uuid)
        if other:
            self._heard.append(LegEnded(other, line.at, "no-answer"))


# --- one call dials another -------------------------------------------------------------------------------
def other_end(carrier_id: str, leg_uuid: UUID) -> UUID | None:
    """The line that a simulated line is coupled to: of a call that dialed us the leg, of a leg that dialed us the caller's."""
    dialed = coupled_leg(carrier_id)
    if dialed != leg_uuid:
        return dialed
    callers = Leg.objects.filter(
        call__carrier=Simulator.slug, call__carrier_call_id=carrier_id, party=Party.CALLER
    )
    return callers.values_list("pk", flat=True).first()


def coupled_leg(carrier_id: str) -> UUID | None:
    """The leg of another call that a call with this carrier's id came from; None for a caller from outside."""
    return UUID(carrier_id.removeprefix(_NAME)) if carrier_id.startswith(_NAME) else None


def arrived_as(legs: Iterable[Leg]) -> dict[UUID, UUID]:
    """The calls that legs to this installation's own numbers arrived as, by the leg."""
    names = [leg.carrier_leg_id for leg in legs if leg.party != Party.CALLER]
    calls = Call.objects.filter(carrier=Simulator.slug, carrier_call_id__in=names).values_list(
        "carrier_call_id", "pk"
    )
    return {leg_uuid: call_uuid for name, call_uuid in calls if (leg_uuid := coupled_leg(name))}


def _dialed_by(call_uuid: UUID) -> UUID | None:
    """The call whose leg, still live, this call came from."""
    carrier_ids = Call.objects.filter(pk=call_uuid).values_list("carrier_call_id", flat=True)
    leg_uuid = coupled_leg(carrier_ids.first() or "")
    return (
        Leg.objects.live().filter(pk=leg_uuid).values_list("call_id", flat=True).first()
        if leg_uuid
        else None
    )


def _dialed_from(calls: Sequence[UUID]) -> QuerySet[Call]:
    """The calls that live legs of these calls arrived as, as they were dialed."""
    dialed = Leg.objects.live().filter(call__in=calls).exclude(party=Party.CALLER)
    arrived = Call.objects.filter(
        carrier=Simulator.slug, carrier_call_id__in=dialed.values("carrier_leg_id")
    )
    return arrived.order_by("started_at", "pk")


def _refuse_circles(order: DialRequest) -> None:
    if coupled_leg(order.carrier_call_id) is None:
        return
    passed = list(_numbers_passed(order.call_uuid))
    if len(passed) > MOST_HOPS or passed.count(order.number) >= MOST_TIMES:
        raise CarrierError("that number leads in circles", is_final=True)


def _numbers_passed(call_uuid: UUID) -> Iterator[str]:
    """The number at which this call came in, then that of the call that dialed it, and so on."""
    call: QuerySet[Call] = Call.objects.filter(pk=call_uuid)
    while came_in := call.values_list("inbound_number", "carrier_call_id").first():
        yield came_in[0]
        call = Call.objects.filter(legs=coupled_leg(came_in[1]))
