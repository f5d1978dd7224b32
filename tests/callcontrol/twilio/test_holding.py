"""Conferences through Twilio: hold, back from hold, ringing after a return, and the end."""

import pytest

from callcontrol.carriers.twilio import HOLD_MUSIC, UNAVAILABLE
from callcontrol.models import Call, CallEvent, Leg, Party
from campaigns.models import Buyer, Campaign
from publishers.models import Key
from tests.callcontrol.call_center import THIRD, connect, do, handler_key, told, transfer
from tests.callcontrol.twilio.posting import NUMBER
from tests.callcontrol.twilio.rest import Api
from tests.callcontrol.twilio.standin import Line
from tests.factories import make_market, make_number

pytestmark = pytest.mark.django_db
NO_CONFERENCE = (200, {"conferences": [], "page": 0, "next_page_uri": None})
RINGING = "https://calls.example.com/static/callcontrol/ringing.xml"


@pytest.fixture
def campaign(twilio_here: Api) -> Campaign:
    """Two buyers, b1 first, and a number."""
    campaign = make_market(caps=[None, None])
    make_number(campaign, number=NUMBER)
    return campaign


@pytest.fixture
def caller(campaign: Campaign, twilio_here: Api) -> Line:
    """Create a call that talks with the first buyer."""
    line = twilio_here.standin.call(NUMBER)
    twilio_here.standin.answer(of(twilio_here, "b1"))
    return line


def of(twilio_here: Api, who: str) -> Line:
    """The line of a buyer or a party."""
    legs = Leg.objects.filter(buyer__buyer_id=who) or Leg.objects.filter(party=who)
    return twilio_here.standin.line_of(legs.get().pk)


def key_of(buyer_id: str = "b1") -> Key:
    return handler_key(Buyer.objects.get(buyer_id=buyer_id))


def test_a_held_caller_hears_music_and_the_others_each_other(
    twilio_here: Api, caller: Line
) -> None:
    transfer(Call.objects.get(), key_of(), hold_caller=True)
    twilio_here.standin.answer(of(twilio_here, "transferee"))
    heard = [twilio_here.standin.audible_parties(line) for line in (caller, of(twilio_here, "b1"))]
    assert heard == [[], [of(twilio_here, "transferee").label]]
    assert caller.hears == HOLD_MUSIC


def test_a_connected_caller_hears_both(twilio_here: Api, caller: Line) -> None:
    uuid = transfer(Call.objects.get(), key_of(), hold_caller=True)
    twilio_here.standin.answer(of(twilio_here, "transferee"))
    assert told(connect(uuid)) == (200, None)
    assert set(twilio_here.standin.audible_parties(caller)) == {
        of(twilio_here, "b1").label,
        of(twilio_here, "transferee").label,
    }


def test_in_an_attended_transfer_all_three_hear_each_other(twilio_here: Api, caller: Line) -> None:
    transfer(Call.objects.get(), key_of())
    twilio_here.standin.answer(of(twilio_here, "transferee"))
    assert [
        len(twilio_here.standin.audible_parties(line))
        for line in (caller, of(twilio_here, "b1"), of(twilio_here, "transferee"))
    ] == [2, 2, 2]


def test_after_a_return_the_caller_hears_ringing_again(twilio_here: Api, caller: Line) -> None:
    assert told(do("return", Call.objects.get(), key_of())) == (200, None)
    twilio_here.standin.settle()
    assert caller.is_live is True
    assert caller.hold is True
    assert caller.hears == RINGING
    assert of(twilio_here, "b1").is_live is False


def test_and_then_the_next_buyer(twilio_here: Api, caller: Line) -> None:
    do("return", Call.objects.get(), key_of())
    twilio_here.standin.answer(of(twilio_here, "b2"))
    assert caller.hold is False
    assert twilio_here.standin.audible_parties(caller) == [of(twilio_here, "b2").label]


def test_a_tone_that_cannot_be_played_keeps_nobody_from_being_dialed(
    twilio_here: Api, caller: Line
) -> None:
    twilio_here.troubles.extend([(200, {"sid": of(twilio_here, "b1").sid}), NO_CONFERENCE])
    assert told(do("return", Call.objects.get(), key_of())) == (200, None)
    assert caller.hold is False
    assert of(twilio_here, "b2").status == "queued"


def test_when_nobody_is_left_the_caller_is_told_and_hung_up(
    twilio_here: Api, campaign: Campaign
) -> None:
    caller = twilio_here.standin.call(NUMBER)
    twilio_here.standin.end(of(twilio_here, "b1"), "busy")
    twilio_here.standin.end(of(twilio_here, "b2"), "no-answer")
    assert Call.objects.get().status == "no-target"
    assert caller.hears == UNAVAILABLE
    assert caller.status == "completed"
    assert Leg.objects.get(party=Party.CALLER).final is True


def test_without_any_buyer_too(twilio_here: Api, campaign: Campaign) -> None:
    campaign.routes.all().delete()
    caller = twilio_here.standin.call(NUMBER)
    assert Call.objects.get().status == "no-target"
    assert caller.hears == UNAVAILABLE


def test_a_hold_that_fails_brings_nobody_and_says_so(twilio_here: Api, caller: Line) -> None:
    twilio_here.troubles.append(NO_CONFERENCE)
    answer = do(
        "transfer", Call.objects.get(), key_of(), {"transfer_to": THIRD, "hold_caller": True}
    )
    why = CallEvent.objects.get(kind="leg-failed").detail["why"]
    assert answer.status_code == 503
    assert why == "the conference is over"
    assert len(twilio_here.standin.lines) == 2
