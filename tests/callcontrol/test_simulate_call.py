"""`simulate_call` tells in words what became of a call."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from tests.factories import make_key, make_market, make_number
from tests.pinging import CALLER, ping

pytestmark = pytest.mark.django_db
LINE = "+18335550199"


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market()
    make_number(campaign, number=LINE)
    return campaign


def told(*words: str) -> list[str]:
    out = io.StringIO()
    call_command("simulate_call", *words, stdout=out)
    return out.getvalue().splitlines()


def test_a_claimed_call(campaign: Campaign) -> None:
    answer = ping(make_key(campaign=campaign), inbound_number=LINE, caller_zip="90210")
    assert told(LINE, "--from", CALLER) == [
        f"Call {Call.objects.get().uuid} from {CALLER} to {LINE} claims reservation {answer['uuid']}.",
        "  tag caller_zip = 90210",
        f"Buyer 1 at {Buyer.objects.get().number} is ringing.",
    ]


def test_a_withheld_call_that_nobody_takes(campaign: Campaign) -> None:
    Buyer.objects.update(paused=True)
    assert told(LINE) == [
        f"Call {Call.objects.get().uuid} from a withheld number to {LINE} has no reservation.",
        "Nobody takes it: no buyer is left.",
    ]


def test_digits_of_an_agent(campaign: Campaign) -> None:
    campaign.numbers.filter(number=LINE).update(ask_caller_number=True)
    assert f"from {CALLER} to" in told(LINE, "--digits", "2025550102")[0]


def test_a_number_that_is_not_ours() -> None:
    with pytest.raises(CommandError) as error:
        told("+18335550777")
    assert str(error.value) == "+18335550777: that number is not one of ours."


@pytest.mark.parametrize("option", ["--from", "--digits"])
@pytest.mark.parametrize("written", ["zzz", "12", "sip:alice@example.com"])
def test_a_caller_that_is_no_number_is_refused(campaign: Campaign, option: str, written: str) -> None:
    with pytest.raises(CommandError) as error:
        told(LINE, option, written)
    refusal = f"{option} must be a phone number of 7 to 15 digits, or anonymous."
    assert (str(error.value), Call.objects.count()) == (refusal, 0)


@pytest.mark.parametrize("written", ["anonymous", "+266696687", "", "sip:anonymous@anonymous.invalid"])
def test_a_caller_may_be_withheld_in_words(campaign: Campaign, written: str) -> None:
    assert "from a withheld number" in told(LINE, "--from", written)[0]


def test_buyers_are_not_rung_in_earnest(campaign: Campaign, settings: Any) -> None:
    settings.CARRIER = "twilio"
    with pytest.raises(CommandError) as error:
        told(LINE)
    assert str(error.value) == "Calls go through twilio here, and buyers would be rung in earnest."
