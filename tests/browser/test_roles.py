"""Each person sees their own company and no other, and what their role lets them do."""

from typing import Any

import pytest
from django.utils import timezone

from callcontrol.models import Call
from campaigns.models import Company, Member
from tests import factories as make
from tests.browser.seat import Seat, person

pytestmark = pytest.mark.django_db(transaction=True)
CALLER, MASKED = "(202) 555-0142", "(***) ***-0142"
LISTS = [
    "campaigns/campaign",
    "campaigns/buyer",
    "publishers/key",
    "publishers/logentry",
    "callcontrol/call",
]
STANDALONE = ["", "caller/?number=%2B12025550142", "dry-run/", "softphone/"]


def _company(name: str) -> Company:
    """One of everything, each with the company's name in its own."""
    company = make.make_company(name=name)
    campaign: Any = make.make_campaign(company, name=f"{name} roofing")
    make.make_route(campaign, make.make_buyer(company, name=f"{name} buyer"))
    key = make.make_key("rtb", campaign=campaign, name=f"{name} pings")
    make.make_entry(company, key_pk=key.pk)
    now, calls = (
        timezone.now(),
        {
            "company": company,
            "campaign": campaign,
            "caller_number": "+12025550142",
            "carrier": "simulator",
        },
    )
    Call.objects.create(
        **calls,
        carrier_call_id=name,
        inbound_number=f"sip:{name}@example.com",
        started_at=now,
        clock=now,
    )
    return company


def _read(seat: Seat) -> str:
    """All that the person gets to read, page by page."""
    pages = []
    for path in [*STANDALONE, *(f"{page}/" for page in LISTS)]:
        seat.goes(f"/admin/{path}")
        pages.append(seat.page.inner_text("body"))
    return "\n".join(pages)


@pytest.mark.parametrize("role", Member.Role.values)
def test_pages_show_nothing_of_another_company(seat: Seat, role: str) -> None:
    own, _ = _company("Aspen"), _company("Birch")
    seat.sits(person("Ann", own, role))
    read = _read(seat)
    assert "Aspen buyer" in read
    assert "Aspen pings" in read
    assert ("Birch" in read) is False


@pytest.mark.parametrize(("role", "shown"), [("account_manager", CALLER), ("read_only", MASKED)])
def test_a_reader_gets_masked_numbers(seat: Seat, role: str, shown: str) -> None:
    seat.sits(person("Ann", _company("Aspen"), role))
    seat.goes("/admin/publishers/logentry/")
    other = MASKED if shown == CALLER else CALLER
    read = seat.page.inner_text("#content")
    assert shown in read
    assert (other in read) is False


def test_a_reader_gets_no_add_links(seat: Seat) -> None:
    seat.sits(person("Ann", _company("Aspen"), Member.Role.READ_ONLY))
    found = []
    for path in (
        "campaigns/campaign/",
        "campaigns/buyer/",
        "publishers/publisher/",
        "publishers/inboundnumber/",
    ):
        seat.goes(f"/admin/{path}")
        found += seat.page.locator("#content").get_by_role("link", name="Add").all_inner_texts()
    assert found == []


def test_a_reader_gets_no_save_button(seat: Seat) -> None:
    seat.sits(person("Ann", _company("Aspen"), Member.Role.READ_ONLY))
    seat.goes("/admin/campaigns/buyer/")
    seat.follows("Aspen buyer")
    assert seat.page.get_by_role("heading", name="Aspen buyer").count() == 1
    assert seat.page.get_by_role("button", name="Save").count() == 0
