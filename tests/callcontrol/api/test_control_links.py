"""Plain links: the caller's number names the call, the path the owner of the key."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Buyer, Campaign
from publishers.models import Key, LogEntry
from tests.callcontrol.call_center import (
    arrive,
    at,
    do,
    handler_key,
    leave,
    line,
    talk,
    told,
    transfer,
)
from tests.factories import fresh_phone, make_buyer, make_company, make_group, make_market
from tests.pinging import CALLER, OTHER_CALLER, logged

pytestmark = pytest.mark.django_db
DONE = (200, None)
NOT_AUTHORIZED = (401, "not authorized")


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def first(campaign: Campaign) -> Buyer:
    return Buyer.objects.get(buyer_id="b1")


@pytest.fixture
def key(first: Buyer) -> Key:
    return handler_key(first, "reject")


def follow(
    key: Key, owner: str = "buyers/b1", caller: str = CALLER, verb: str = "GET", **more: Any
) -> Any:
    path = f"/{owner}/call_control/reject{more.pop('ending', '')}"
    return Client().generic(
        verb, path, QUERY_STRING=f"api_key={key.key}&caller_number={caller}", **more
    )


# --- it rejects -----------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_buyers_link(campaign: Campaign, key: Key, verb: str, ending: str) -> None:
    call = arrive(campaign)
    assert told(follow(key, verb=verb, ending=ending)) == DONE
    assert at(call) == ("ringing", "b2")


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_groups_link(campaign: Campaign, first: Buyer, verb: str) -> None:
    call, group = arrive(campaign), make_group(buyers=[first], group_id="west")
    assert told(follow(handler_key(group), "buyer_groups/west", verb=verb)) == DONE
    assert at(call) == ("ringing", "b2")


def test_in_a_browser(campaign: Campaign, key: Key) -> None:
    arrive(campaign)
    answer = follow(
        key, headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    )
    assert answer["Content-Type"] == "application/json"
    assert answer.content == b'{"success":true}'


def test_in_xml(campaign: Campaign, key: Key) -> None:
    arrive(campaign)
    start = '<?xml version="1.0" encoding="utf-8"?>\n'
    body = f'{start}<hash><success type="boolean">true</success></hash>'
    assert follow(key, ending=".xml").content.decode() == body


def test_followed_twice_it_rejects_once(campaign: Campaign, key: Key) -> None:
    call = arrive(campaign)
    assert [told(follow(key)) for _ in range(2)] == [DONE, DONE]
    assert at(call) == ("ringing", "b2")


def test_a_link_preview_does_nothing(campaign: Campaign, key: Key) -> None:
    call = arrive(campaign)
    answer = follow(key, verb="HEAD")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST"
    assert at(call) == ("ringing", "b1")


# --- which call -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "spelled", ["12025550102", "+12025550102", "%2B1%20(202)%20555-0102", "2025550102"]
)
def test_a_caller_in_any_spelling(campaign: Campaign, key: Key, spelled: str) -> None:
    call = arrive(campaign)
    assert told(follow(key, caller=spelled)) == DONE
    assert at(call) == ("ringing", "b2")


def test_the_number_sent_to_the_handler(campaign: Campaign, first: Buyer, key: Key) -> None:
    Buyer.objects.filter(pk=first.pk).update(caller_id=fresh_phone())
    call = arrive(campaign)
    shown = line(call).caller_number_sent or ""
    assert [told(follow(key, caller=shown)) for _ in range(2)] == [DONE, DONE]
    assert at(call) == ("ringing", "b2")


def test_the_newest_of_the_callers_calls(
    campaign: Campaign, key: Key, clock: Callable[[float], object]
) -> None:
    older = arrive(campaign)
    clock(1)
    newer = arrive(campaign)
    assert told(follow(key)) == DONE
    assert at(older) == ("ringing", "b1")
    assert at(newer) == ("ringing", "b2")


def test_a_caller_with_a_withheld_number(campaign: Campaign, key: Key) -> None:
    call = arrive(campaign, None)
    assert told(follow(key, caller="anonymous")) == DONE
    assert at(call) == ("ringing", "b2")


def test_a_transferee_that_still_rings_does_not_hide_an_older_call(
    campaign: Campaign, first: Buyer, clock: Callable[[float], object]
) -> None:
    second = Buyer.objects.get(buyer_id="b2")
    older = arrive(campaign)
    do("reject", older, handler_key(first))
    clock(1)
    transfer(talk(campaign), handler_key(first), to=second.number)
    assert told(follow(handler_key(second), "buyers/b2")) == DONE
    assert at(older)[0] == "no-target"


# --- each error -----------------------------------------------------------------------------------
def test_a_call_that_has_ended(campaign: Campaign, key: Key) -> None:
    call = talk(campaign)
    leave(call, "caller")
    assert told(follow(key)) == (422, "call not live")


def test_too_late(campaign: Campaign, key: Key, clock: Callable[[float], object]) -> None:
    call = talk(campaign)
    clock(91)
    assert told(follow(key)) == (422, "reject timeout passed")
    assert at(call) == ("in-progress", "b1")


@pytest.mark.parametrize(
    ("caller", "error"),
    [
        ("", "FAILED must include caller_number (string)"),
        ("undefined", "FAILED must include caller_number (string)"),
        ("hello", "caller_number must be a phone number of 7 to 15 digits"),
    ],
)
def test_a_caller_that_is_missing_or_no_number(
    campaign: Campaign, key: Key, caller: str, error: str
) -> None:
    call = arrive(campaign)
    assert told(follow(key, caller=caller)) == (422, error)
    assert at(call) == ("ringing", "b1")


@pytest.mark.parametrize(
    "owner", ["buyers/b2", "buyers/B1", "buyers/west", "buyer_groups/b1", "buyer_groups/west"]
)
def test_the_path_must_name_the_keys_owner(
    campaign: Campaign, first: Buyer, key: Key, owner: str
) -> None:
    make_group(buyers=[first], group_id="west")
    call = arrive(campaign)
    assert told(follow(key, owner)) == NOT_AUTHORIZED
    assert at(call) == ("ringing", "b1")


def test_a_groups_key_is_not_its_members(campaign: Campaign, first: Buyer) -> None:
    arrive(campaign)
    assert told(follow(handler_key(make_group(buyers=[first])))) == NOT_AUTHORIZED


def test_another_companys_owner_of_the_same_id(campaign: Campaign) -> None:
    call, other = arrive(campaign), make_buyer(make_company(), buyer_id="b1")
    assert told(follow(handler_key(other))) == NOT_AUTHORIZED
    assert at(call) == ("ringing", "b1")


def test_an_unknown_call_answers_as_another_owners_call(campaign: Campaign, key: Key) -> None:
    arrive(campaign)
    others = handler_key(Buyer.objects.get(buyer_id="b2"))
    answers = [
        follow(key, caller=OTHER_CALLER),
        follow(others, "buyers/b2"),
        follow(others),
        follow(handler_key(Buyer.objects.get(buyer_id="b1"), "return")),
    ]
    assert {(answer.status_code, answer.content, str(answer.headers)) for answer in answers} == {
        (401, b'{"success":false,"error":"not authorized"}', str(answers[0].headers))
    }


def test_a_call_of_yesterday_is_not_found(
    campaign: Campaign, key: Key, clock: Callable[[float], object]
) -> None:
    leave(talk(campaign), "caller")
    clock(86_401)
    assert told(follow(key)) == NOT_AUTHORIZED


def test_the_log_names_the_call(campaign: Campaign, key: Key) -> None:
    call = arrive(campaign)
    follow(key)
    assert LogEntry.objects.count() == 1
    assert logged().call_uuid == call.pk
    assert logged().caller_number == CALLER
