"""The far ends answer, are busy, do not answer and hang up; and the outcome of the call."""

import uuid
from typing import Any

import pytest
from django.test import Client

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from tests.admin_client import browser
from tests.factories import make_company, make_market, make_number
from tests.pinging import CALLER, TOKEN, Answer, act, dial, hang_up, last_leg, lines, rung, shown

pytestmark = pytest.mark.django_db
LINE = "+18335550199"
PHONE_ACTIONS = ["answer", "busy", "no-answer", "hang-up"]


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market(caps=[None, None])
    make_number(campaign, number=LINE)
    return campaign


@pytest.fixture
def call(campaign: Campaign) -> Answer:
    return dial(LINE)


def acted(call: Answer, *acts: str) -> Answer:
    """The call after these acts, each on the leg that was dialed last."""
    for what in acts:
        call = act(last_leg(call), what)
    return call


def hears(call: Answer) -> list[list[str]]:
    return [leg["hears"] for leg in call["legs"]]


def happened(call: Answer) -> list[str]:
    return [event["event"] for event in call["events"]]


# --- answer ---------------------------------------------------------------------------------------
def test_who_answers_talks_with_the_caller(call: Answer) -> None:
    answered = acted(call, "answer")
    assert answered["status"] == "in-progress"
    assert lines(answered) == [("caller", "in-progress", None), ("handler", "in-progress", None)]
    assert hears(answered) == [["handler"], ["caller"]]


def test_while_a_phone_rings_nobody_hears_anybody(call: Answer) -> None:
    assert call["status"] == "ringing"
    assert hears(call) == [[], []]


# --- not answered ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("what", "outcome"), [("busy", "busy"), ("no-answer", "no-answer"), ("hang-up", "busy")]
)
def test_who_does_not_take_it_is_followed_by_the_next(
    call: Answer, what: str, outcome: str
) -> None:
    after = acted(call, what)
    numbers = list(Buyer.objects.order_by("priority").values_list("number", flat=True))
    assert after["status"] == "ringing"
    assert after["buyer_id"] == "b2"
    assert rung(after) == numbers
    assert lines(after)[1:] == [("handler", "ended", outcome), ("handler", "ringing", None)]


@pytest.mark.parametrize("what", ["busy", "no-answer", "hang-up"])
def test_with_nobody_left_it_is_no_target(call: Answer, what: str) -> None:
    after = acted(call, what, what)
    assert after["status"] == "no-target"
    assert lines(after)[0] == ("caller", "ended", "no-target")
    assert happened(after)[-1] == "ended"


# --- hung up --------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["caller", "caller's leg", "handler"])
def test_either_side_ends_the_call(call: Answer, who: str) -> None:
    answered = acted(call, "answer")
    leg = answered["legs"][who == "handler"]["leg_uuid"]
    after = hang_up(call["call_uuid"]) if who == "caller" else act(leg, "hang-up")
    assert after["status"] == "finished"
    assert lines(after) == [("caller", "ended", "completed"), ("handler", "ended", "completed")]


def test_a_caller_who_hangs_up_while_it_rings_ends_it_for_everybody(call: Answer) -> None:
    after = hang_up(call["call_uuid"])
    assert after["status"] == "finished"
    assert lines(after) == [("caller", "ended", "completed"), ("handler", "ended", "canceled")]
    assert after["converted"] is False


# --- nothing changes ------------------------------------------------------------------------------
@pytest.mark.parametrize("what", PHONE_ACTIONS)
def test_twice_is_once(call: Answer, what: str) -> None:
    leg = last_leg(call)
    assert act(leg, what) == act(leg, what)


def test_a_caller_hangs_up_once(call: Answer) -> None:
    assert hang_up(call["call_uuid"]) == hang_up(call["call_uuid"])


@pytest.mark.parametrize("what", ["answer", "busy", "no-answer"])
def test_a_caller_only_hangs_up(call: Answer, what: str) -> None:
    assert act(call["legs"][0]["leg_uuid"], what) == call


@pytest.mark.parametrize("what", ["answer", "busy", "no-answer"])
def test_who_talks_only_hangs_up(call: Answer, what: str) -> None:
    answered = acted(call, "answer")
    assert acted(answered, what) == answered


@pytest.mark.parametrize("what", PHONE_ACTIONS)
@pytest.mark.parametrize("before", ["busy", "hang-up"])
def test_a_line_that_is_over_stays_so(call: Answer, before: str, what: str) -> None:
    leg = last_leg(call)
    ended = hang_up(call["call_uuid"]) if before == "hang-up" else act(leg, before)
    assert act(leg, what) == ended


# --- parties and lines ----------------------------------------------------------------------------
def status(path: str, client: Client | None = None, **headers: str) -> tuple[int, Any]:
    answer = (client or Client()).post(path, headers=headers or TOKEN)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("name", [str(uuid.UUID(int=7, version=4)), "nonsense", "%00", "7"])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("legs/{}/answer", "leg not found"),
        ("legs/{}/hang-up", "leg not found"),
        ("calls/{}/hang-up", "call not found"),
    ],
)
def test_what_does_not_exist_is_not_found(name: str, path: str, text: str) -> None:
    assert status(f"/simulator/{path.format(name)}.json") == (404, {"error": text})


def test_an_act_that_nobody_knows_is_no_path(call: Answer) -> None:
    assert status(f"/simulator/legs/{last_leg(call)}/sneeze") == (404, {"error": "not found"})


@pytest.mark.parametrize("path", ["legs/{leg}/answer", "calls/{call}/hang-up"])
def test_without_the_token_nothing_happens(call: Answer, path: str) -> None:
    path = path.format(leg=last_leg(call), call=call["call_uuid"])
    assert status(f"/simulator/{path}", Authorization="Bearer wrong") == (
        401,
        {"error": "not authorized"},
    )
    assert shown(call["call_uuid"]) == call


@pytest.mark.parametrize(
    ("role", "code"), [("account_manager", 200), ("read_only", 404), (None, 404)]
)
@pytest.mark.parametrize("path", ["legs/{leg}/answer", "calls/{call}/hang-up"])
def test_a_session_acts_in_the_calls_of_its_company_if_it_edits(
    campaign: Campaign, call: Answer, path: str, role: str | None, code: int
) -> None:
    client = browser(campaign.company, role) if role else browser(make_company())
    path = path.format(leg=last_leg(call), call=call["call_uuid"])
    answer = status(f"/simulator/{path}", client, **{"Sec-Fetch-Site": "same-origin"})
    assert answer[0] == code
    assert (shown(call["call_uuid"]) == call) == (code == 404)


def test_a_moment_that_is_none_changes_nothing(call: Answer) -> None:
    refusal = {"error": "at must be a moment like 2026-05-05T06:25:08Z"}
    assert act(last_leg(call), "answer", at="soon") == refusal
    assert shown(call["call_uuid"]) == call


def test_acts_in_xml(call: Answer) -> None:
    body = "<hash><at>2026-05-05T12:00:00Z</at></hash>"
    path = f"/simulator/legs/{last_leg(call)}/answer.xml"
    text = Client().post(path, body, content_type="text/xml", headers=TOKEN).text
    assert "<status>in-progress</status><buyer-id>b1</buyer-id>" in text
    assert '<hears type="array"><hear>caller</hear></hears>' in text


def test_a_number_that_the_simulator_shows_is_the_callers(call: Answer) -> None:
    assert call["legs"][0]["number"] == CALLER
    assert Call.objects.get().caller_number == CALLER
