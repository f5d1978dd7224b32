"""What goes on at the very end, and is still going on when somebody looks: the sweeps end it in their own time.

The call that is talked in lives until somebody hangs up, or four hours. The phone that rings does so for two minutes,
the reservations live as long as their keys say.
"""

from collections.abc import Generator, Iterator
from datetime import datetime
from random import Random

from .calls import DemoCall, arrive
from .leads import ping_key
from .plan import SEED
from .scheduler import Story, seconds
from .world import FIXED_NUMBERS, DemoWorld

TALKING, RINGING, CONFIRMED, RESERVED = (
    "+12155550191",
    "+18435550192",
    "+17035550193",
    "+15165550194",
)
_LAST = "anytime"  # whose phone rings longest


def scenes(world: DemoWorld) -> Iterator[tuple[datetime, Story]]:
    """Each with the moment at which it begins."""
    for before, story in ((260, _talking), (35, _ringing), (9, _confirmed), (4, _reserved)):
        at = world.now - seconds(before)
        yield at, story(world, at)


def _talking(world: DemoWorld, at: datetime) -> Story:
    """Asked for, confirmed, dialed, picked up; and a form that is filled in meanwhile."""
    number = yield from _bid(world, TALKING, "19103", at=at)
    at += seconds(12)
    yield at
    scene = _arrives(world, number, TALKING, at=at)
    leg = scene.phone()
    if leg is None:
        return
    at += seconds(7)
    yield at
    scene.pick_up(leg, at=at)
    if leg.acceptance_seconds:
        at += seconds(9)
        yield at
        scene.steer(leg, "accept", at=at)
    at += seconds(95)
    yield at
    query = {
        "key": world.key("alpha", "call_data_writing"),
        "caller_number": TALKING,
        "roof_age": "22",
    }
    world.ask("GET", "/data_writing.json", at=at, by="alpha", query=query)


def _ringing(world: DemoWorld, at: datetime) -> Story:
    """All others are busy, until the one rings who has always time."""
    scene = _arrives(world, FIXED_NUMBERS["roofing", "alpha"], RINGING, at=at)
    while (leg := scene.phone()) and world.buyer_id(leg.buyer_id) != _LAST:
        at += seconds(2)
        yield at
        scene.end(leg.pk, "busy", at=at)


def _confirmed(world: DemoWorld, at: datetime) -> Story:
    yield from _bid(world, CONFIRMED, "22201", at=at)


def _reserved(world: DemoWorld, at: datetime) -> Story:
    said = {"affiliate_id": "alpha", "caller_number": RESERVED, "project": "repair"}
    query = {"key": world.key("roofing", "call_reservation"), **said}
    world.ask("POST", "/call_reservations.json", at=at, by="alpha", query=query)
    yield from ()


def _bid(
    world: DemoWorld, caller: str, zip: str, *, at: datetime
) -> Generator[datetime, None, str]:
    said = {
        "publisher_id": "alpha",
        "caller_number": caller,
        "caller_zip": zip,
        "project": "replacement",
    }
    key = {"key": ping_key(world, "roofing", "alpha")}
    answer = world.ask("POST", "/rtbs.json", at=at, by="alpha", query={**key, **said})
    at += seconds(2)
    yield at
    world.ask(
        "PUT",
        f"/rtbs/{answer.value('uuid')}.json",
        at=at,
        by="alpha",
        query={**key, "status": "confirmed"},
    )
    return answer.value("inbound_number")


def _arrives(world: DemoWorld, number: str, caller: str, *, at: datetime) -> DemoCall:
    return arrive(world, to=number, caller=caller, talk=0, dice=Random(SEED), at=at)  # noqa: S311 - a story, not a secret
