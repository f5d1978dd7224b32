"""One caller's page: who it is, what is known, and what the address may say."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from callcontrol.models import CallTag, LateTag
from campaigns.models import Campaign
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.reporting import telling as tell
from tests.callcontrol.reporting.telling import CALLER, NOON, minutes
from tests.repeating import converted

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return make.make_campaign()


@pytest.fixture
def client(campaign):
    return browser(campaign.company)


# --- who ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "written", ["(202) 555-0142", "2025550142", "+12025550142", " 12025550142", "1-202-555-0142"]
)
def test_a_number_in_any_spelling(campaign, client, written):
    tell.make_call(campaign, NOON)
    shown = tell.page(client, number=written)
    assert shown["caller"] == "(202) 555-0142"
    assert shown["e164"] == CALLER
    assert shown["place"] == "Washington, DC, US"


def test_without_a_country_code_it_is_one_of_the_companys_region():
    company = make.make_company(region="DE")
    assert tell.page(browser(company), number="030 901820")["e164"] == "+4930901820"


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("abc", "“abc” is no phone number; one looks like (202) 555-0142."),
        ("x" * 10_000, f"“{'x' * 39}…” is no phone number; one looks like (202) 555-0142."),
        ("+1\0", "“+1” is no phone number; one looks like (202) 555-0142."),
        (
            "anonymous",
            "A withheld number tells nobody from anybody; the lists of calls and pings have them all.",
        ),
        ("", ""),
        ("\0", ""),
    ],
    ids=["letters", "very long", "nul", "withheld", "blank", "only nul"],
)
def test_what_is_no_number_is_said(client, written, wrong):
    shown = tell.page(client, number=written)
    assert shown["wrong"] == wrong
    assert ("caller" in shown) is False


@pytest.mark.parametrize("what", ["call", "reservation", "log"])
def test_a_row_names_its_caller(campaign, client, what):
    entry = tell.make_ping(campaign, NOON)
    call = tell.make_call(campaign, NOON)
    rows = {"call": call.pk, "reservation": entry.reservation_uuid, "log": entry.pk}
    assert tell.page(client, number=None, **{what: rows[what]})["e164"] == CALLER


@pytest.mark.parametrize("what", ["call", "reservation", "log"])
def test_a_row_of_another_company_names_nobody(client, what):
    other = make.make_campaign()
    entry, call = tell.make_ping(other, NOON), tell.make_call(other, NOON)
    rows = {"call": call.pk, "reservation": entry.reservation_uuid, "log": entry.pk}
    shown = tell.page(client, number=None, **{what: rows[what]})
    assert shown["wrong"] == "What this address names is not there, or not yours."
    assert ("caller" in shown) is False


@pytest.mark.parametrize(
    "query", [{"call": "x"}, {"log": "9" * 30}, {"log": "\0"}, {"reservation": "\0"}, {"call": ""}]
)
def test_a_row_that_is_none_names_nobody(client, query):
    assert (
        tell.page(client, number=None, **query)["wrong"]
        == "What this address names is not there, or not yours."
    )


def test_a_withheld_callers_row_names_nobody(campaign, client):
    call = tell.make_call(campaign, NOON, caller_number=None)
    shown = tell.page(client, number=None, call=call.pk)
    assert shown["wrong"] == "Its caller's number is withheld, and tells nobody from anybody."


def test_a_row_brings_its_own_company(campaign):
    make.make_company(name="Aaa")
    entry = make.make_entry(campaign.company)
    assert tell.page(browser(), number=None, log=entry.pk)["company"] == campaign.company


def test_an_unknown_number_is_said_and_looked_for_in_the_users_other_companies():
    here, other = make.make_company(name="Aaa"), make.make_company(name="Bbb")
    make.make_entry(other, caller_number=CALLER)
    shown = tell.page(browser(), company=here.pk)
    assert shown["days"] == []
    assert shown["elsewhere"] == [other]


def test_an_unknown_numbers_page_says_what_to_do(campaign, client):
    text = client.get(f"{reverse('caller')}?number=2025550142").content.decode()
    assert (
        f"Nobody with this number has pinged or called {campaign.company}."
        in " ".join(text.split())
    ) is True


# --- what is known -----------------------------------------------------------------------------------------
def test_the_figures(campaign, client):
    tell.make_ping(campaign, minutes(0))
    tell.make_converted(campaign, minutes(1), connected_at=minutes(1))
    tell.make_call(campaign, minutes(2))
    make.make_entry(campaign.company, at=minutes(3), type="call_data_writing", caller_number=CALLER)
    facts = tell.page(client)["facts"]
    assert facts.first_seen == minutes(0)
    assert facts.last_seen == minutes(3)
    assert facts.pings == 1
    assert facts.calls == 2
    assert facts.connected == 1
    assert facts.conversions == 1
    assert facts.paid == Decimal(90)
    assert facts.earned == Decimal(120)


def test_what_is_live_right_now(campaign, client):
    now = timezone.now()
    call = tell.make_call(campaign, now, status="in-progress", ended_at=None, settled_at=None)
    key = make.make_key("rtb", campaign=campaign)
    row = tell.make_reservation(key, now, status="reserved", expires_at=now + timedelta(hours=1))
    assert [one["url"] for one in tell.page(client)["live"]] == [
        reverse("admin:callcontrol_call_change", args=[call.pk]),
        reverse("admin:reservations_reservation_change", args=[row.pk]),
    ]


def test_a_reservation_past_its_end_is_not_live(campaign, client):
    key = make.make_key("rtb", campaign=campaign)
    tell.make_reservation(key, NOON, status="reserved")
    assert tell.page(client)["facts"].held == []


def test_tags_say_who_wrote_them_and_where_they_are(campaign, client):
    alpha = make.make_publisher(campaign.company, name="Alpha")
    call = tell.make_call(campaign, minutes(0))
    CallTag.objects.create(
        call=call, name="roof", value="slate", publisher=alpha, written_at=minutes(0)
    )
    tell.make_waiting(campaign.company, minutes(1))
    told = [
        (one["name"], one["value"], one["by"], one["where"]) for one in tell.page(client)["tags"]
    ]
    assert told == [
        ("roof", "slate", alpha, "on the last call"),
        ("zip", "20001", None, "waits for the next call, until Jan 1, 2100, 00:00:00 UTC"),
    ]


def test_of_a_name_the_later_tag_counts(campaign, client):
    call = tell.make_call(campaign, minutes(0), status="in-progress", ended_at=None)
    CallTag.objects.create(call=call, name="zip", value="1", written_at=minutes(0))
    LateTag.objects.create(call=call, name="zip", value="2", written_at=minutes(1))
    assert [(one["value"], one["where"]) for one in tell.page(client)["tags"]] == [
        ("2", "on the live call")
    ]


@pytest.mark.parametrize(
    ("dedupe", "hours", "told"),
    [(7200, 1, (True, True)), (3600, 2, (False, True)), (0, 1, (False, False))],
    ids=["a repeat", "no longer", "never"],
)
def test_until_when_the_caller_is_a_repeat(campaign, client, dedupe, hours, told):
    Campaign.objects.update(dedupe_seconds=dedupe)
    tell.make_call(campaign, NOON)
    converted(campaign, CALLER, at=timezone.now() - timedelta(hours=hours))
    [one] = tell.page(client)["repeats"]
    assert (one["campaign"], one["is_repeat"], one["counts"]) == (campaign, *told)


def test_a_conversion_on_another_companys_campaign_is_not_told(campaign, client):
    tell.make_call(campaign, NOON)
    converted(make.make_campaign(), CALLER)
    assert tell.page(client)["repeats"] == []


# --- where it leads ----------------------------------------------------------------------------------------
def test_a_request_that_names_another_companys_reservation_shows_none_of_it(campaign, client):
    theirs = tell.make_reservation(make.make_key("rtb", campaign=make.make_campaign()), NOON)
    make.make_entry(campaign.company, at=NOON, caller_number=CALLER, reservation_uuid=theirs.pk)
    assert tell.whats(tell.page(client)) == ["Ping"]


def test_a_dry_run_for_this_caller(campaign, client):
    tell.make_call(campaign, NOON)
    url = tell.page(client)["dry_run_url"]
    assert client.get(url).context["form"]["caller"].value() == CALLER


def test_the_last_ping_is_asked_again(campaign, client):
    entry = tell.make_ping(campaign, NOON, trace={"seed": 1, "eligible": [], "refused": {}})
    tell.make_ping(campaign, minutes(-1), result="shielded")
    assert tell.page(client)["again_url"] == f"{reverse('dry-run')}?log={entry.pk}"


def test_a_reader_finds_a_number_that_they_know_and_sees_no_other(campaign):
    tell.make_call(campaign, NOON)
    shown = tell.page(browser(campaign.company, "read_only"), number="2025550142")
    assert shown["caller"] == "(***) ***-0142"
    assert shown["e164"] == "+*******0142"
    assert shown["dry_run_url"] == ""


def test_the_next_page_keeps_how_the_caller_was_named(campaign):
    entry = make.make_entry(campaign.company, caller_number=CALLER)
    for minute in range(40):
        tell.make_call(campaign, minutes(minute))
    url = tell.page(browser(campaign.company, "read_only"), number=None, log=entry.pk)["older_url"]
    assert url.partition("&")[0] == f"?log={entry.pk}"
