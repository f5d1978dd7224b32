"""Calls of the demo company, told to the product as a carrier tells them, and steered by its buyers' own keys."""

import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from callcontrol.carriers.base import Arrival, LegAnswered, LegEnded
from callcontrol.lifecycle import events, timeouts
from callcontrol.models import Leg, Party

from .client import DemoResponse
from .reports import after_call
from .scheduler import Story, seconds
from .world import DemoWorld

CARRIER = "simulator"
TECHNICIAN = "+12025550198"  # whom Summit's desk brings into a call
# The longest that a call takes beside the talking: phones that ring in vain, and everybody who is tried after them.
LONGEST_WAY = seconds(12 * 60)


@dataclass(frozen=True, slots=True)
class DemoCall:
    """A call that is played; `talk`: for how many seconds, once somebody has it."""

    world: DemoWorld
    call_uuid: UUID
    caller_leg: UUID
    talk: int
    dice: Random

    def phone(self) -> Leg | None:
        """The buyer's phone that rings."""
        ringing = Leg.objects.filter(
            call=self.call_uuid, status=Leg.Status.RINGING, party=Party.HANDLER
        )
        return ringing.order_by("place").first()

    def pick_up(self, leg: Leg, *, at: datetime) -> None:
        events.handle_event(LegAnswered(leg.pk, at), now=at)

    def end(self, leg_uuid: UUID, outcome: str, *, at: datetime) -> None:
        events.handle_event(LegEnded(leg_uuid, at, outcome), now=at)

    def steer(self, leg: Leg, action: str, *, at: datetime, **said: object) -> DemoResponse:
        """The buyer uses its handler key."""
        buyer = self.world.buyer_id(leg.buyer_id)
        query = {"api_key": self.world.key(buyer, "call_control")}
        path = f"/call_control/v1/calls/{self.call_uuid}/{action}.json"
        return self.world.ask("POST", path, at=at, query=query, body=said or None)


def call(
    world: DemoWorld, *, to: str, caller: str | None, talk: int, dice: Random, at: datetime
) -> Story:
    """A caller dials, and whoever is rung does what it does, until the call is over."""
    scene = arrive(world, to=to, caller=caller, talk=talk, dice=dice, at=at)
    while leg := scene.phone():
        yield from PHONES[world.manner(leg.buyer_id)](scene, leg)
    yield from after_call(world, scene.call_uuid, dice=dice)


def arrive(
    world: DemoWorld, *, to: str, caller: str | None, talk: int, dice: Random, at: datetime
) -> DemoCall:
    """A caller has dialed: the first buyer's phone rings."""
    arrival = Arrival(
        carrier=CARRIER, carrier_call_id=uuid.uuid4().hex, to=to, caller=caller, digits=None, now=at
    )
    arrived = events.handle_arrival(arrival)
    own_leg = Leg.objects.values_list("pk", flat=True).get(call=arrived, party=Party.CALLER)
    return DemoCall(world, arrived.pk, own_leg, talk, dice)


# --- what happens at a phone ------------------------------------------------------------------------------
def _busy(scene: DemoCall, leg: Leg) -> Story:
    at = leg.started_at + seconds(scene.dice.uniform(0.8, 2.5))
    yield at
    scene.end(leg.pk, "busy", at=at)


def _no_answer(scene: DemoCall, leg: Leg) -> Story:
    """It rings out; the next reader or sweep sees to it."""
    at = leg.rings_until or leg.started_at
    yield at
    timeouts.apply_timeouts(scene.call_uuid, now=at)


def _hurry(scene: DemoCall, leg: Leg) -> Story:
    """The caller gives up while it rings."""
    at = leg.started_at + seconds(scene.dice.uniform(6, 20))
    yield at
    scene.end(scene.caller_leg, "completed", at=at)


def _talk(scene: DemoCall, leg: Leg) -> Story:
    at = yield from _picked_up(scene, leg)
    yield from _hangs_up(scene, leg, at=at + seconds(scene.talk))


def _reject(scene: DemoCall, leg: Leg) -> Story:
    """The buyer declines before picking up, where its calls are to be accepted after."""
    at = leg.started_at + seconds(scene.dice.uniform(3, 8))
    if leg.acceptance_seconds:
        at = yield from _picked_up(scene, leg)
        at += seconds(scene.dice.uniform(8, 20))
    yield at
    scene.steer(leg, "reject", at=at)


