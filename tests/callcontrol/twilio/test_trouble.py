"""Calls go on when the network does not: webhooks come twice or never, the API does what it is
asked and never answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils import timezone

from callcontrol.carriers import twilio as carrier
from callcontrol.carriers import twilio_rest
from callcontrol.carriers.twilio import UNAVAILABLE
from callcontrol.lifecycle import timeouts
from callcontrol.models import Call, CallEvent, Leg, Party
from campaigns.models import Campaign
from tests.callcontrol.twilio.posting import NUMBER, recorded
from tests.callcontrol.twilio.rest import Api
from tests.callcontrol.twilio.standin import PUBLIC, TOKEN, Line, Post
from tests.factories import make_market, make_number
from tests.pinging import held

pytestmark = pytest.mark.django_db(transaction=True)
Clock = Callable[[float], object]


@pytest.fixture
def campaign(twilio: Api) -> Campaign:
    """Create two buyers with one place each, b1 first, and a number."""
    campaign = make_market(caps=[1, 1])
    make_number(campaign, number=NUMBER)
    return campaign


def newest(twilio: Api) -> Line:
    """The line that was dialed last."""
    return list(twilio.standin.lines.values())[-1]


def outcomes() -> list[str]:
    return [
        leg.outcome or leg.status
        for leg in Leg.objects.exclude(party=Party.CALLER).order_by("place")
    ]


def places() -> list[int]:
    return [held(leg.buyer) for leg in Leg.objects.exclude(party=Party.CALLER).order_by("place")]


def test_a_call_of_which_everything_is_told_thrice(twilio: Api, campaign: Campaign) -> None:
    twilio.standin.times = 3
    caller = twilio.standin.call(NUMBER)
    twilio.standin.end(newest(twilio), "busy")
    twilio.standin.answer(newest(twilio))
    twilio.standin.end(caller, "completed")
    assert Call.objects.get().status == "finished"
    assert outcomes() == ["busy", "completed"]
    assert places() == [0, 0]
    assert {status for _, status in twilio.standin.posts} == {200}


@pytest.mark.parametrize(
    "lost", ["participant-leave", "conference-end", "completed", "initiated", "ringing"]
)
def test_one_kind_of_news_that_never_arrives_leaves_nobody_waiting(
    twilio: Api, campaign: Campaign, lost: str
) -> None:
    twilio.standin.loses = {lost}
    caller = twilio.standin.call(NUMBER)
    twilio.standin.answer(newest(twilio))
    twilio.standin.end(caller, "completed")
    assert Call.objects.get().status == "finished"
    assert outcomes() == ["completed"]
    assert newest(twilio).is_live is False


def test_an_answer_that_is_told_after_the_end_counts(twilio: Api, campaign: Campaign) -> None:
    caller = twilio.standin.call(NUMBER)
    twilio.standin.answer(newest(twilio))
    twilio.standin.waiting.clear()
    twilio.standin.end(caller, "completed")
    assert Call.objects.get().status == "finished"
    assert Leg.objects.get(party="handler").answered_at is not None


def test_a_line_that_rings_on_is_hung_up_and_the_next_one_dialed(
    twilio: Api, campaign: Campaign, clock: Clock
) -> None:
    twilio.standin.call(NUMBER)
    first = newest(twilio)
    clock(30 + carrier.Twilio.grace_seconds + 1)
    timeouts.apply_due_timeouts(now=timezone.now(), limit=10)
    assert first.status == "canceled"
    assert outcomes() == ["no-answer", "ringing"]


def test_an_api_that_does_and_never_answers_leaves_no_line_behind(
    twilio: Api, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_rest, "SECONDS", 0.2)
    twilio.speaks.clear()
    caller = twilio.standin.call(NUMBER)
    twilio.speaks.set()
    twilio.standin.settle()
    whys = [event.detail["why"] for event in CallEvent.objects.filter(kind="leg-failed")]
    assert Call.objects.get().status == "no-target"
    assert whys == ["Twilio could not be reached in time"] * 2
    assert [line.is_live for line in twilio.standin.lines.values()] == [False] * 3
    assert caller.hears == UNAVAILABLE
    assert places() == [0, 0]


def test_one_call_that_is_announced_by_many_at_once_is_one_call(
    twilio: Api, campaign: Campaign
) -> None:
    said = recorded("voice")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: twilio.standin.post(Post(f"{PUBLIC}/carriers/twilio/voice", said)),
                range(8),
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert Call.objects.count() == 1


def test_no_number_and_no_key_is_logged(twilio: Api, campaign: Campaign, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    twilio.standin.call(NUMBER)
    said = " ".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("twilio", "ringpost"))
    )
    assert [secret for secret in ("2025550102", "8335550199", TOKEN) if secret in said] == []
