"""Which reservation a call is for, in the order in which it is looked for; and that an ordinary
call is one."""

from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Buyer, Campaign
from publishers.models import Key
from tests.factories import make_campaign, make_key, make_market, make_number
from tests.pinging import CALLER, OTHER_CALLER, Answer, confirm, dial, ping

pytestmark = pytest.mark.django_db
LINE = "+18335550199"


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market()
    make_number(campaign, number=LINE)
    return campaign


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign, allow_no_caller_number=True)


def claimed(call: Answer) -> str | None:
    return call["reservation_uuid"]


def sip(answer: Answer) -> str:
    return f"sip:{answer['uuid']}@rtb.sip.localhost"


# --- in this order --------------------------------------------------------------------------------
def test_a_sip_address_finds_its_own_reservation_whoever_calls(key: Key) -> None:
    ping(key, inbound_number=LINE)
    second = ping(key, caller_number=OTHER_CALLER, inbound_number=LINE)
    assert claimed(dial(sip(second))) == second["uuid"]


@pytest.mark.parametrize(
    "form",
    [
        "sip:{}@rtb.sip.localhost;transport=tls",
        "SIP:{}@sip.example.com:5061",
        "sips:{}@rtb.sip.localhost",
    ],
)
def test_a_sip_address_in_other_words(key: Key, form: str) -> None:
    answer = ping(key)
    assert claimed(dial(form.format(answer["uuid"].upper()))) == answer["uuid"]


def test_the_callers_own_comes_before_an_older_one_without_a_caller(key: Key) -> None:
    older, own = ping(key, caller_number="", inbound_number=LINE), ping(key, inbound_number=LINE)
    assert [claimed(dial(LINE)) for _ in range(3)] == [own["uuid"], older["uuid"], None]


def test_of_the_callers_own_the_oldest(campaign: Campaign, clock: Any) -> None:
    pings = []
    for _ in range(3):
        pings.append(ping(make_key(campaign=campaign), inbound_number=LINE)["uuid"])
        clock(1)
    assert [claimed(dial(LINE)) for _ in range(4)] == [*pings, None]


def test_of_those_without_a_caller_the_oldest(key: Key, clock: Any) -> None:
    pings = []
    for _ in range(3):
        pings.append(ping(key, caller_number="", inbound_number=LINE)["uuid"])
        clock(1)
    assert [
        claimed(dial(LINE, caller=caller)) for caller in (CALLER, None, "anonymous", CALLER)
    ] == [*pings, None]


def test_another_callers_is_not_taken(key: Key) -> None:
    ping(key, inbound_number=LINE)
    assert [claimed(dial(LINE, caller=caller)) for caller in (OTHER_CALLER, None)] == [None, None]


def test_a_call_on_another_number_takes_nothing(campaign: Campaign, key: Key) -> None:
    ping(key)
    assert claimed(dial(LINE)) is None


def test_without_a_ping_it_is_an_ordinary_call(campaign: Campaign) -> None:
    call = dial(LINE)
    assert claimed(call) is None
    assert call["status"] == "ringing"
    assert call["buyer_id"] == "b1"
    assert call["publisher_id"] is None
    assert call["tags"] == {}


# --- live, and claimed once -----------------------------------------------------------------------
def test_a_confirmed_one_is_claimed_as_well(key: Key) -> None:
    answer = ping(key)
    confirm(key, answer["uuid"])
    assert claimed(dial(answer["inbound_number"])) == answer["uuid"]


@pytest.mark.parametrize("seconds", [29, 30])
def test_an_expired_one_is_not_claimed_swept_or_not(key: Key, clock: Any, seconds: int) -> None:
    answer = ping(key)
    clock(seconds)
    assert claimed(dial(answer["inbound_number"])) == (answer["uuid"] if seconds < 30 else None)


def test_the_moment_that_a_call_names_counts(key: Key, clock: Any) -> None:
    answer = ping(key)
    assert claimed(dial(answer["inbound_number"], at="2026-05-05T12:00:30Z")) is None


