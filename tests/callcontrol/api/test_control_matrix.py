"""Every key type by every action on every state of a call, in both formats.

No key reveals anything about the calls of another owner.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from defusedxml import ElementTree
from django.test import Client
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from callcontrol.control.registry import all_actions
from callcontrol.models import Call, Leg, Transfer
from campaigns.models import Buyer, Campaign
from publishers.models import Key, LogEntry
from tests.callcontrol.call_center import THIRD, WORDS, arrive, do, handler_key, leave, talk
from tests.factories import make_group, make_key, make_market
from tests.keeping import empty_caches, kept

pytestmark = pytest.mark.django_db
ACTIONS = [action.slug for action in all_actions()]
SAID = {"transfer_to": THIRD}
DONE = (200, None)
NOT_LIVE = (422, "call not live")
BODIES = {
    "json": b'{"success":false,"error":"not authorized"}',
    "xml": b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<hash><success type="boolean">false</success><error>not authorized</error></hash>',
}
in_both_formats = pytest.mark.parametrize("format", BODIES)


@dataclass
class Scene:
    """A company with the buyers b1, b2 and b3 in this order, and another company like it."""

    campaign: Campaign
    other: Campaign

    def buyer(self, name: str, campaign: Campaign | None = None) -> Buyer:
        return Buyer.objects.get(buyer_id=name, company=(campaign or self.campaign).company)


def _build() -> Scene:
    return Scene(make_market(caps=[None] * 3), make_market(caps=[None] * 3))


@pytest.fixture(scope="module")
def kept_scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with kept(_build, django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(kept_scene: Scene) -> Scene:
    return copy.deepcopy(kept_scene)


# --- calls ----------------------------------------------------------------------------------------
def over(scene: Scene) -> Call:
    call = talk(scene.campaign)
    leave(call, "caller")
    return call


def moved_on(scene: Scene) -> Call:
    """Rejected by another key of b1's, it rings b2."""
    call = arrive(scene.campaign)
    do("reject", call, handler_key(scene.buyer("b1")))
    return call


def anothers(scene: Scene) -> Call:
    Buyer.objects.filter(buyer_id="b1").update(paused=True)
    call = talk(scene.campaign)
    Buyer.objects.update(paused=False)
    return call


OURS: dict[str, Callable[[Scene], Any]] = {
    "ringing": lambda scene: arrive(scene.campaign),
    "picked up": lambda scene: talk(scene.campaign),
    "over": over,
}
NOT_OURS: dict[str, Callable[[Scene], Any]] = {
    "moved on": moved_on,
    "another buyer's": anothers,
    "another company's": lambda scene: talk(scene.other),
    "unknown": lambda scene: str(uuid4()),
    "malformed": lambda scene: "e64268f8",
    "NUL": lambda scene: "%00",
    "blank": lambda scene: "%20",
}


# --- keys -----------------------------------------------------------------------------------------
def revoked(scene: Scene) -> Key:
    key = handler_key(scene.buyer("b1"))
    key.retire(now=timezone.now())
    return key


GOOD: dict[str, Callable[[Scene], Key]] = {
    "the buyer's": lambda scene: handler_key(scene.buyer("b1")),
    "its group's": lambda scene: handler_key(make_group(buyers=[scene.buyer("b1")])),
}
BAD: dict[str, Callable[[Scene], Key | str]] = {
    "another buyer's": lambda scene: handler_key(scene.buyer("b3")),
    "another group's": lambda scene: handler_key(make_group(buyers=[scene.buyer("b3")])),
    "an empty group's": lambda scene: handler_key(make_group(scene.campaign.company)),
    "another company's": lambda scene: handler_key(scene.buyer("b1", scene.other)),
    "without a word": lambda scene: make_key("call_control", buyer=scene.buyer("b1")),
    "revoked": revoked,
    "the company's": lambda scene: make_key("account", company=scene.campaign.company),
    "for conversions": lambda scene: make_key("conversion", buyer=scene.buyer("b1")),
    "of the campaign": lambda scene: make_key("rtb", campaign=scene.campaign),
    "nobody's": lambda scene: str(uuid4()),
    "blank": lambda scene: "",
    "NUL": lambda scene: "%00",
}


def refused(answers: list[Any], format: str, key: str = "") -> None:
    """All are the same 401 to the last byte."""
    found = {(answer.status_code, answer.content, str(answer.headers)) for answer in answers}
    assert found == {(401, BODIES[format], str(answers[0].headers))}, key


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Call, Leg, Transfer)]


# --- what is refused ------------------------------------------------------------------------------
def try_all(calls: list[Any], key: Key | str, format: str) -> list[Any]:
    """Return the answers to every action on each of the calls, as if no key had been refused."""
    empty_caches()
    return [do(action, call, key, SAID, format=format) for call in calls for action in ACTIONS]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_key_on_calls_that_are_not_its_owners(scene: Scene, name: str) -> None:
    key, calls = GOOD[name](scene), [create(scene) for create in NOT_OURS.values()]
    before = everything()
    for format in BODIES:
        refused(try_all(calls, key, format), format)
    assert everything() == before


