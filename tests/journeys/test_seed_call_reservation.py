"""The call reservation seed over a real socket, byte for byte, and the call after it."""

import json
import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from campaigns.models import Buyer, Campaign
from publishers.models import Key, Publisher
from tests.factories import make_conversion, make_key, make_market, make_number
from tests.pinging import TOKEN

pytestmark = pytest.mark.django_db(transaction=True)
# As the seed prints it, with the braces that it lost.
NO_TARGET = """
"call_reservation": {
    "inbound_number": 18335550101,
    "caller_number": "+10987654321",
    "status": "no-target",
    "expires_at": null,
    "claimed_at": null,
    "wiped_at": null,
    "call": {
        "formatted_caller_number": "(098) 765-4321",
        "status": "no-target",
        "start_time": null,
        "end_time": 1000000000000,
        "caller_number": "+10987654321",
        "target_id": null,
        "winning_leg_connected_at": null,
        "winning_leg_disconnected_at": null
    },
    "matched_targets": [],
    "tag_values": [],
    "conversion_groups": []
}
"""
DETAILS = "&caller_zip=90210&current_carrier=Acme&first_name=Ada&last_name=Lovelace"


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market(pool=0)
    make_number(campaign, number="+18335550101", in_pool=True)
    return campaign


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key("call_reservation", campaign=campaign)


def post(http: httpx.Client, key: Key, query: str) -> httpx.Response:
    answer = http.post(f"/call_reservations.json?key={key.key}&caller_number={query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    return answer


def call_of(http: httpx.Client, reserved: httpx.Response) -> dict[str, Any]:
    """Place the call that a seller sends to the number in the answer."""
    said = {
        "from": "+10987654321",
        "to": f"+{reserved.json()['call_reservation']['inbound_number']}",
    }
    return dict(http.post("/simulator/calls", json=said, headers=TOKEN).json())


@pytest.mark.parametrize("caller", ["10987654321", "+10987654321", "%2B10987654321"])
def test_without_a_buyer_it_is_the_seeds_payload(http: httpx.Client, key: Key, caller: str) -> None:
    Buyer.objects.update(paused=True)
    compact = json.dumps(json.loads(f"{{{NO_TARGET}}}"), separators=(",", ":"))
    text = post(http, key, f"{caller}&affiliate_id=alpha{DETAILS}").text
    assert re.sub(r'"end_time":\d{13}', '"end_time":1000000000000', text) == compact


def test_with_a_buyer_it_has_the_same_members(http: httpx.Client, key: Key) -> None:
    reserved = post(http, key, f"10987654321&affiliate_id=alpha{DETAILS}").json()[
        "call_reservation"
    ]
    seed = json.loads(f"{{{NO_TARGET}}}")["call_reservation"]
    assert list(reserved) == list(seed)
    assert list(reserved["call"]) == list(seed["call"])
    assert reserved["inbound_number"] == 18335550101
    assert reserved["status"] == "reserved"
    assert reserved["matched_targets"] == [{"id": "b1"}]


def test_the_call_is_received_tagged_and_routed(
    http: httpx.Client, campaign: Campaign, key: Key
) -> None:
    call = call_of(http, post(http, key, f"10987654321&affiliate_id=alpha{DETAILS}"))
    assert call["status"] == "ringing"
    assert call["publisher_id"] == "alpha"
    assert call["buyer_id"] == "b1"
    assert call["tags"] == {
        "caller_zip": "90210",
        "current_carrier": "Acme",
        "first_name": "Ada",
        "last_name": "Lovelace",
    }


def test_the_publishers_own_conversion_is_quoted(
    http: httpx.Client, campaign: Campaign, key: Key
) -> None:
    make_conversion(campaign, seconds=30, payout=Decimal("7.50"), publisher=Publisher.objects.get())
    reserved = post(http, key, "10987654321&affiliate_id=alpha")
    assert '"conversion_groups":[{"seconds":30,"payout":7.5}]' in reserved.text


def test_a_publisher_and_a_caller_are_required(http: httpx.Client, key: Key) -> None:
    answers = [
        http.post(f"/call_reservations.json?key={key.key}&{said}")
        for said in ("", "caller_number=10987654321")
    ]
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (422, '{"error":"FAILED must include caller_number (string)"}'),
        (422, '{"error":"FAILED must include affiliate_id (string)"}'),
    ]
