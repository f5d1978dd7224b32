"""The sentence of each type of timeline entry, and what it links to."""

import pytest
from django.urls import reverse

from callcontrol.models import Leg
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.caller_history import rows
from tests.callcontrol.caller_history.rows import CALLER, NOON, minutes

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return make.make_campaign(make.make_company(time_zone="America/New_York"))


@pytest.fixture
def client(campaign):
    return browser(campaign.company, "account_manager")


def _request(campaign, type="rtb", **fields):
    key = make.make_key(type, campaign=campaign, name="Pings")
    return make.make_entry(
        campaign.company, at=NOON, key_pk=key.pk, type=type, caller_number=CALLER, **fields
    )


def test_a_ping_names_its_publisher_campaign_and_result(campaign, client):
    publisher = make.make_publisher(campaign.company, name="Alpha")
    entry = _request(campaign, result="shielded", publisher_pk=publisher.pk)
    assert rows.sentences(client) == ["Ping by Alpha for Roofing Repeat (shielded)"]
    url = reverse("admin:publishers_logentry_change", args=[entry.pk])
    assert f'href="{url}"' in rows.get_page(client).content.decode()


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ('{"error": "no zip"}', "· no zip Refused: 422"),
        ("<hash><error>no zip</error></hash>", "· no zip Refused: 422"),
        ("7", "Refused: 422"),
    ],
)
def test_a_refused_ping_shows_its_error(campaign, client, response, error):
    _request(campaign, result="refused", status=422, response=response)
    assert rows.sentences(client) == [f"Ping by Pings for Roofing {error}"]


@pytest.mark.parametrize(
    ("role", "number"), [("account_manager", "+12025550142"), ("read_only", "+*******0142")]
)
def test_a_ping_lists_the_verdicts_with_numbers_masked_for_readers(campaign, role, number):
    buyer = make.make_buyer(campaign.company, name="Buyer Two")
    detail = {"key": "callback", "operator": "==", "value": "x", "seen": CALLER}
    trace = {"seed": 1, "eligible": [], "refused": {"filter": [[detail, [buyer.pk]]]}}
    _request(campaign, result="no-target", trace=trace)
    [sentence] = rows.sentences(browser(campaign.company, role))
    verdict = sentence.partition("Decision: 1 buyer Buyer Two: ")[2]
    assert number in verdict


def test_written_tags_are_listed_up_to_six(campaign, client):
    tags = {"key": "…cafe", "caller_number": CALLER} | {f"t{place}": "x" for place in range(9)}
    _request(campaign, type="call_data_writing", result="stored", parameters=tags)
    [sentence] = rows.sentences(client)
    assert "t0 = x, t1 = x, t2 = x, t3 = x, t4 = x, t5 = x, …" in sentence
    assert "cafe" not in sentence
    assert sentence.endswith("Tags stored")


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "/call_control/v1/calls/1f/transfer.json", "POST transfer"),
        ("POST", "/buyers/b1/call_control/reject", "POST reject"),
        ("GET", "/call_control/v1/active_calls", "GET active_calls"),
    ],
)
def test_a_call_control_request_names_its_key_and_action(campaign, client, method, path, action):
    key = make.make_key("call_control", buyer=make.make_buyer(campaign.company), name="Handler")
    fields = {"type": "call_control", "method": method, "path": path, "caller_number": CALLER}
    make.make_entry(campaign.company, key_pk=key.pk, **fields)
    [sentence] = rows.sentences(client)
    assert sentence.startswith(f"Call control by Handler · {action}")


@pytest.mark.parametrize(
    ("status", "label"), [("claimed", "Claimed by a call"), ("reserved", "Expired")]
)
def test_a_reservation_shows_its_buyer_price_and_status(campaign, client, status, label):
    key = make.make_key("rtb", campaign=campaign)
    row = rows.make_reservation(key, NOON, status=status, payout="90", seconds=120)
    named = {"key_pk": key.pk, "caller_number": CALLER, "reservation_uuid": row.pk}
    make.make_entry(campaign.company, at=NOON, **named)
    sentence = "Reservation of Buyer One until 08:00:30 · pays 90.00 USD after 120 seconds"
    assert rows.sentences(client)[0] == f"{sentence} {label}"


def test_a_call_shows_its_publisher_campaign_and_outcome(campaign, client):
    buyer = make.make_buyer(campaign.company, name="Buyer One")
    publisher = make.make_publisher(campaign.company, name="Alpha")
    call = rows.make_call(campaign, NOON, ended_at=minutes(3), publisher=publisher)
    Leg.objects.create(call=call, party="caller", place=0, started_at=NOON, status="ended")
    tried = {"status": "ended", "outcome": "busy", "started_at": NOON, "ended_at": minutes(1)}
    Leg.objects.create(call=call, party="handler", place=1, buyer=buyer, **tried)
    [sentence] = rows.sentences(client)
    assert sentence.startswith("Call from Alpha to +18335550100 for Roofing:")
    assert "Buyer One was busy" in sentence
    assert sentence.endswith("No buyer")


def test_a_conversion_shows_payout_and_revenue(campaign, client):
    publisher = make.make_publisher(campaign.company, name="Alpha")
    rows.make_converted(campaign, minutes(1), started_at=NOON, publisher=publisher)
    sentence = "Conversion: 90.00 USD to Alpha, 120.00 USD from Buyer One Converted"
    assert rows.sentences(client)[0] == sentence


def test_a_webhook_shows_its_trigger_and_status(campaign, client):
    rows.make_delivery(rows.make_call(campaign, NOON), minutes(1))
    assert rows.sentences(client)[0] == "Webhook “CRM” (Ended) Delivered"


@pytest.mark.parametrize("is_campaigns", [True, False])
def test_a_stored_tag_shows_its_campaign_publisher_and_expiry(campaign, client, is_campaigns):
    publisher = make.make_publisher(campaign.company, name="Alpha")
    scope = f"campaign:{campaign.pk}" if is_campaigns else ""
    rows.make_stored_tag(campaign.company, NOON, scope=scope, publisher=publisher)
    where = "Roofing" if is_campaigns else "any campaign"
    sentence = f"Stored tags for the next call on {where} until Dec 31, 19:00"
    assert rows.sentences(client) == [f"{sentence} · zip = 20001 · from Alpha Waiting"]


def test_parameters_are_escaped(campaign, client):
    _request(campaign, type="call_data_writing", result="applied", parameters={"<b>": "<script>x"})
    assert "<script>x" not in rows.get_page(client).content.decode()


@pytest.mark.parametrize(("role", "is_clear"), [("account_manager", True), ("read_only", False)])
def test_numbers_are_masked_for_readers_everywhere(campaign, role, is_clear):
    sent = {"caller_number": CALLER, "callback": "(202) 555-0177"}
    entry = _request(campaign, type="call_data_writing", result="applied", parameters=sent)
    rows.make_call(campaign, NOON)
    rows.make_stored_tag(campaign.company, NOON, value="202 555 0177")
    page = rows.get_page(browser(campaign.company, role), number=None, log=entry.pk)
    html = page.content.decode()
    for number in ("(202) 555-0177", "202 555 0177", "+18335550100", "(202) 555-0142", CALLER[1:]):
        assert (number in html) is is_clear
