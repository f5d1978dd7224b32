"""What each line of a caller's time line says, and where it leads."""

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from callcontrol.models import Leg
from campaigns.models import Company
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.reporting import telling as tell
from tests.callcontrol.reporting.telling import CALLER, NOON, minutes

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return make.make_campaign(make.make_company(time_zone="America/New_York"))


def newest(company: Company, role: str = "account_manager"):
    return tell.lines(tell.page(browser(company, role)))[0]


def said(company: Company, role: str = "account_manager") -> str:
    """The newest line as it is read."""
    entry = newest(company, role)
    return strip_tags(f"{entry.what}{entry.text}").replace("&#x27;", "'")


def _request(campaign, type="rtb", **fields):
    key = make.make_key(type, campaign=campaign, name="Pings")
    return make.make_entry(
        campaign.company, at=NOON, key_pk=key.pk, type=type, caller_number=CALLER, **fields
    )


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ("no-target", "no buyer took the caller"),
        ("rejected", "the campaign or the publisher was paused"),
        ("shielded", "a repeat, answered as the first one"),
        ("replayed", "the same request again, answered as the first time"),
    ],
)
def test_a_ping_says_by_whom_for_what_and_with_which_result(campaign, result, told):
    publisher = make.make_publisher(campaign.company, name="Alpha")
    _request(campaign, result=result, publisher_pk=publisher.pk)
    assert said(campaign.company) == f"Ping by Alpha for Roofing: {told}."


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ('{"error": "no zip"}', "no zip"),
        ("<hash><error>no zip</error></hash>", "no zip"),
        ("7", "refused"),
    ],
)
def test_a_refused_ping_says_why(campaign, response, why):
    _request(campaign, result="refused", status=422, response=response)
    assert said(campaign.company) == f"Ping by Pings for Roofing: {why}."


def test_a_ping_leads_to_its_row_and_says_why_each_buyer(campaign):
    buyer = make.make_buyer(campaign.company, name="Buyer Two")
    entry = _request(
        campaign,
        result="no-target",
        trace={"seed": 1, "eligible": [], "refused": {"paused": [[None, [buyer.pk]]]}},
    )
    line = newest(campaign.company)
    assert line.url == reverse("admin:publishers_logentry_change", args=[entry.pk])
    assert line.why == ("Buyer Two: paused",)


@pytest.mark.parametrize(
    ("role", "seen"), [("account_manager", "+12025550142"), ("read_only", "+*******0142")]
)
def test_why_a_buyer_was_refused_tells_readers_no_number(campaign, role, seen):
    buyer = make.make_buyer(campaign.company, name="Buyer Two")
    detail = {"key": "callback", "operator": "==", "value": "x", "seen": CALLER}
    _request(
        campaign,
        result="no-target",
        trace={"seed": 1, "eligible": [], "refused": {"filter": [[detail, [buyer.pk]]]}},
    )
    assert newest(campaign.company, role).why == (
        f"Buyer Two: filter “callback == x” not met, the caller's is “{seen}”",
    )


@pytest.mark.parametrize(
    ("result", "landed"),
    [
        ("stored", ", kept for the caller's next call"),
        ("in-progress", ", put on the live call"),
        ("applied", ", put on the call that had ended"),
        ("refused", ", refused: no"),
    ],
)
def test_written_data_says_what_became_of_it(campaign, result, landed):
    sent = {"key": "…cafe", "caller_number": CALLER, "zip": "20001", "roof": "slate"}
    status = 422 if result == "refused" else 200
    _request(
        campaign,
        type="call_data_writing",
        result=result,
        parameters=sent,
        response='{"error": "no"}',
        status=status,
    )
    assert said(campaign.company) == f"Data by Pings: zip = 20001, roof = slate{landed}."


def test_much_data_is_not_told_at_length(campaign):
    _request(
        campaign,
        type="call_data_writing",
        result="applied",
        parameters={f"t{place}": "x" for place in range(9)},
    )
    assert said(campaign.company).endswith("t5 = x and 3 more, put on the call that had ended.")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/call_control/v1/calls/1f/transfer.json", "Desk asked to transfer the call"),
        ("/call_control/v1/calls/1f/return", "Desk gave the call back"),
        ("/buyers/b1/call_control/reject", "Desk rejected the call"),
        ("/call_control/v1/active_calls", "Desk looked whether the caller is on the line"),
        ("/call_control/v1/calls/1f/flag", "Desk asked for flag"),
    ],
)
def test_what_a_handler_asked(campaign, path, told):
    key = make.make_key("call_control", buyer=make.make_buyer(campaign.company), name="Desk")
    make.make_entry(
        campaign.company, type="call_control", key_pk=key.pk, path=path, caller_number=CALLER
    )
    assert said(campaign.company) == f"Call control: {told}."


