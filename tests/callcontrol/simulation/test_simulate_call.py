"""`simulate_call` plays a call and prints its timeline."""

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


@pytest.fixture
def two_buyers() -> Campaign:
    campaign = make_market(caps=[None, None])
    make_number(campaign, number=LINE)
    return campaign


def told(*words: str) -> list[str]:
    out = io.StringIO()
    call_command("simulate_call", *words, stdout=out)
    return out.getvalue().splitlines()


def story(*words: str) -> list[str]:
    """Return the printed events, without the caller and the verdicts."""
    return [line.strip() for line in told(LINE, *words)[1:] if not line.startswith("      ")]


# --- output ---------------------------------------------------------------------------------------
def test_a_claimed_call(campaign: Campaign) -> None:
    answer = ping(make_key(campaign=campaign), inbound_number=LINE, caller_zip="90210")
    assert told(LINE, "--from", CALLER) == [
        f"Call {Call.objects.get().uuid} from {CALLER} to {LINE} claims reservation {answer['uuid']}.",
        "  tag caller_zip = 90210",
        f"  0:00 The caller dialed {LINE}.",
        "  0:00 Routing decided.",
        "       Buyer 1: reserved for this caller",
        "  0:00 Buyer b1 is being dialed.",
        f"Buyer 1 at {Buyer.objects.get().number} is ringing.",
    ]


def test_a_withheld_call_that_nobody_takes(campaign: Campaign) -> None:
    Buyer.objects.update(paused=True)
    assert told(LINE) == [
        f"Call {Call.objects.get().uuid} from a withheld number to {LINE} has no reservation.",
        f"  0:00 The caller dialed {LINE}.",
        "  0:00 Routing decided.",
        "       Buyer 1: paused",
        "  0:00 The call ended: no buyer is left.",
        "Nobody takes it.",
    ]


# --- what is played -------------------------------------------------------------------------------
def test_a_whole_call(campaign: Campaign) -> None:
    assert story("--answer-after", "5", "--talk", "130")[2:] == [
        "0:00 Buyer b1 is being dialed.",
        "0:05 The handler answered.",
        "2:15 The caller hung up.",
        "2:15 The call ended: the caller hung up.",
        "2:15 The call converted: 90.00 to the publisher, 120.00 from the buyer.",
        "The call pays 90.00 to the publisher and earns 120.00 from the buyer.",
    ]


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["--answer-after", "5"], "Buyer 1 at {} is on the line."),
        (["--talk", "119"], "It pays nothing."),
        (
            ["--talk", "120"],
            "The call pays 90.00 to the publisher and earns 120.00 from the buyer.",
        ),
        (["--busy", "1"], "Nobody takes it."),
        (["--answer-after", "30"], "Nobody takes it."),
        (["--answer-after", "30", "--talk", "130"], "Nobody takes it."),
    ],
    ids=" ".join,
)
def test_how_it_ends(campaign: Campaign, words: list[str], end: str) -> None:
    assert story(*words)[-1] == end.format(Buyer.objects.get().number)


def test_busy_buyers_come_first(two_buyers: Campaign) -> None:
    assert story("--busy", "1", "--answer-after", "5", "--talk", "10")[2:] == [
        "0:00 Buyer b1 is being dialed.",
        "0:00 The handler was busy.",
        "0:00 Routing decided.",
        "0:00 Buyer b2 is being dialed.",
        "0:05 The handler answered.",
        "0:15 The caller hung up.",
        "0:15 The call ended: the caller hung up.",
        "0:15 The call did not convert.",
        "It pays nothing.",
    ]


def test_who_rings_longer_than_the_first_answers_later(two_buyers: Campaign) -> None:
    Buyer.objects.filter(buyer_id="b2").update(timeout_seconds=60)
    assert [line for line in story("--answer-after", "40") if "The handler" in line] == [
        "0:30 The handler did not answer.",
        "1:10 The handler answered.",
    ]


def test_the_phone_that_answers_may_be_in_another_call(campaign: Campaign) -> None:
    make_number(make_market(), number="+18335550188")
    Buyer.objects.filter(company=campaign.company).update(number="+18335550188")
    story("--answer-after", "5", "--talk", "130")
    assert Call.objects.filter(payout="90.00", revenue="120.00").count() == 2


# --- what is refused ------------------------------------------------------------------------------
def test_digits_of_an_agent(campaign: Campaign) -> None:
    campaign.numbers.filter(number=LINE).update(ask_caller_number=True)
    assert f"from {CALLER} to" in told(LINE, "--digits", "2025550102")[0]


def test_a_number_that_is_not_ours() -> None:
    with pytest.raises(CommandError) as error:
        told("+18335550777")
    assert str(error.value) == "+18335550777: that number is not one of ours."


@pytest.mark.parametrize("option", ["--from", "--digits"])
@pytest.mark.parametrize("written", ["zzz", "12", "sip:alice@example.com"])
def test_a_caller_that_is_no_number_is_refused(
    campaign: Campaign, option: str, written: str
) -> None:
    with pytest.raises(CommandError) as error:
        told(LINE, option, written)
    refusal = f"{option} must be a phone number of 7 to 15 digits, or anonymous."
    assert str(error.value) == refusal
    assert Call.objects.count() == 0


@pytest.mark.parametrize("option", ["--busy", "--answer-after", "--talk"])
@pytest.mark.parametrize("written", ["x", "1.5", "86401"])
def test_a_time_that_is_none_is_refused(campaign: Campaign, option: str, written: str) -> None:
    with pytest.raises(CommandError) as error:
        told(LINE, option, written)
    refusal = f"Error: argument {option}: {written} is no whole number from 0 to 86400"
    assert str(error.value) == refusal
    assert Call.objects.count() == 0


@pytest.mark.parametrize(
    "written", ["anonymous", "+266696687", "", "sip:anonymous@anonymous.invalid"]
)
def test_a_caller_may_be_withheld_in_words(campaign: Campaign, written: str) -> None:
    assert "from a withheld number" in told(LINE, "--from", written)[0]


def test_buyers_are_not_rung_in_earnest(campaign: Campaign, settings: Any) -> None:
    settings.CARRIER = "twilio"
    with pytest.raises(CommandError) as error:
        told(LINE)
    assert str(error.value) == "Calls go through twilio here, and buyers would be rung in earnest."