def test_a_bad_key_on_every_call(scene: Scene) -> None:
    calls = {name: create(scene) for name, create in (OURS | NOT_OURS).items()}
    keys = {name: create(scene) for name, create in BAD.items()}
    before = everything()
    for name, key in keys.items():
        of_others = [call for owner, call in calls.items() if owner != name]
        for format in BODIES:
            refused(try_all(of_others, key, format), format, name)
    assert everything() == before


@in_both_formats
@pytest.mark.parametrize("action", ACTIONS)
def test_a_key_with_every_other_word(scene: Scene, action: str, format: str) -> None:
    by = handler_key(scene.buyer("b1"), *(word for word in WORDS if word != action))
    refused([do(action, make(scene), by, SAID, format=format) for make in OURS.values()], format)


@in_both_formats
@pytest.mark.parametrize("key", [name for name in BAD if not name.startswith("an")])
def test_a_bad_key_lists_no_calls(scene: Scene, key: str, format: str) -> None:
    by = BAD[key](scene)
    text = by.key if isinstance(by, Key) else by
    for make in OURS.values():
        make(scene)
    refused([Client().get(f"/call_control/v1/active_calls.{format}?api_key={text}")], format)


@pytest.mark.parametrize("key", [name for name in BAD if name.startswith("an")])
def test_a_key_of_another_owner_lists_none_of_the_calls(scene: Scene, key: str) -> None:
    by = BAD[key](scene)
    for make in OURS.values():
        make(scene)
    answer = Client().get(f"/call_control/v1/active_calls.json?api_key={by.key}")
    assert answer.json() == {"success": False, "results": []}


@in_both_formats
@pytest.mark.parametrize("word", [*ACTIONS, "active_calls"])
@pytest.mark.parametrize("how", ["paused", "switched off", "elsewhere", "gone"])
def test_a_known_key_that_may_not_be_used_says_why_before_any_call_is_looked_at(
    scene: Scene, how: str, word: str, format: str
) -> None:
    by, call = handler_key(scene.buyer("b1"), paused=how == "paused"), talk(scene.campaign)
    status, error = HINDERED[how][0], HINDERED[how][1]
    HINDERED[how][2](by)
    if word == "active_calls":
        answer = Client().get(f"/call_control/v1/active_calls.{format}?api_key={by.key}")
    else:
        answer = do(word, call, by, SAID, format=format)
    assert answer.status_code == status
    assert said(answer, format) == error


def _off(key: Key) -> None:
    key.company.call_control_enabled = False
    key.company.save()


def _elsewhere(key: Key) -> None:
    key.allowed_networks = ["203.0.113.0/24"]
    key.save()


HINDERED: dict[str, tuple[int, str, Callable[[Key], Any]]] = {
    "paused": (403, "this key is paused", lambda key: None),
    "switched off": (403, "call control is switched off for this company", _off),
    "elsewhere": (403, "this key may not be used from this address", _elsewhere),
    "gone": (
        410,
        "the owner of this key was deleted",
        lambda key: key.buyer.retire(now=timezone.now()),
    ),
}


# --- what is done ---------------------------------------------------------------------------------
def said(answer: Any, format: str) -> str | None:
    if format == "json":
        return answer.json().get("error")
    return ElementTree.fromstring(answer.content).findtext("error")


EXPECTED = {
    ("ringing", "transfer"): NOT_LIVE,
    ("ringing", "return"): NOT_LIVE,
    ("ringing", "accept"): (422, "acceptance not required"),
    ("ringing", "reject"): DONE,
    ("picked up", "transfer"): DONE,
    ("picked up", "return"): DONE,
    ("picked up", "accept"): (422, "acceptance not required"),
    ("picked up", "reject"): DONE,
    **{("over", action): NOT_LIVE for action in ACTIONS},
}


@in_both_formats
@pytest.mark.parametrize(("call", "action"), EXPECTED)
@pytest.mark.parametrize("key", GOOD)
def test_a_good_key_on_a_call_of_its_owners(
    scene: Scene, key: str, call: str, action: str, format: str
) -> None:
    by, made = GOOD[key](scene), OURS[call](scene)
    answer = do(action, made, by, SAID, format=format)
    assert (answer.status_code, said(answer, format)) == EXPECTED[call, action]
    assert [row.call_uuid for row in LogEntry.objects.all()] == [made.pk]


@pytest.mark.parametrize("action", ["transfer", "return", "reject"])
def test_a_paused_buyers_live_calls_need_its_key(scene: Scene, action: str) -> None:
    call = talk(scene.campaign)
    Buyer.objects.filter(buyer_id="b1").update(paused=True)
    assert do(action, call, handler_key(scene.buyer("b1")), SAID).status_code == 200


def test_429_has_retry_after(scene: Scene, clock: Callable[[float], object]) -> None:
    by, call = handler_key(scene.buyer("b1"), requests_per_second=1), talk(scene.campaign)
    answers = [do("accept", call, by) for _ in range(2)]
    assert answers[0].status_code == 422
    assert answers[1].json() == {"success": False, "error": "too many requests"}
    assert answers[1]["Retry-After"] == "1"