def _return(scene: DemoCall, leg: Leg) -> Story:
    """Talks a little, and gives the caller back."""
    at = (yield from _picked_up(scene, leg)) + seconds(scene.dice.uniform(12, 28))
    yield at
    scene.steer(leg, "return", at=at)


def _accept(scene: DemoCall, leg: Leg) -> Story:
    at = yield from _picked_up(scene, leg)
    accepts_at = at + seconds(scene.dice.uniform(6, 20))
    yield accepts_at
    scene.steer(leg, "accept", at=accepts_at)
    yield from _hangs_up(scene, leg, at=max(accepts_at + seconds(5), at + seconds(scene.talk)))


def _silence(scene: DemoCall, leg: Leg) -> Story:
    """Picks up and does not accept: the call is taken back."""
    at = (yield from _picked_up(scene, leg)) + seconds(leg.acceptance_seconds or 0)
    yield at
    timeouts.apply_timeouts(scene.call_uuid, now=at)


def _transfer(scene: DemoCall, leg: Leg) -> Story:
    """The caller is held while the handler tells a technician about it; then the two are connected, and the handler leaves."""
    at = (yield from _picked_up(scene, leg)) + seconds(scene.dice.uniform(30, 50))
    yield at
    transfer = scene.steer(leg, "transfer", at=at, transfer_to=TECHNICIAN, hold_caller=True).value(
        "transfer_uuid"
    )
    at = yield from _third_picks_up(scene, at=at)
    at += seconds(scene.dice.uniform(15, 30))
    yield at
    scene.world.ask("POST", f"/call_control/v1/transfers/{transfer}/conference_caller.json", at=at)
    at += seconds(scene.dice.uniform(5, 15))
    yield at
    scene.end(leg.pk, "completed", at=at)
    yield from _hangs_up(scene, leg, at=at + seconds(scene.talk), by_caller=True)


def _conference(scene: DemoCall, leg: Leg) -> Story:
    """All three talk."""
    at = (yield from _picked_up(scene, leg)) + seconds(scene.dice.uniform(30, 60))
    yield at
    scene.steer(leg, "transfer", at=at, transfer_to=TECHNICIAN, hold_caller=False)
    at = yield from _third_picks_up(scene, at=at)
    yield from _hangs_up(scene, leg, at=at + seconds(scene.talk), by_caller=True)


def _stop_transfer(scene: DemoCall, leg: Leg) -> Story:
    """The technician does not pick up, and the handler takes the caller back."""
    at = (yield from _picked_up(scene, leg)) + seconds(scene.dice.uniform(30, 50))
    yield at
    transfer = scene.steer(leg, "transfer", at=at, transfer_to=TECHNICIAN, hold_caller=True).value(
        "transfer_uuid"
    )
    at += seconds(scene.dice.uniform(12, 20))
    yield at
    scene.world.ask("DELETE", f"/call_control/v1/transfers/{transfer}.json", at=at)
    yield from _hangs_up(scene, leg, at=at + seconds(scene.talk))


PHONES: Mapping[str, Callable[[DemoCall, Leg], Story]] = {
    "busy": _busy,
    "no-answer": _no_answer,
    "hurry": _hurry,
    "talk": _talk,
    "reject": _reject,
    "return": _return,
    "accept": _accept,
    "silence": _silence,
    "transfer": _transfer,
    "conference": _conference,
    "stop-transfer": _stop_transfer,
}


# --- what these have in common ----------------------------------------------------------------------------
Moments = Generator[datetime, None, datetime]  # a part of a story that ends with a moment


def _picked_up(scene: DemoCall, leg: Leg) -> Moments:
    at = leg.started_at + seconds(scene.dice.uniform(2.5, 11))
    yield at
    scene.pick_up(leg, at=at)
    return at


def _third_picks_up(scene: DemoCall, *, at: datetime) -> Moments:
    at += seconds(scene.dice.uniform(4, 9))
    yield at
    third = Leg.objects.filter(call=scene.call_uuid, party=Party.TRANSFEREE).get()
    scene.pick_up(third, at=at)
    return at


def _hangs_up(scene: DemoCall, leg: Leg, *, at: datetime, by_caller: bool = False) -> Story:
    """Mostly the caller does."""
    yield at
    scene.end(
        scene.caller_leg if by_caller or scene.dice.random() < 0.7 else leg.pk, "completed", at=at
    )
