"""The caller page: access, and the caller's profile."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from callcontrol.models import CallTag, LateTag
from campaigns.models import Campaign
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.caller_history import rows
from tests.callcontrol.caller_history.rows import CALLER, NOON, minutes
from tests.repeating import converted

pytestmark = pytest.mark.django_db
UNKNOWN_RECORD = "The link names a record that does not exist here."


@pytest.fixture
def campaign():
    return make.make_campaign()


@pytest.fixture
def client(campaign):
    return browser(campaign.company)


# --- the caller ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text", ["(202) 555-0142", "2025550142", "+12025550142", " 12025550142", "1-202-555-0142"]
)
def test_a_number_is_read_in_any_format(campaign, client, text):
    rows.make_call(campaign, NOON)
    context = rows.page(client, number=text)
    assert context["caller"] == "(202) 555-0142"
    assert context["e164"] == CALLER
    assert context["place"] == "Washington, DC, US"


def test_a_number_without_a_country_code_is_of_the_companys_region():
    company = make.make_company(region="DE")
    assert rows.page(browser(company), number="030 901820")["e164"] == "+4930901820"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("abc", "“abc” is not a phone number. Use a format like (202) 555-0142."),
        ("x" * 10_000, f"“{'x' * 39}…” is not a phone number. Use a format like (202) 555-0142."),
        ("+1\0", "“+1” is not a phone number. Use a format like (202) 555-0142."),
        (
            "anonymous",
            "A withheld number has no history. Look in the lists of calls and requests.",
        ),
        ("", ""),
        ("\0", ""),
    ],
    ids=["letters", "very long", "nul", "withheld", "blank", "only nul"],
)
def test_an_unusable_number_is_an_error(client, text, error):
    context = rows.page(client, number=text)
    assert context.get("error", "") == error
    assert "caller" not in context


@pytest.mark.parametrize("name", ["call", "reservation", "log"])
def test_a_record_names_its_caller(campaign, client, name):
    entry = rows.make_ping(campaign, NOON)
    call = rows.make_call(campaign, NOON)
    records = {"call": call.pk, "reservation": entry.reservation_uuid, "log": entry.pk}
    assert rows.page(client, number=None, **{name: records[name]})["e164"] == CALLER


@pytest.mark.parametrize("name", ["call", "reservation", "log"])
def test_a_record_of_another_company_is_an_error(client, name):
    other = make.make_campaign()
    entry, call = rows.make_ping(other, NOON), rows.make_call(other, NOON)
    records = {"call": call.pk, "reservation": entry.reservation_uuid, "log": entry.pk}
    context = rows.page(client, number=None, **{name: records[name]})
    assert context["error"] == UNKNOWN_RECORD
    assert "caller" not in context


@pytest.mark.parametrize(
    "query", [{"call": "x"}, {"log": "9" * 30}, {"log": "\0"}, {"reservation": "\0"}, {"call": ""}]
)
def test_an_unreadable_record_is_an_error(client, query):
    assert rows.page(client, number=None, **query)["error"] == UNKNOWN_RECORD


def test_the_record_of_a_withheld_caller_is_an_error(campaign, client):
    call = rows.make_call(campaign, NOON, caller_number=None)
    error = "The caller's number is withheld, so there is no history."
    assert rows.page(client, number=None, call=call.pk)["error"] == error


def test_a_record_selects_its_company(campaign):
    make.make_company(name="Aaa")
    entry = make.make_entry(campaign.company)
    assert rows.page(browser(), number=None, log=entry.pk)["company"] == campaign.company


def test_an_unknown_number_links_to_the_users_other_companies_that_know_it():
    company, other = make.make_company(name="Aaa"), make.make_company(name="Bbb")
    make.make_entry(other, caller_number=CALLER)
    response = rows.get_page(browser(), company=company.pk)
    assert response.context["elsewhere"] == [other]
    text = " ".join(response.content.decode().split())
    assert "This number has never pinged or called Aaa." in text


def test_a_reader_sees_only_masked_numbers(campaign):
    rows.make_call(campaign, NOON)
    context = rows.page(browser(campaign.company, "read_only"), number="2025550142")
    assert context["caller"] == "(***) ***-0142"
    assert context["e164"] == "+*******0142"
    assert context["dry_run_url"] == ""


def test_links_between_pages_keep_the_record_that_names_the_caller(campaign):
    entry = make.make_entry(campaign.company, caller_number=CALLER)
    for minute in range(40):
        rows.make_call(campaign, minutes(minute))
    context = rows.page(browser(campaign.company, "read_only"), number=None, log=entry.pk)
    assert context["older_url"].partition("&")[0] == f"?log={entry.pk}"


# --- the profile ---------------------------------------------------------------------------------
def test_the_totals(campaign, client):
    rows.make_ping(campaign, minutes(0))
    rows.make_converted(campaign, minutes(1), connected_at=minutes(1))
    rows.make_call(campaign, minutes(2))
    make.make_entry(campaign.company, at=minutes(3), type="call_data_writing", caller_number=CALLER)
    response = rows.get_page(client)
    profile = response.context["profile"]
    assert (profile["first"], profile["last"]) == (minutes(0), minutes(3))
    counts = {name: profile[name] for name in ("pings", "calls", "connected", "conversions")}
    assert counts == {"pings": 1, "calls": 2, "connected": 1, "conversions": 1}
    html = response.content.decode()
    assert "<dt>Payout</dt><dd>90.00 USD</dd>" in html
    assert "<dt>Revenue</dt><dd>120.00 USD</dd>" in html


def test_live_calls_and_reservations_are_on_top(campaign, client):
    now = timezone.now()
    call = rows.make_call(campaign, now, status="in-progress", ended_at=None, settled_at=None)
    key = make.make_key("rtb", campaign=campaign)
    row = rows.make_reservation(key, now, status="reserved", expires_at=now + timedelta(hours=1))
    response = rows.get_page(client)
    assert response.context["profile"]["live_calls"] == [call]
    assert response.context["profile"]["live_reservations"] == [row]
    assert ">Live reservation</a> on Roofing: Buyer One is reserved until" in " ".join(
        response.content.decode().split()
    )


def test_an_expired_reservation_is_not_live(campaign, client):
    key = make.make_key("rtb", campaign=campaign)
    rows.make_reservation(key, NOON, status="reserved")
    assert rows.page(client)["profile"]["live_reservations"] == []


def test_tags_show_their_publisher_and_source(campaign, client):
    alpha = make.make_publisher(campaign.company, name="Alpha")
    call = rows.make_call(campaign, minutes(0))
    CallTag.objects.create(
        call=call, name="roof", value="slate", publisher=alpha, written_at=minutes(0)
    )
    stored = rows.make_stored_tag(campaign.company, minutes(1))
    roof, zip_code = rows.page(client)["profile"]["tags"]
    assert (roof.name, roof.value, roof.publisher) == ("roof", "slate", alpha)
    assert roof.call == call
    assert (zip_code.name, zip_code.value, zip_code.publisher) == ("zip", "20001", None)
    assert zip_code.expires_at == stored.expires_at


def test_the_tag_written_last_wins(campaign, client):
    call = rows.make_call(campaign, minutes(0), status="in-progress", ended_at=None)
    CallTag.objects.create(call=call, name="zip", value="1", written_at=minutes(0))
    LateTag.objects.create(call=call, name="zip", value="2", written_at=minutes(1))
    [tag] = rows.page(client)["profile"]["tags"]
    assert tag.value == "2"


@pytest.mark.parametrize(
    ("dedupe_seconds", "hours", "text"),
    [
        (7200, 1, "a duplicate until"),
        (3600, 2, "not a duplicate since"),
        (0, 1, "every call can convert again"),
    ],
)
def test_past_conversions_show_until_when_calls_are_duplicates(
    campaign, client, dedupe_seconds, hours, text
):
    Campaign.objects.update(dedupe_seconds=dedupe_seconds)
    rows.make_call(campaign, NOON)
    converted(campaign, CALLER, at=timezone.now() - timedelta(hours=hours))
    converted(make.make_campaign(), CALLER)
    response = rows.get_page(client)
    [past] = response.context["profile"]["past_conversions"]
    assert past["campaign"] == campaign
    assert text in response.content.decode()


# --- links ---------------------------------------------------------------------------------------
def test_the_dry_run_link_fills_in_the_caller(campaign, client):
    rows.make_call(campaign, NOON)
    url = rows.page(client)["dry_run_url"]
    assert client.get(url).context["form"]["caller"].value() == CALLER


def test_the_last_ping_with_a_trace_can_be_replayed(campaign, client):
    entry = rows.make_ping(campaign, NOON, trace={"seed": 1, "eligible": [], "refused": {}})
    rows.make_ping(campaign, minutes(-1), result="shielded")
    assert rows.page(client)["replay_url"] == f"{reverse('dry-run')}?log={entry.pk}"