@pytest.mark.parametrize("how", ["late", "reused"])
def test_a_sip_address_past_its_time_leads_to_its_campaign(key: Key, clock: Any, how: str) -> None:
    address = ping(key, caller_number="")["inbound_number"]
    _ = clock(30) if how == "late" else dial(address)
    call = dial(address)
    assert claimed(call) is None
    assert call["buyer_id"] == "b1"
    assert call["status"] == "ringing"


def test_a_number_of_another_company_never_claims(key: Key) -> None:
    theirs = make_number(make_market(), number="+18335550188")
    ping(key, inbound_number=theirs.number)
    assert claimed(dial(theirs.number)) is None


def test_a_claimed_call_is_on_the_campaign_of_its_ping(campaign: Campaign, key: Key) -> None:
    sister = make_number(make_campaign(campaign.company), number="+18335550188")
    answer = ping(key, inbound_number=sister.number)
    call = dial(sister.number)
    assert claimed(call) == answer["uuid"]
    assert call["buyer_id"] == "b1"
    assert dial(sister.number, caller=OTHER_CALLER)["buyer_id"] is None


# --- ours, or not ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "to",
    [
        "+18335550777",
        "12",
        "nonsense",
        "sip:97d2e4a8-0769-4622-a9d5-b20371145100@rtb.sip.localhost",
        "sip:desk@pbx.example.com",
        "sip:",
    ],
)
def test_a_number_that_is_not_ours_is_not_found(campaign: Campaign, to: str) -> None:
    assert dial(to) == {"error": "that number is not one of ours"}


@pytest.mark.parametrize("how", ["campaign", "company"])
def test_what_was_given_up_is_not_found(campaign: Campaign, key: Key, how: str) -> None:
    answer = ping(key)
    row = campaign if how == "campaign" else campaign.company
    row.retire(now=timezone.now())
    assert [dial(to) for to in (LINE, sip(answer))] == [
        {"error": "that number is not one of ours"}
    ] * 2


# --- attribution ----------------------------------------------------------------------------------
def attribution(call: Answer) -> tuple[object, ...]:
    return claimed(call), call["publisher_id"], call["tags"]


@pytest.mark.parametrize(
    ("seconds", "attributed"),
    [(29, (None, "alpha", {"caller_zip": "90210"})), (30, (None, None, {}))],
)
def test_after_no_target_a_call_is_still_the_publishers_for_a_while(
    key: Key, clock: Any, seconds: int, attributed: tuple[object, ...]
) -> None:
    Buyer.objects.update(paused=True)
    ping(key, publisher_id="alpha", caller_zip="90210", inbound_number=LINE)
    clock(seconds)
    assert attribution(dial(LINE)) == attributed


def test_after_no_target_another_callers_call_is_nobodys(key: Key) -> None:
    Buyer.objects.update(paused=True)
    ping(key, publisher_id="alpha", inbound_number=LINE)
    assert attribution(dial(LINE, caller=OTHER_CALLER)) == (None, None, {})


def test_who_calls_again_after_the_claim_is_still_the_publishers(key: Key, clock: Any) -> None:
    number = ping(key, publisher_id="alpha", caller_zip="90210")["inbound_number"]
    first, again = dial(number), dial(number)
    clock(30)
    assert [attribution(call)[1:] for call in (first, again, dial(number))] == [
        ("alpha", {"caller_zip": "90210"})
    ] * 2 + [(None, {})]


def test_of_several_pings_without_a_buyer_the_newest_counts(key: Key, clock: Any) -> None:
    Buyer.objects.update(paused=True)
    for zip_ in ("10001", "90210"):
        ping(key, caller_zip=zip_, inbound_number=LINE)
        clock(1)
    assert dial(LINE)["tags"] == {"caller_zip": "90210"}


def test_a_sip_address_is_known_without_its_scheme(campaign: Campaign) -> None:
    answer = ping(make_key(campaign=campaign, return_sip_address=True))
    assert dial(answer["sip_address"])["reservation_uuid"] == answer["uuid"]
