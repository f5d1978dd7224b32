"""The demo company: loaded by `apply`, with lines that can be typed."""

import io
from typing import Any

import pytest
from django.core.management import call_command

from campaigns.models import Buyer, CatalogueVersion, Webhook
from config.management.commands.demo import SELLER
from publishers.models import Conversion, InboundNumber, Key
from reservations.models import Reservation
from tests.pinging import dial, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def printed() -> str:
    out = io.StringIO()
    call_command("demo", base_url="http://demo.example:8000/", stdout=out)
    return out.getvalue()


def test_the_ping_is_spelled_out(printed: str) -> None:
    key = Key.objects.get(type="rtb", campaign__campaign_id="roofing").key
    line = f'curl -X POST -s "http://demo.example:8000/rtbs.json?key={key}&caller_number=12025550102"'
    assert [found.strip() for found in printed.splitlines() if "/rtbs.json" in found] == [line]


def test_the_call_is_spelled_out(printed: str) -> None:
    lines = [found.strip() for found in printed.splitlines()]
    begin = next(place for place, line in enumerate(lines) if "Bearer" in line)
    assert lines[begin : begin + 2] == [
        'curl -X POST -s -H "Authorization: Bearer simulator" -H "Content-Type: application/json" \\',
        '-d \'{"from": "+12025550102", "to": "<inbound_number>"}\' "http://demo.example:8000/simulator/calls"',
    ]


def test_a_second_time_nothing_changes(printed: str) -> None:
    version = CatalogueVersion.objects.get().version
    out = io.StringIO()
    call_command("demo", base_url="http://demo.example:8000", stdout=out)
    assert (out.getvalue(), CatalogueVersion.objects.get().version) == (printed, version)


@pytest.mark.usefixtures("printed")
def test_somebody_is_always_open() -> None:
    bare = {"daily_cap": None, "concurrency_cap": None, "business_hours": None, "filters": None, "paused": False}
    assert list(
        Buyer.objects.filter(groups=None, routes__campaign__campaign_id="roofing", **bare).values_list("buyer_id", flat=True)
    ) == ["anytime"]


@pytest.mark.usefixtures("printed")
def test_it_pays_what_the_documents_say() -> None:
    first = Conversion.objects.filter(campaign__campaign_id="roofing").first()
    assert first is not None
    assert (first.seconds, f"{first.payout:.2f}", first.publisher, first.buyer) == (120, "90.00", None, None)


@pytest.mark.django_db(transaction=True)
def test_one_campaign_sells_a_call_to_another(live_server: Any, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = [live_server.url.removeprefix("http://")]
    call_command("demo", base_url=live_server.url, stdout=io.StringIO())
    sold = dial(SELLER)
    bought = shown(sold["legs"][-1]["arrived_as"])
    assert (sold["buyer_id"], bought["publisher_id"], bought["status"]) == ("roofers", "referrals", "ringing")
    assert bought["reservation_uuid"] == str(Reservation.objects.get().uuid)


def test_loaded_at_another_address_the_sale_goes_there(printed: str) -> None:
    key = Key.objects.get(type="call_reservation").key
    call_command("demo", base_url="http://demo.example:9000", stdout=io.StringIO())
    query = f"key={key}&affiliate_id=referrals&caller_number=[caller_number]"
    assert Webhook.objects.get().url == f"http://demo.example:9000/call_reservations.json?{query}"


@pytest.mark.usefixtures("printed")
def test_it_has_a_pool_of_fictional_numbers() -> None:
    numbers = InboundNumber.objects.filter(campaign__campaign_id="roofing", in_pool=True).values_list("number", flat=True)
    assert sorted(numbers) == [f"+18335550{line}" for line in range(160, 180)]