def test_a_transfer_has_no_key(campaign):
    call = tell.make_call(campaign, NOON)
    about = {
        "type": "transfer",
        "method": "DELETE",
        "path": "/call_control/v1/transfers/…cafe",
        "call_uuid": call.pk,
    }
    make.make_entry(campaign.company, caller_number=None, **about)
    assert said(campaign.company) == "Call control: a transfer stopped the transfer."


@pytest.mark.parametrize(
    ("status", "label"), [("claimed", "Claimed by a call"), ("reserved", "Expired")]
)
def test_a_reservation_says_who_was_held_and_how_it_stands(campaign, status, label):
    key = make.make_key("rtb", campaign=campaign)
    row = tell.make_reservation(key, NOON, status=status, payout="90", seconds=120)
    make.make_entry(
        campaign.company, at=NOON, key_pk=key.pk, caller_number=CALLER, reservation_uuid=row.pk
    )
    assert (
        said(campaign.company)
        == "Reservation: Buyer One was held until 08:00:30, for 90.00 USD after 120 seconds."
    )
    assert newest(campaign.company).label == label


def test_a_call_says_what_became_of_it(campaign):
    buyer = make.make_buyer(campaign.company, name="Buyer One")
    call = tell.make_call(
        campaign,
        NOON,
        ended_at=minutes(3),
        publisher=make.make_publisher(campaign.company, name="Alpha"),
    )
    Leg.objects.create(call=call, party="caller", place=0, started_at=NOON, status="ended")
    tried = {"status": "ended", "outcome": "busy", "started_at": NOON, "ended_at": minutes(1)}
    Leg.objects.create(call=call, party="handler", place=1, buyer=buyer, **tried)
    told = "Call to +18335550100 for Roofing, brought by Alpha: Nobody took the call: Buyer One was busy."
    assert said(campaign.company) == told
    assert newest(campaign.company).label == "No buyer"


def test_a_conversion_says_what_was_paid(campaign):
    publisher = make.make_publisher(campaign.company, name="Alpha")
    tell.make_converted(campaign, minutes(1), started_at=NOON, publisher=publisher)
    assert (
        said(campaign.company)
        == "Conversion of a call: 90.00 USD to Alpha, 120.00 USD from Buyer One."
    )


def test_a_webhook_says_what_it_was_told(campaign):
    tell.make_delivery(tell.make_call(campaign, NOON), minutes(1))
    assert said(campaign.company) == "Webhook “CRM” was told that the call ended."
    assert newest(campaign.company).label == "Delivered"


@pytest.mark.parametrize("is_campaigns", [True, False])
def test_a_waiting_tag_says_where_and_until_when(campaign, is_campaigns):
    publisher = None if is_campaigns else make.make_publisher(campaign.company, name="Alpha")
    scope = f"campaign:{campaign.pk}" if is_campaigns else ""
    tell.make_waiting(campaign.company, NOON, scope=scope, publisher=publisher)
    where = (
        "on Roofing, until Dec 31, 19:00"
        if is_campaigns
        else "on any campaign, until Dec 31, 19:00, written by Alpha"
    )
    assert said(campaign.company) == f"Waiting for the caller's next call {where}: zip = 20001."


def test_what_comes_from_outside_is_text(campaign):
    _request(campaign, type="call_data_writing", result="applied", parameters={"<b>": "<script>"})
    assert "<script>" not in str(newest(campaign.company).text)


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_numbers_are_masked_wherever_they_stand(campaign, role, clear):
    sent = {"caller_number": CALLER, "callback": "(202) 555-0177"}
    _request(campaign, type="call_data_writing", result="applied", parameters=sent)
    tell.make_call(campaign, NOON)
    tell.make_waiting(campaign.company, NOON, value="202 555 0177")
    page = (
        browser(campaign.company, role)
        .get(f"{reverse('caller')}?log={tell.newest_request().pk}")
        .content.decode()
    )
    seen = ["(202) 555-0177", "202 555 0177", "+18335550100", "(202) 555-0142", "2025550142"]
    assert [number in page for number in seen] == [clear] * 5
