"""The main path over HTTP: a ping holds a buyer, and the call that follows claims it."""

import re
from typing import Any

import httpx
import pytest

from publishers.models import Key
from tests.factories import (
    make_campaign,
    make_conversion,
    make_key,
    make_number,
    make_publisher,
    make_route,
)

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = {"Authorization": "Bearer simulator"}


@pytest.fixture
def key() -> Key:
    campaign = make_campaign()
    make_route(campaign)
    make_number(campaign, number="+18335550101", in_pool=True)
    make_conversion(campaign)
    make_publisher(campaign.company, publisher_id="alpha")
    return make_key(campaign=campaign, allow_no_caller_number=True)


def _ping(http: httpx.Client, key: Key, query: str) -> dict[str, object]:
    return http.post(f"/rtbs.json?key={key.key}{query}").json()


def _dial(http: httpx.Client, to: object) -> dict[str, Any]:
    return http.post(
        "/simulator/calls", json={"from": "+12025550102", "to": to}, headers=TOKEN
    ).json()


def test_the_answer_has_the_seeds_fields_in_the_seeds_order(http: httpx.Client, key: Key) -> None:
    answer = _ping(http, key, "&caller_number=12025550102")
    assert list(answer) == [
        "uuid",
        "status",
        "retreaver_payout",
        "retreaver_seconds",
        "inbound_number",
        "expires_at",
    ]
    assert answer["status"] == "reserved"
    assert answer["retreaver_payout"] == 90.0
    assert answer["retreaver_seconds"] == 120
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(answer["expires_at"]))


def test_the_call_claims_the_reservation_and_rings_the_held_buyer(
    http: httpx.Client, key: Key
) -> None:
    ping = _ping(http, key, "&caller_number=12025550102&publisher_id=alpha&caller_zip=90210")
    call = _dial(http, ping["inbound_number"])
    assert call["reservation_uuid"] == ping["uuid"]
    assert call["publisher_id"] == "alpha"
    assert call["tags"] == {"caller_zip": "90210"}
    assert [(leg["party"], leg["status"]) for leg in call["legs"]] == [
        ("caller", "in-progress"),
        ("handler", "ringing"),
    ]  # type: ignore[attr-defined]


def test_a_second_call_finds_the_reservation_taken(http: httpx.Client, key: Key) -> None:
    ping = _ping(http, key, "&caller_number=12025550102")
    first, second = _dial(http, ping["inbound_number"]), _dial(http, ping["inbound_number"])
    assert first["reservation_uuid"] == ping["uuid"]
    assert second["reservation_uuid"] is None


def test_a_sip_address_leads_to_its_own_reservation(http: httpx.Client, key: Key) -> None:
    ping = _ping(http, key, "")
    assert ping["inbound_number"] == f"sip:{ping['uuid']}@rtb.sip.localhost"
    assert _dial(http, ping["inbound_number"])["reservation_uuid"] == ping["uuid"]
