"""`demo`: loads the demo company, and prints lines that work as they are printed."""

import io
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from callcontrol.management.commands.demo import SELLER
from campaigns.models import Buyer, Campaign, CatalogueVersion, Company, Webhook
from publishers.models import Conversion, InboundNumber, Key, LogEntry
from reservations.models import Reservation
from tests.factories import make_company, make_webhook
from tests.pinging import dial, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def printed() -> str:
    out = io.StringIO()
    call_command("demo", base_url="http://demo.example:8000/", no_history=True, stdout=out)
    return out.getvalue()


def test_the_ping_is_spelled_out(printed: str) -> None:
    key = Key.objects.get(type="rtb", campaign__campaign_id="roofing", name="Pings").key
    line = (
        f'curl -X POST -s "http://demo.example:8000/rtbs.json?key={key}&caller_number=12025550102"'
    )
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
    call_command("demo", base_url="http://demo.example:8000", no_history=True, stdout=out)
    assert out.getvalue() == printed
    assert CatalogueVersion.objects.get().version == version


@pytest.mark.usefixtures("printed")
def test_a_buyer_is_always_open_for_callers_without_a_publisher() -> None:
    without = {
        "daily_cap": None,
        "concurrency_cap": None,
        "hard_cap": None,
        "business_hours": None,
        "paused": False,
    }
    buyer = Buyer.objects.get(groups=None, routes__campaign__campaign_id="roofing", **without)
    filters = buyer.filters.values_list("key", "operator", "value")
    assert buyer.buyer_id == "anytime"
    assert list(filters) == [("publisher_id", "not in", "beta,gamma")]


@pytest.mark.parametrize("hour", range(0, 24 * 7, 5))
def test_the_ping_that_is_spelled_out_is_answered_as_the_documents_say(
    hour: int, printed: str, clock: Any
) -> None:
    clock(hour * 3600)
    (url,) = re.findall(r'"http://demo.example:8000(/rtbs.json[^"]+)"', printed)
    answer = Client().post(url).json()
    assert answer["status"] == "reserved"
    assert answer["retreaver_payout"] == 90.0
    assert answer["retreaver_seconds"] == 120


@pytest.mark.usefixtures("printed")
def test_it_pays_what_the_documents_say() -> None:
    first = Conversion.objects.filter(campaign__campaign_id="roofing").first()
    assert first is not None
    assert first.seconds == 120
    assert f"{first.payout:.2f}" == "90.00"
    assert first.publisher is None
    assert first.buyer is None


@pytest.mark.django_db(transaction=True)
def test_one_campaign_sells_a_call_to_another(live_server: Any, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = [live_server.url.removeprefix("http://")]
    call_command("demo", base_url=live_server.url, no_history=True, stdout=io.StringIO())
    sold = dial(SELLER)
    bought = shown(sold["legs"][-1]["arrived_as"])
    assert sold["buyer_id"] == "roofers"
    assert bought["publisher_id"] == "referrals"
    assert bought["status"] == "ringing"
    assert bought["reservation_uuid"] == str(Reservation.objects.get().uuid)


def test_loaded_at_another_address_the_sale_goes_there(printed: str) -> None:
    key = Key.objects.get(type="call_reservation").key
    call_command("demo", base_url="http://demo.example:9000", no_history=True, stdout=io.StringIO())
    query = f"key={key}&affiliate_id=referrals&caller_number=[caller_number]"
    assert (
        Webhook.objects.get(trigger="start").url
        == f"http://demo.example:9000/call_reservations.json?{query}"
    )


@pytest.mark.usefixtures("printed")
def test_it_has_a_pool_of_fictional_numbers() -> None:
    numbers = InboundNumber.objects.filter(
        campaign__campaign_id="roofing", in_pool=True
    ).values_list("number", flat=True)
    assert sorted(numbers) == [f"+18335550{line}" for line in range(160, 180)]


def test_another_company_with_the_id_is_left_alone() -> None:
    make_company(company_id="demo", name="Demonstrations & Sons")
    with pytest.raises(
        CommandError,
        match="The company demo is called “Demonstrations & Sons”, so this command did not make it",
    ):
        call_command("demo", stdout=io.StringIO())
    assert Company.objects.count() == 1
    assert Buyer.objects.count() == 0


@pytest.mark.usefixtures("printed")
def test_a_webhook_to_another_system_prevents_the_history() -> None:
    make_webhook(
        Campaign.objects.get(campaign_id="roofing"), name="CRM", url="https://crm.example/calls"
    )
    progress = io.StringIO()
    call_command("demo", base_url="http://demo.example:8000", stdout=io.StringIO(), stderr=progress)
    line = "No history: the webhook “CRM” would report it to another system.\n"
    assert progress.getvalue() == line
    assert LogEntry.objects.count() == 0


def test_without_the_simulator_there_is_no_history(settings: Any) -> None:
    settings.CARRIER = "twilio"
    progress = io.StringIO()
    call_command("demo", stdout=io.StringIO(), stderr=progress)
    line = "No history: CARRIER is twilio, and it needs the simulator.\n"
    assert progress.getvalue() == line
    assert LogEntry.objects.count() == 0
