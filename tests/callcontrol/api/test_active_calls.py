"""`GET /call_control/v1/active_calls`: on which calls a handler is now, in pages."""

from collections.abc import Callable
from typing import Any

import pytest
from defusedxml import ElementTree
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Buyer, Campaign, GroupMember
from publishers.models import Key, LogEntry
from tests.callcontrol.call_center import (
    arrive,
    at,
    do,
    handler_key,
    leave,
    line,
    pick_up,
    talk,
    transfer,
)
from tests.factories import fresh_phone, make_group, make_market
from tests.pinging import CALLER, OTHER_CALLER, logged

pytestmark = pytest.mark.django_db
Clock = Callable[[float], object]
PATH = "/call_control/v1/active_calls"


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def first(campaign: Campaign) -> Buyer:
    return Buyer.objects.get(buyer_id="b1")


@pytest.fixture
def second(campaign: Campaign) -> Buyer:
    return Buyer.objects.get(buyer_id="b2")


@pytest.fixture
def key(first: Buyer) -> Key:
    return handler_key(first, "active_calls")


def listed(key: Key, query: str = "", path: str = f"{PATH}.json") -> Any:
    return Client().get(f"{path}?api_key={key.key}{query}")


def uuids(key: Key, query: str = "") -> list[str]:
    return [one["call_uuid"] for one in listed(key, query).json()["results"]]


# --- members --------------------------------------------------------------------------------------
def test_the_members_in_the_seeds_order(
    campaign: Campaign, first: Buyer, key: Key, clock: Clock
) -> None:
    call = arrive(campaign)
    noon = 1_777_982_400_000
    assert listed(key).content.decode() == (
        f'{{"success":true,"results":[{{"caller_number":"{CALLER}","caller_number_sent":"{CALLER}",'
        f'"dialed_out_number":"{first.number}","call_uuid":"{call.pk}","started_at":{noon},"dialed_out_at":{noon}}}]}}'
    )


def test_the_call_came_in_before_its_second_buyer_was_dialed(
    campaign: Campaign, second: Buyer, clock: Clock
) -> None:
    call = arrive(campaign)
    clock(7.25)
    leave(call, outcome="busy")
    [one] = listed(handler_key(second)).json()["results"]
    assert one["dialed_out_at"] - one["started_at"] == 7250


def test_a_withheld_number_is_null(campaign: Campaign, key: Key) -> None:
    arrive(campaign, caller=None)
    [one] = listed(key).json()["results"]
    assert one["caller_number"] is None
    assert one["caller_number_sent"] is None


def test_with_no_call_it_does_not_succeed(key: Key) -> None:
    answer = listed(key)
    assert answer.status_code == 200
    assert answer.content == b'{"success":false,"results":[]}'


def test_in_xml(campaign: Campaign, key: Key) -> None:
    call = arrive(campaign)
    root = ElementTree.fromstring(listed(key, path=f"{PATH}.xml").content)
    success, results = root
    [one] = results
    assert root.tag == "hash"
    assert success.attrib == {"type": "boolean"}
    assert results.attrib == {"type": "array"}
    assert one.tag == "result"
    assert [(member.tag, member.attrib.get("type")) for member in one] == [
        ("caller-number", None),
        ("caller-number-sent", None),
        ("dialed-out-number", None),
        ("call-uuid", None),
        ("started-at", "integer"),
        ("dialed-out-at", "integer"),
    ]
    assert one.findtext("call-uuid") == str(call.pk)


def test_none_in_xml(key: Key) -> None:
    answer = listed(key, path=f"{PATH}.xml").content.decode()
    assert answer.endswith(
        '<hash><success type="boolean">false</success><results type="array"></results></hash>'
    )


# --- which calls ----------------------------------------------------------------------------------
def test_ringing_and_answered_and_none_that_is_over(
    campaign: Campaign, key: Key, clock: Clock
) -> None:
    calls = []
    for come_in in (arrive, talk, talk):
        calls.append(come_in(campaign))
        clock(1)
    leave(calls[1], "caller")
    assert uuids(key) == [str(calls[2].pk), str(calls[0].pk)]


def test_a_returned_call_is_the_next_buyers(
    campaign: Campaign, first: Buyer, second: Buyer
) -> None:
    call = talk(campaign)
    do("return", call, handler_key(first))
    assert [uuids(handler_key(one)) for one in (first, second)] == [[], [str(call.pk)]]


def test_a_groups_key_lists_its_members_calls_and_no_others(
    campaign: Campaign, first: Buyer, second: Buyer
) -> None:
    call = arrive(campaign)
    with_first, without = (
        handler_key(make_group(buyers=buyers)) for buyers in ([first, second], [second])
    )
    assert uuids(with_first) == [str(call.pk)]
    assert uuids(without) == []


def test_a_group_lists_the_calls_of_a_new_member(
    campaign: Campaign, first: Buyer, second: Buyer
) -> None:
    call, group = arrive(campaign), make_group(buyers=[second])
    key = handler_key(group)
    before = uuids(key)
    GroupMember.objects.create(group=group, buyer=first)
    assert before == []
    assert uuids(key) == [str(call.pk)]


def test_a_transferee_lists_the_call_from_its_answer_on(
    campaign: Campaign, first: Buyer, second: Buyer
) -> None:
    call, second_key = talk(campaign), handler_key(second)
    transfer(call, handler_key(first), to=second.number)
    before = uuids(second_key)
    pick_up(call, "transferee")
    assert before == []
    assert uuids(second_key) == [str(call.pk)]
    assert uuids(handler_key(first)) == [str(call.pk)]


