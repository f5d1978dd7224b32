"""The demo company: loaded by `apply`, with lines that can be typed."""

import io

import pytest
from django.core.management import call_command

from campaigns.models import Buyer, CatalogueVersion
from publishers.models import Conversion, InboundNumber, Key

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


@pytest.mark.usefixtures("printed")
def test_it_has_a_pool_of_fictional_numbers() -> None:
    numbers = InboundNumber.objects.filter(campaign__campaign_id="roofing", in_pool=True).values_list("number", flat=True)
    assert sorted(numbers) == [f"+18335550{line}" for line in range(160, 180)]
