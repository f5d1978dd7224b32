"""Calls of the demo company: carrier events, and buyers that use their handler keys."""

import uuid
from dataclasses import dataclass
from uuid import UUID

from callcontrol.carriers.base import Arrival, LegAnswered, LegEnded
from callcontrol.lifecycle import events, timeouts
from callcontrol.models import Call, Leg, Party

from .world import DemoWorld

TECHNICIAN = "+12025550198"  # the transferee of Summit's handlers
# The longest time until a call is answered: every phone that rings out before.
LONGEST_ROUTING = 12 * 60

# What happens after a buyer's phone begins to ring: seconds that pass, and methods of `BuyerPhone`.
_TRANSFERS = (3, 11), "answer", (30, 50), "transfer", (4, 9)
OUTCOMES: dict[str, tuple[str | tuple[float, float], ...]] = {
    "busy": ((1, 3), "is_busy"),
    "no-answer": ("rings_out",),
    "abandoned": ((6, 20), "caller_leaves"),
    "talk": ((3, 11), "answer", "talk", "either_leaves"),
    "accept": ((3, 11), "answer", (6, 20), "accept", "talk", "caller_leaves"),
    "not-accepted": ((3, 11), "answer", "is_not_accepted"),
    "reject": ((3, 8), "reject"),
    "answer-reject": ((3, 11), "answer", (8, 20), "reject"),
    "return": ((3, 11), "answer", (12, 28), "give_back"),
    "transfer": (
        *(*_TRANSFERS, "technician_answers", (15, 30), "conference_caller"),
        *((5, 15), "handler_leaves", "talk", "caller_leaves"),
    ),
    "conference": (
        *((3, 11), "answer", (30, 50), "conference", (4, 9)),
        *("technician_answers", "talk", "caller_leaves"),
    ),
    "stop-transfer": (*_TRANSFERS, (8, 12), "stop_transfer", "talk", "either_leaves"),
}
# What may happen at each buyer's phone, the more often the more often it is named.
_OUTCOMES_OF = {
    "summit": "talk transfer busy return no-answer conference reject talk stop-transfer talk",
    "nightowl": "accept not-accepted accept answer-reject accept no-answer",
    "palmetto": "accept answer-reject accept accept not-accepted accept",
    "liberty": "talk no-answer talk busy talk",
    "lonestar": "talk busy talk talk no-answer talk",
    "pipeworks": "talk talk busy talk",
    "drainpro": "talk no-answer talk",
    "keystone": "talk talk busy abandoned talk talk no-answer",
    "anytime": "talk abandoned talk talk",
}


@dataclass
class BuyerPhone:
    """The leg of a call to a buyer; `talk_seconds`: how long the caller talks to the buyer."""

    world: DemoWorld
    leg: Leg
    talk_seconds: int
    transfer_uuid: str = ""

    def play(self, outcome: str) -> None:
        for step in OUTCOMES[outcome]:
            if isinstance(step, tuple):
                self.world.wait(*step)
            else:
                getattr(self, step)()

    def answer(self, leg: Leg | None = None) -> None:
        leg, now = leg or self.leg, self.world.now
        events.handle_event(LegAnswered(leg.pk, now), now=now)

    def technician_answers(self) -> None:
        self.answer(self._leg_of(Party.TRANSFEREE))

    def end(self, leg: Leg, outcome: str = "completed") -> None:
        events.handle_event(LegEnded(leg.pk, self.world.now, outcome), now=self.world.now)

    def is_busy(self) -> None:
        self.end(self.leg, "busy")

    def handler_leaves(self) -> None:
        self.end(self.leg)

    def caller_leaves(self) -> None:
        self.end(self._leg_of(Party.CALLER))

    def either_leaves(self) -> None:
        self.end(self._leg_of(Party.CALLER) if self.world.happens(0.7) else self.leg)

    def rings_out(self) -> None:
        self.world.now = self.leg.rings_until or self.world.now
        timeouts.apply_timeouts(self.leg.call_id, now=self.world.now)

    def is_not_accepted(self) -> None:
        self.world.wait(self.leg.acceptance_seconds or 0)
        timeouts.apply_timeouts(self.leg.call_id, now=self.world.now)

    def talk(self) -> None:
        self.world.wait(self.talk_seconds)

    def accept(self) -> None:
        self._send("accept")

    def reject(self) -> None:
        self._send("reject")

    def give_back(self) -> None:
        self._send("return")

    def transfer(self) -> None:
        """Dial a technician; the caller is put on hold."""
        self.transfer_uuid = self._send("transfer", transfer_to=TECHNICIAN, hold_caller=True)

    def conference(self) -> None:
        """Dial a technician into the call."""
        self._send("transfer", transfer_to=TECHNICIAN, hold_caller=False)

    def conference_caller(self) -> None:
        path = f"/call_control/v1/transfers/{self.transfer_uuid}/conference_caller.json"
        self.world.send("POST", path)

    def stop_transfer(self) -> None:
        self.world.send("DELETE", f"/call_control/v1/transfers/{self.transfer_uuid}.json")

    def _leg_of(self, party: Party) -> Leg:
        return Leg.objects.get(call=self.leg.call_id, party=party)

    def _send(self, action: str, **body: object) -> str:
        """Send an action of the buyer's handler; the UUID of the transfer, if it makes one."""
        key = self.world.key(self.world.buyer_id(self.leg.buyer_id), "call_control")
        path = f"/call_control/v1/calls/{self.leg.call_id}/{action}.json"
        answer = self.world.send("POST", path, query={"api_key": key}, body=body or None)
        return answer.value("transfer_uuid")


def dial(world: DemoWorld, *, to: str, caller: str | None) -> UUID:
    """Bring a call in; the first buyer's phone rings afterwards."""
    arrival = Arrival(
        carrier="simulator",
        carrier_call_id=uuid.uuid4().hex,
        to=to,
        caller=caller,
        digits=None,
        now=world.now,
    )
    return events.handle_arrival(arrival).pk


def ringing_buyer(world: DemoWorld, call_uuid: UUID, talk_seconds: int = 0) -> BuyerPhone | None:
    ringing = Leg.objects.filter(
        call=call_uuid, party=Party.HANDLER, status=Leg.Status.RINGING
    ).order_by("place")
    leg = ringing.first()
    return BuyerPhone(world, leg, talk_seconds) if leg else None


def play_call(world: DemoWorld, *, to: str, caller: str | None, talk_seconds: int) -> None:
    """Dial a number, and play the outcome at each phone that rings; nothing when time is short."""
    if (world.until - world.now).total_seconds() < LONGEST_ROUTING + talk_seconds:
        return
    call_uuid = dial(world, to=to, caller=caller)
    while phone := ringing_buyer(world, call_uuid, talk_seconds):
        outcomes = _OUTCOMES_OF.get(world.buyer_id(phone.leg.buyer_id), "talk")
        phone.play(world.dice.choice(outcomes.split()))
    if Call.objects.exclude(converted_at=None).filter(pk=call_uuid).exists():
        world.wait(2)
        world.deliver_webhooks()
