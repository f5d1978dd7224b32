"""The life of a call over HTTP: pinged, dialed, answered, hung up, paid, and listed."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from campaigns.models import Buyer
from publishers.models import Key
from tests.factories import make_key, make_market, make_number

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = {"Authorization": "Bearer simulator"}
Answer = dict[str, Any]


@pytest.fixture
def key() -> Key:
    """Create a key of a campaign with two buyers; it pays 90.00 for 120.00 after two minutes."""
    return make_key(campaign=make_market(caps=[1, 1]))


def dialed(http: httpx.Client, to: str) -> Answer:
    return http.post(
        "/simulator/calls", json={"from": "+12025550102", "to": to}, headers=TOKEN
    ).json()  # type: ignore[no-any-return]


def pinged(http: httpx.Client, key: Key) -> Answer:
    return http.post(
        f"/rtbs.json?key={key.key}&caller_number=12025550102&publisher_id=alpha"
    ).json()  # type: ignore[no-any-return]


def acted(http: httpx.Client, call: Answer, what: str, **said: str) -> Answer:
    """Act on the leg that was dialed last."""
    path = f"/simulator/legs/{call['legs'][-1]['leg_uuid']}/{what}.json"
    return http.post(path, json=said, headers=TOKEN).json()  # type: ignore[no-any-return]


def hung_up(http: httpx.Client, call: Answer, seconds: float) -> Answer:
    """Hang up the caller's leg `seconds` after the last event."""
    at = datetime.fromisoformat(call["events"][-1]["at"]) + timedelta(seconds=seconds)
    path = f"/simulator/calls/{call['call_uuid']}/hang-up"
    return http.post(path, json={"at": at.isoformat()}, headers=TOKEN).json()  # type: ignore[no-any-return]


def money(call: Answer) -> tuple[Any, ...]:
    return call["status"], call["buyer_id"], call["payout"], call["revenue"], call["converted"]


def test_a_call_is_answered_hung_up_and_paid(http: httpx.Client, key: Key) -> None:
    ping = pinged(http, key)
    call = acted(http, dialed(http, ping["inbound_number"]), "answer")
    ended = hung_up(http, call, 130)
    assert money(call) == ("in-progress", "b1", None, None, False)
    assert money(ended) == ("finished", "b1", "90.00", "120.00", True)


def test_after_a_busy_buyer_the_next_is_dialed_and_pays(http: httpx.Client, key: Key) -> None:
    call = dialed(http, pinged(http, key)["inbound_number"])
    for what in ("busy", "answer"):
        call = acted(http, call, what)
    assert money(hung_up(http, call, 120)) == ("finished", "b2", "90.00", "120.00", True)


def test_everything_that_happened_is_on_the_timeline(http: httpx.Client, key: Key) -> None:
    call = acted(http, dialed(http, pinged(http, key)["inbound_number"]), "answer")
    hung_up(http, call, 130)
    seen = http.get(f"/simulator/calls/{call['call_uuid']}", headers=TOKEN).json()
    assert [event["event"] for event in seen["events"]] == [
        "arrived",
        "routed",
        "dialing",
        "answered",
        "left",
        "ended",
        "converted",
    ]


def test_the_call_reads_the_same_for_its_company(http: httpx.Client, key: Key) -> None:
    company, ping = key.company, pinged(http, key)
    call = acted(http, dialed(http, ping["inbound_number"]), "answer")
    hung_up(http, call, 130)
    query = f"api_key={make_key('account', company=company).key}&company_id={company.company_id}"
    (listed,) = http.get(f"/calls.json?{query}").json()
    read = {
        name: listed["call"][name]
        for name in ("uuid", "reservation_uuid", "publisher_id", "payout", "connected_duration")
    }
    assert read == {
        "uuid": call["call_uuid"],
        "reservation_uuid": ping["uuid"],
        "publisher_id": "alpha",
        "payout": "90.00",
        "connected_duration": 130,
    }


def test_a_call_passed_on_between_two_campaigns_pays_both(http: httpx.Client, key: Key) -> None:
    """The buyer of the first campaign is a number of the second: two calls, one line."""
    other = make_market()
    make_number(other, number="+18335550188")
    other.conversions.update(payout="80.00")  # type: ignore[attr-defined]
    Buyer.objects.filter(company=key.company, buyer_id="b1").update(number="+18335550188")
    call = dialed(http, pinged(http, key)["inbound_number"])
    there = http.get(f"/simulator/calls/{call['legs'][-1]['arrived_as']}", headers=TOKEN).json()
    ended = hung_up(http, acted(http, there, "answer"), 130)
    assert money(ended) == ("finished", "b1", "80.00", "120.00", True)
    assert money(http.get(f"/simulator/calls/{call['call_uuid']}", headers=TOKEN).json()) == (
        "finished",
        "b1",
        "90.00",
        "120.00",
        True,
    )
