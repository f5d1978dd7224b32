"""A call arrives by Twilio's voice webhook: its campaign, and the TwiML; no network request."""

from typing import Any

import pytest
from django.test import Client

from callcontrol.models import Call, Leg
from campaigns.models import Campaign
from reservations.models import Reservation
from tests.callcontrol.twilio.posting import CALLER_SID, NUMBER, path, posted, recorded
from tests.callcontrol.twilio.rest import Api
from tests.factories import make_key, make_market, make_number
from tests.pinging import CALLER, ping

pytestmark = pytest.mark.django_db(transaction=True)
XML = '<?xml version="1.0" encoding="UTF-8"?>'
REJECTED = (200, f"{XML}<Response><Reject /></Response>")


@pytest.fixture
def campaign() -> Campaign:
    return make_market()


def call_of(said: dict[str, str]) -> Call:
    """The call that came of a voice webhook."""
    assert posted(path("voice"), said)[0] == 200
    return Call.objects.get(carrier_call_id=said["CallSid"])


def test_the_caller_is_put_into_the_conference_of_the_call(twilio: Api, campaign: Campaign) -> None:
    make_number(campaign, number=NUMBER)
    status, text = posted(path("voice"), recorded("voice"))
    call, leg = Call.objects.get().pk, Leg.objects.get().pk
    ours = "https://calls.example.com"
    assert status == 200
    assert text == (
        f'{XML}<Response><Dial action="{ours}/carriers/twilio/left?leg={leg}"><Conference beep="false" '
        f'endConferenceOnExit="true" participantLabel="{leg}" startConferenceOnEnter="true" '
        f'statusCallback="{ours}/carriers/twilio/conference?call={call}&amp;leg={leg}" '
        'statusCallbackEvent="start end join leave" waitMethod="GET" '
        f'waitUrl="{ours}/static/callcontrol/ringing.xml">{call}</Conference></Dial></Response>'
    )


def test_it_is_taken_in_and_nobody_is_asked_yet(twilio: Api, campaign: Campaign) -> None:
    make_number(campaign, number=NUMBER)
    call = call_of(recorded("voice"))
    assert call.status == "routing"
    assert call.caller_number == CALLER
    assert call.carrier_call_id == CALLER_SID
    assert twilio.asked == []


def test_an_api_that_never_answers_keeps_no_caller_waiting(twilio: Api, campaign: Campaign) -> None:
    make_number(campaign, number=NUMBER)
    twilio.speaks.clear()
    assert twilio.standin.call(NUMBER, joins=False).conference == str(Call.objects.get().pk)


def test_told_again_it_is_the_same_call_and_the_same_answer(
    twilio: Api, campaign: Campaign
) -> None:
    make_number(campaign, number=NUMBER)
    first, second = (posted(path("voice"), recorded("voice")) for _ in range(2))
    assert first == second
    assert Call.objects.count() == 1


def test_told_again_after_its_end_it_is_rejected(twilio: Api, campaign: Campaign) -> None:
    make_number(campaign, number=NUMBER)
    call_of(recorded("voice"))
    posted(path("status"), recorded("caller-completed"))
    assert posted(path("voice"), recorded("voice")) == REJECTED
    assert Call.objects.get().status == "finished"


@pytest.mark.parametrize(
    "to", ["+18335550100", "sip:nobody@acme.sip.twilio.com", "", "client:desk"]
)
def test_a_number_that_is_not_ours_is_rejected(twilio: Api, campaign: Campaign, to: str) -> None:
    assert posted(path("voice"), recorded("voice", To=to)) == REJECTED
    assert Call.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["+266696687", "anonymous", "Restricted", "", "sip:anonymous@anonymous.invalid"]
)
def test_a_withheld_caller_has_no_number(twilio: Api, campaign: Campaign, name: str) -> None:
    make_number(campaign, number=NUMBER)
    assert call_of(recorded("voice-withheld", From=name)).caller_number is None


def test_a_call_to_a_sip_address_claims_its_reservation(
    twilio: Api, campaign: Campaign, settings: Any
) -> None:
    settings.RTB_SIP_DOMAIN = "acme.sip.twilio.com"
    campaign.numbers.all().delete()
    answer = ping(make_key(campaign=campaign))
    call = call_of(recorded("voice-sip", To=answer["inbound_number"]))
    assert call.reservation == Reservation.objects.get(uuid=answer["uuid"])
    assert call.caller_number == CALLER


@pytest.mark.parametrize("sid", ["", "CA1", "CA" + "1" * 33, "x" * 300])
def test_a_call_without_a_sid_cannot_be_taken(twilio: Api, campaign: Campaign, sid: str) -> None:
    make_number(campaign, number=NUMBER)
    assert posted(path("voice"), recorded("voice", CallSid=sid)) == (
        422,
        '{"error":"CallSid must be the SID of a call"}',
    )


# --- a transferring agent keys in the caller's number ---------------------------------------------
def test_a_number_that_asks_for_the_callers_gathers_digits(twilio: Api, campaign: Campaign) -> None:
    make_number(campaign, number=NUMBER, ask_caller_number=True)
    assert posted(path("voice"), recorded("voice")) == (
        200,
        f'{XML}<Response><Gather action="https://calls.example.com/carriers/twilio/digits" actionOnEmptyResult="true" '
        'finishOnKey="#" timeout="10"><Say>Please enter the phone number of the caller, then press pound.</Say>'
        "</Gather></Response>",
    )
    assert Call.objects.count() == 0


@pytest.mark.parametrize(
    ("digits", "number"),
    [("3105550103", "+13105550103"), ("13105550103", "+13105550103"), ("", None), ("12", None)],
)
def test_the_digits_are_the_callers_number(
    twilio: Api, campaign: Campaign, digits: str, number: str | None
) -> None:
    make_number(campaign, number=NUMBER, ask_caller_number=True)
    twilio.standin.call(NUMBER, digits=digits)
    assert Call.objects.get().caller_number == number
    assert Call.objects.get().status == "ringing"


# --- what the caller hears meanwhile --------------------------------------------------------------
def test_the_ringing_tone_is_served(twilio: Api) -> None:
    twiml, tone = (Client().get(f"/static/callcontrol/ringing.{kind}") for kind in ("xml", "wav"))
    assert b'<Play loop="0">ringing.wav</Play>' in b"".join(twiml)
    assert twiml["Content-Type"] == 'text/xml; charset="utf-8"'
    assert b"".join(tone)[:4] == b"RIFF"
