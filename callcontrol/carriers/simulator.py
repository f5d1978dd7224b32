"""The carrier without a network: whoever plays the far end tells it what happens."""

from uuid import UUID

from callcontrol.models import Leg, Party

from .base import Arrival, Carrier, Dial, Event, LegAnswered, LegEnded, Line

_NAME = "simulated-"


class Simulator(Carrier):
    """Every leg rings until the far end acts, through the simulator's own HTTP interface.

    A line that is ended is over at once. A leg is also offered as a call of its own: if its number is one of this
    installation's, the two are coupled by their carrier's id, the leg's and the call's.
    """

    slug = "simulator"
    grace_seconds = 0
    keeps_virtual_time = True

    def __init__(self) -> None:
        self._heard: list[Event] = []

    def dial(self, order: Dial) -> str:
        name = f"{_NAME}{order.leg_uuid}"
        self._heard.append(Arrival(self.slug, name, order.number, order.show, None, now=order.at))
        return name

    def hang_up(self, line: Line) -> None:
        self._heard.append(LegEnded(line.leg_uuid, line.at, "canceled"))
        self._other_end(line)

    def turn_away(self, caller: Line) -> None:
        """Nobody is on the line; the call that dialed this one, if one did, hears that nobody answers."""
        self._heard.append(LegEnded(caller.leg_uuid, caller.at, "completed"))
        self._other_end(caller)

    def hold(self, line: Line) -> None:
        """Who hears whom is the room's affair."""

    def unhold(self, line: Line) -> None:
        """As above."""

    def connected(self, caller: Line) -> None:
        """The leg of another call that dialed this one is answered with it."""
        leg_uuid = coupled_leg(caller.carrier_leg_id)
        if leg_uuid:
            self._heard.append(LegAnswered(leg_uuid, caller.at))

    def heard(self) -> list[Event]:
        heard, self._heard = self._heard, []
        return heard

    def _other_end(self, line: Line) -> None:
        other = other_end(line.carrier_leg_id, line.leg_uuid)
        if other:
            self._heard.append(LegEnded(other, line.at, "no-answer"))


def other_end(carrier_id: str, leg_uuid: UUID) -> UUID | None:
    """The line that a simulated line is coupled to: of a call that dialed us the leg, of a leg that dialed us the caller's."""
    dialed = coupled_leg(carrier_id)
    if dialed != leg_uuid:
        return dialed
    callers = Leg.objects.filter(call__carrier=Simulator.slug, call__carrier_call_id=carrier_id, party=Party.CALLER)
    return callers.values_list("pk", flat=True).first()


def coupled_leg(carrier_id: str) -> UUID | None:
    """The leg of another call that a call with this carrier's id came from; None for a caller from outside."""
    return UUID(carrier_id.removeprefix(_NAME)) if carrier_id.startswith(_NAME) else None