def test_two_members_on_one_call_are_one_row_the_newest_leg(
    campaign: Campaign, first: Buyer, second: Buyer
) -> None:
    call, group = talk(campaign), make_group(buyers=[first, second])
    transfer(call, handler_key(first), to=second.number)
    pick_up(call, "transferee")
    [one] = listed(handler_key(group)).json()["results"]
    assert one["call_uuid"] == str(call.pk)
    assert one["dialed_out_number"] == second.number


def test_a_leg_past_its_ring_timeout_is_not_listed(
    campaign: Campaign, key: Key, second: Buyer, clock: Clock
) -> None:
    call = arrive(campaign)
    clock(30)
    assert uuids(key) == []
    assert uuids(handler_key(second)) == [str(call.pk)]
    assert at(call) == ("ringing", "b2")


def test_a_paused_buyers_key_still_lists_its_calls(
    campaign: Campaign, first: Buyer, key: Key
) -> None:
    call = arrive(campaign)
    Buyer.objects.filter(pk=first.pk).update(paused=True)
    assert uuids(key) == [str(call.pk)]


# --- by caller ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "spelled", ["+12025550102", "%2B12025550102", "12025550102", "(202)%20555-0102", "2025550102"]
)
def test_a_caller_in_any_spelling(campaign: Campaign, key: Key, spelled: str) -> None:
    call, _ = arrive(campaign), arrive(campaign, OTHER_CALLER)
    assert uuids(key, f"&caller_number={spelled}") == [str(call.pk)]


def test_a_caller_by_the_number_sent_to_the_handler(
    campaign: Campaign, first: Buyer, key: Key
) -> None:
    shown = fresh_phone()
    Buyer.objects.filter(pk=first.pk).update(caller_id=shown)
    call = arrive(campaign)
    assert line(call).caller_number_sent == shown
    assert uuids(key, f"&caller_number={shown}") == [str(call.pk)]


def test_callers_with_a_withheld_number(campaign: Campaign, key: Key) -> None:
    call, _ = arrive(campaign, None), arrive(campaign)
    assert uuids(key, "&caller_number=anonymous") == [str(call.pk)]


@pytest.mark.parametrize("blank", ["", "%20", "undefined"])
def test_a_blank_caller_filters_nothing(campaign: Campaign, key: Key, blank: str) -> None:
    call = arrive(campaign)
    assert uuids(key, f"&caller_number={blank}") == [str(call.pk)]


def test_a_caller_without_calls(campaign: Campaign, key: Key) -> None:
    arrive(campaign)
    assert listed(key, f"&caller_number={OTHER_CALLER}").json() == {"success": False, "results": []}


def test_an_invalid_caller_number(key: Key) -> None:
    answer = listed(key, "&caller_number=hello")
    error = "caller_number must be a phone number of 7 to 15 digits"
    assert answer.status_code == 422
    assert answer.json() == {"success": False, "error": error}


# --- in pages -------------------------------------------------------------------------------------
def test_pages_of_25_that_link_to_each_other(campaign: Campaign, key: Key, clock: Clock) -> None:
    newest_last = []
    for _ in range(26):
        newest_last.append(str(arrive(campaign, fresh_phone()).pk))
        clock(1)
    first = listed(key)
    url = f"<http://testserver{PATH}.json?api_key={key.key}&page=2>"
    assert [one["call_uuid"] for one in first.json()["results"]] == newest_last[:0:-1]
    assert first["Link"] == f'{url}; rel="last", {url}; rel="next"'
    assert uuids(key, "&page=2") == newest_last[:1]


def test_a_page_that_is_no_number(key: Key) -> None:
    answer = listed(key, "&page=two")
    assert answer.status_code == 422
    assert answer.json() == {"success": False, "error": "page must be a whole number from 1"}


@pytest.mark.parametrize("rows", [1, 3])
def test_what_a_list_costs(campaign: Campaign, first: Buyer, rows: int) -> None:
    key = handler_key(make_group(buyers=[first]))
    listed(key)  # the settings are known from here on
    for _ in range(rows):
        arrive(campaign, fresh_phone())
    with CaptureQueriesContext(connection) as sent:
        assert len(uuids(key)) == rows
    assert (
        len([query for query in sent if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])
        == 11
    )


# --- authorization --------------------------------------------------------------------------------
def test_without_the_word_for_it_nothing_is_listed(campaign: Campaign, first: Buyer) -> None:
    arrive(campaign)
    key = handler_key(first, "transfer", "return", "accept", "reject")
    answer = listed(key)
    assert answer.status_code == 401
    assert answer.content == b'{"success":false,"error":"not authorized"}'
    assert [(row.status, row.key_pk) for row in LogEntry.objects.all()] == [(401, key.pk)]


@pytest.mark.parametrize("verb", ["post", "put", "delete", "head"])
def test_active_calls_are_only_read(key: Key, verb: str) -> None:
    answer = getattr(Client(), verb)(f"{PATH}?api_key={key.key}")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET"


def test_the_log_has_its_row(key: Key) -> None:
    listed(key)
    assert logged().type == "call_control"
    assert logged().result == "done"
    assert logged().status == 200
