"""`GET /calls` and `GET /calls/{call_uuid}`: authorization, members, pages."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from defusedxml import ElementTree
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callcontrol.models import Call, Leg
from campaigns.models import Campaign
from publishers.models import Key
from tests.callcontrol.call_log import NOON, get_calls, make_account, make_call, uuids
from tests.factories import (
    make_buyer,
    make_campaign,
    make_company,
    make_key,
    make_market,
    make_number,
    make_publisher,
)
from tests.pinging import CALLER, dial, logged, ping, reservation

pytestmark = pytest.mark.django_db
PATHS = ["/calls", "/calls.json", "/api/v1/calls", "/api/v1/calls.json"]
NO_COMPANY = "company_id is missing, or is not the company of this key"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(campaign_id="roofing")


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_account(campaign.company)


@pytest.fixture
def call(campaign: Campaign) -> Call:
    """One that was sold, with everything that a call may have."""
    company = campaign.company
    call = make_call(
        campaign,
        buyer=make_buyer(company, buyer_id="b1"),
        publisher=make_publisher(company, publisher_id="alpha"),
        status="finished",
        connected_at=NOON + timedelta(seconds=4),
        ended_at=NOON + timedelta(seconds=134.9),
        payout=Decimal(90),
        revenue=Decimal("120.5"),
        converted_at=NOON + timedelta(seconds=134.9),
    )
    for name, value in (("zip", "90210"), ("<age>", ""), ("caller_state", "CA")):
        call.tags.create(name=name, value=value, written_at=NOON)
    return call


def told(key: Key, call: Call | str, ending: str = ".json") -> Any:
    return get_calls(key, path=f"/calls/{call.pk if isinstance(call, Call) else call}{ending}")


# --- authorization --------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PATHS)
def test_a_companys_calls(key: Key, call: Call, path: str) -> None:
    assert uuids(get_calls(key, path=path)) == [str(call.pk)]


@pytest.mark.parametrize("path", PATHS)
def test_one_call(key: Key, call: Call, path: str) -> None:
    base, dot, extension = path.partition(".")
    assert get_calls(key, path=f"{base}/{call.pk}{dot}{extension}").json()["call"]["uuid"] == str(
        call.pk
    )


@pytest.mark.parametrize("name", ["key", "api_key", "Authorization", "X-Api-Key"])
def test_the_key_in_each_of_its_places(key: Key, name: str) -> None:
    given = {"company_id": key.company.company_id}
    text = f"Bearer {key.key}" if name == "Authorization" else key.key
    is_header = name[0].isupper()
    answer = Client().get(
        "/calls",
        given if is_header else {**given, name: text},
        headers={name: text} if is_header else {},
    )
    assert answer.status_code == 200
    assert answer.json() == []


@pytest.mark.parametrize(
    "said",
    ["", "company_id=", "company_id=%20", "company_id=other", "company_id=ROOF", "company_id=%00"],
)
@pytest.mark.parametrize("path", ["/calls.json", f"/calls/{uuid4()}.json"], ids=["list", "one"])
def test_without_its_company_a_key_reads_nothing(said: str, path: str) -> None:
    key = make_account(make_company(company_id="roof"))
    answer = Client().get(path, QUERY_STRING=f"api_key={key.key}&{said}")
    assert answer.status_code == 403
    assert answer.json() == {"error": NO_COMPANY}


def test_another_companys_id_is_refused(key: Key) -> None:
    answer = Client().get("/calls", {"api_key": key.key, "company_id": make_company().company_id})
    assert answer.status_code == 403
    assert logged().status == 403
    assert logged().key_pk == key.pk


@pytest.mark.parametrize("kind", ["rtb", "call_control", "conversion", "call_data_writing"])
def test_a_key_of_another_type_is_unknown(kind: str) -> None:
    answers = [
        get_calls(make_key(kind)),
        Client().get("/calls", {"api_key": "unknown"}),
        Client().get("/calls"),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (401, {"error": "not authorized"})
    ] * 3


def test_others_calls_are_not_there(key: Key) -> None:
    other = make_call()
    assert get_calls(key).json() == []
    assert get_calls(key, f"campaign_id={other.campaign.campaign_id}").json() == []


@pytest.mark.parametrize("uuid", ["", str(uuid4()), "1", "{}", "%00", "٣", "a.b"], ids=range(7))
def test_an_unknown_call_is_not_found(key: Key, uuid: str) -> None:
    answer = told(key, uuid or make_call())
    assert answer.status_code == 404
    assert answer.json() == {"error": "call not found"}


def test_a_retired_campaigns_calls_are_still_there(key: Key, call: Call) -> None:
    Campaign.objects.filter(pk=call.campaign_id).update(retired_at=NOON)
    assert uuids(get_calls(key, "campaign_id=roofing")) == [str(call.pk)]


@pytest.mark.parametrize("verb", ["post", "put", "delete", "head"])
def test_calls_are_only_read(key: Key, verb: str) -> None:
    answer = getattr(Client(), verb)(
        f"/calls?api_key={key.key}&company_id={key.company.company_id}"
    )
    assert answer.status_code == 405
    assert answer["Allow"] == "GET"


def test_the_log_has_the_key_the_call_and_no_secret(key: Key, call: Call) -> None:
    told(key, call)
    row = logged()
    facts = (row.type, row.call_uuid, row.result, row.parameters["api_key"])
    assert facts == ("account", call.pk, "done", f"…{key.key[-4:]}")


# --- what is read ---------------------------------------------------------------------------------
def members(call: Call) -> dict[str, Any]:
    start, picked_up, end = (
        "2026-05-05T12:00:00.000Z",
        "2026-05-05T12:00:04.000Z",
        "2026-05-05T12:02:14.900Z",
    )
    ours = {
        "uuid": str(call.pk),
        "status": "finished",
        "campaign_id": "roofing",
        "publisher_id": "alpha",
        "buyer_id": "b1",
        "reservation_uuid": None,
        "caller_number": CALLER,
        "inbound_number": "+18335550199",
        "started_at": start,
        "connected_at": picked_up,
        "ended_at": end,
        "duration": 134,
        "connected_duration": 130,
        "payout": "90.00",
        "revenue": "120.50",
        "converted": True,
        "duplicate": False,
        "tags": {"<age>": "", "caller_state": "CA", "zip": "90210"},
    }
    times = {"created_at": start, "start_time": start, "forwarded_time": picked_up, "end_time": end}
    ids = {
        "caller": CALLER,
        "number": "+18335550199",
        "cid": "roofing",
        "afid": "alpha",
        "tid": "b1",
    }
    return {**ours, **ids, **times, "total_duration": 134, "dialed_call_duration": 130}


def test_every_member_in_its_order(key: Key, call: Call) -> None:
    [answer] = get_calls(key).json()
    assert list(answer["call"].items()) == list(members(call).items())


@pytest.mark.usefixtures("clock")  # it has just come
def test_what_a_call_has_not_is_null(key: Key, campaign: Campaign) -> None:
    make_call(campaign, status="routing", ended_at=None, caller_number=None)
    [answer] = get_calls(key).json()
    nulls = {name for name, value in answer["call"].items() if value is None}
    nobody = {
        "publisher_id",
        "afid",
        "buyer_id",
        "tid",
        "caller_number",
        "caller",
        "reservation_uuid",
    }
    never = {"connected_at", "forwarded_time", "ended_at", "end_time", "payout", "revenue"}
    assert nulls == nobody | never | {
        "duration",
        "total_duration",
        "connected_duration",
        "dialed_call_duration",
    }


def test_one_call_has_the_same_and_more(key: Key, call: Call) -> None:
    assert told(key, call).json() == {"call": {**members(call), "legs": [], "events": []}}


def test_one_calls_legs_in_the_order_in_which_they_began(key: Key, call: Call) -> None:
    line = {"call": call, "started_at": NOON, "status": "ended"}
    Leg.objects.create(
        **line,
        party="handler",
        place=2,
        number="+14165550102",
        outcome="completed",
        buyer=call.buyer,
    )
    Leg.objects.create(**line, party="handler", place=1, number="+14165550101", outcome="busy")
    Leg.objects.create(
        **{**line, "status": "in-progress"},
        party="caller",
        place=0,
        number=CALLER,
        answered_at=NOON,
    )
    legs = told(key, call).json()["call"]["legs"]
    assert [(leg["number"], leg["buyer_id"], leg["outcome"]) for leg in legs] == [
        (CALLER, None, None),
        ("+14165550101", None, "busy"),
        ("+14165550102", "b1", "completed"),
    ]


def test_every_member_of_a_leg(key: Key, call: Call) -> None:
    leg = Leg.objects.create(
        call=call,
        party="handler",
        number="+14165550101",
        caller_number_sent=CALLER,
        started_at=NOON,
        answered_at=NOON,
    )
    [answer] = told(key, call).json()["call"]["legs"]
    noon = "2026-05-05T12:00:00.000Z"
    names = {
        "leg_uuid": str(leg.pk),
        "party": "handler",
        "number": "+14165550101",
        "caller_number_sent": CALLER,
    }
    stands = {"buyer_id": None, "status": "ringing", "outcome": None}
    assert answer == {
        **names,
        **stands,
        "started_at": noon,
        "answered_at": noon,
        "ended_at": None,
        "hears": [],
    }


def test_a_simulated_call_with_its_timeline() -> None:
    campaign = make_market()
    pinged = ping(make_key(campaign=campaign), zip="90210")
    shown = dial(pinged["inbound_number"])
    call = told(make_account(campaign.company), shown["call_uuid"]).json()["call"]
    assert call["reservation_uuid"] == str(reservation(pinged).pk)
    assert call["tags"] == shown["tags"]
    assert call["status"] == "ringing"
    assert call["events"] == shown["events"]


# --- with no worker -------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/calls.json", "/calls/{}.json"], ids=["list", "one"])
def test_reading_applies_the_ring_timeout(clock: Callable[[float], object], path: str) -> None:
    campaign = make_market()
    shown = dial(make_number(campaign).number)
    clock(31)
    answer = get_calls(make_account(campaign.company), path=path.format(shown["call_uuid"])).json()
    call = (answer[0] if isinstance(answer, list) else answer)["call"]
    assert shown["status"] == "ringing"
    assert call["status"] == "no-target"
    assert (call["ended_at"] is None) is False


# --- in pages -------------------------------------------------------------------------------------
def test_pages_link_to_each_other(key: Key, campaign: Campaign) -> None:
    newest_last = [str(make_call(campaign, minutes=minute).pk) for minute in range(27)]
    first = get_calls(key)
    url = f"<http://testserver/calls.json?api_key={key.key}&company_id={key.company.company_id}&page=2>"
    assert uuids(first) == newest_last[:1:-1]
    assert first["Link"] == f'{url}; rel="last", {url}; rel="next"'


def test_past_the_end_is_an_empty_list_that_leads_back(key: Key, call: Call) -> None:
    answer = get_calls(key, "page=7", path="/api/v1/calls.xml")
    url = f"http://testserver/api/v1/calls.xml?api_key={key.key}&company_id={key.company.company_id}&page=1"
    links = ", ".join(f'<{url}>; rel="{name}"' for name in ("first", "prev", "last"))
    assert answer.status_code == 200
    assert list(ElementTree.fromstring(answer.content)[0]) == []
    assert answer["Link"] == links


def test_a_key_in_a_header_is_in_no_link(key: Key) -> None:
    answer = Client().get("/calls", {"company_id": "roof"}, headers={"X-Api-Key": key.key})
    key.company.company_id = "roof"
    key.company.save()
    found = Client().get("/calls", {"company_id": "roof"}, headers={"X-Api-Key": key.key})
    assert ("Link" in answer.headers) is False
    assert found["Link"] == '<http://testserver/calls?company_id=roof&page=1>; rel="last"'


@pytest.mark.parametrize("rows", [1, 3])
def test_what_a_list_costs(key: Key, campaign: Campaign, rows: int) -> None:
    get_calls(key)  # the settings are known from here on
    for _ in range(rows):
        call = make_call(
            campaign, buyer=make_buyer(campaign.company), publisher=make_publisher(campaign.company)
        )
        call.tags.create(name="zip", value="90210", written_at=NOON)
    get_calls(key)
    with CaptureQueriesContext(connection) as sent:
        get_calls(key)
    assert (
        len([query for query in sent if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])
        == 11
    )


# --- XML ------------------------------------------------------------------------------------------
def test_a_list_in_xml(key: Key, call: Call) -> None:
    root = ElementTree.fromstring(get_calls(key, path="/calls.xml").content)
    [calls] = root
    facts = [(one.tag, one.findtext("uuid"), one.findtext("caller-number")) for one in calls]
    assert root.tag == "hash"
    assert calls.tag == "calls"
    assert calls.attrib == {"type": "array"}
    assert facts == [("call", str(call.pk), CALLER)]


def test_one_call_in_xml(key: Key, call: Call) -> None:
    one = ElementTree.fromstring(told(key, call, ".xml").content).find("call")
    tags = [(tag.findtext("key"), tag.findtext("value")) for tag in one.find("tags")]
    kinds = {
        name: one.find(name).attrib
        for name in ("duration", "ended-at", "converted", "payout", "reservation-uuid", "legs")
    }
    assert tags == [("<age>", ""), ("caller_state", "CA"), ("zip", "90210")]
    assert kinds == {
        "duration": {"type": "integer"},
        "ended-at": {"type": "datetime"},
        "converted": {"type": "boolean"},
        "payout": {},
        "reservation-uuid": {"nil": "true"},
        "legs": {"type": "array"},
    }


def test_a_refusal_in_xml(key: Key) -> None:
    answer = get_calls(key, "page=two", path="/calls.xml")
    assert answer.status_code == 422
    assert (
        ElementTree.fromstring(answer.content).findtext("error")
        == "page must be a whole number from 1"
    )
