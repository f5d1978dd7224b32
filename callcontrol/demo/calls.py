"""Calls of the demo company: carrier events, and buyers that use their handler keys."""

import uuid
from dataclasses import dataclass
from uuid import UUID

from callcontrol.carriers.base import Arrival, LegAnswered, LegEnded
from callcontrol.lifecycle import events, timeouts
from callcontrol.models import Call, Leg, Party

from .world import DemoWorld

_PARTIES = {"caller": Party.CALLER, "technician": Party.TRANSFEREE}
TECHNICIAN = "+12025550198"  # the transferee of Summit's handlers
# The longest time until a call is answered: every phone that rings out before.
LONGEST_ROUTING = 12 * 60

# What happens after a buyer's phone begins to ring, in steps of `BuyerPhone.play`.
_TRANSFER = "3-11 handler-answers 30-50 transfer 4-9"
OUTCOMES = {
    "busy": "1-3 handler-busy",
    "no-answer": "rings-out",
    "abandoned": "6-20 caller-leaves",
    "talk": "3-11 handler-answers talk either-leaves",
    "accept": "3-11 handler-answers 6-20 accept talk caller-leaves",
    "not-accepted": "3-11 handler-answers not-accepted",
    "reject": "3-8 reject",
    "answer-reject": "3-11 handler-answers 8-20 reject",
    "return": "3-11 handler-answers 12-28 return",
    "transfer": (
        f"{_TRANSFER} technician-answers 15-30 connect 5-15 handler-leaves talk caller-leaves"
    ),
    "conference": (
        "3-11 handler-answers 30-50 conference 4-9 technician-answers talk caller-leaves"
    ),
    "stop-transfer": f"{_TRANSFER} 8-12 stop talk either-leaves",
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

    def play(self, steps: str) -> None:
        """Play steps: `3-11` are seconds that pass, all others are what a party does."""
        world, leg = self.world, self.leg
        for step in steps.split():
            if step[0].isdigit():
                world.wait(*map(float, step.split("-")))
            elif step == "talk":
                world.wait(self.talk_seconds)
            elif step == "rings-out":
                world.now = leg.rings_until or world.now
                timeouts.apply_timeouts(leg.call_id, now=world.now)
            elif step == "not-accepted":
                world.wait(leg.acceptance_seconds or 0)
                timeouts.apply_timeouts(leg.call_id, now=world.now)
            elif step.endswith(("-answers", "-busy", "-leaves")):
                self._report(*step.split("-"))
            else:
                self._act(step)

    def _report(self, party: str, what: str) -> None:
        """Report what happened to a party's leg, as the carrier would."""
        if party == "either":
            party = "caller" if self.world.happens(0.7) else "handler"
        leg, now = self.leg, self.world.now
        if party != "handler":
            leg = Leg.objects.get(call=leg.call_id, party=_PARTIES[party])
        if what == "answers":
            events.handle_event(LegAnswered(leg.pk, now), now=now)
        else:
            outcome = "busy" if what == "busy" else "completed"
            events.handle_event(LegEnded(leg.pk, now, outcome), now=now)

    def _act(self, action: str) -> None:
        """Send a request of the buyer: an action of its handler, or one on its transfer."""
        transfer = f"/call_control/v1/transfers/{self.transfer_uuid}"
        if action == "connect":
            self.world.send("POST", f"{transfer}/conference_caller.json")
        elif action == "stop":
            self.world.send("DELETE", f"{transfer}.json")
        else:
            query = {
                "api_key": self.world.key(self.world.buyer_id(self.leg.buyer_id), "call_control")
            }
            body = None
            if action in ("transfer", "conference"):  # the caller is put on hold, or is not
                body = {"transfer_to": TECHNICIAN, "hold_caller": action == "transfer"}
                action = "transfer"
            path = f"/call_control/v1/calls/{self.leg.call_id}/{action}.json"
            answer = self.world.send("POST", path, query=query, body=body)
            self.transfer_uuid = answer.value("transfer_uuid")


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
        phone.play(OUTCOMES[world.dice.choice(outcomes.split())])
    if Call.objects.exclude(converted_at=None).filter(pk=call_uuid).exists():
        world.wait(2)
        world.deliver_webhooks()
