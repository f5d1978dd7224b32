"""Changes of settings as sentences: user, time and values; for a row with the rows on its page."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from campaigns.audit import records
from campaigns.audit.records import COMMAND_LINE, of_company
from campaigns.models import BusinessHours, Campaign, Company, GroupMember, Member, Route
from publishers.models import Key
from tests import factories as make
from tests.admin_client import browser, form_data

pytestmark = pytest.mark.django_db
PAGE = reverse("changes")


def _page(row: Any, what: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{what}", args=[row.pk])


def _told(client: Any, url: str = PAGE) -> list[str]:
    """Every line, the newest first."""
    return [
        line
        for change in client.get(url).context["changes"]
        for line in reversed(change.entry.lines)
    ]


def _save(row: Any, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def test_a_change_names_the_user_the_row_and_both_values():
    buyer = make.make_buyer(daily_cap=20, name="Buyer One")
    client = browser(buyer.company, "account_manager")
    User.objects.update(first_name="Ann", last_name="Archer")
    client.post(_page(buyer), form_data(client, _page(buyer), daily_cap="50"))
    newest = client.get(PAGE).context["changes"][0]
    assert newest.entry.user_name == "Ann Archer"
    assert newest.entry.model_name == "buyer"
    assert newest.entry.row == buyer
    assert newest.url == _page(buyer)
    assert newest.entry.lines == ["changed daily cap from 20 to 50"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "New"}, "changed name from “Buyer” to “New”"),
        ({"hard_cap": 5}, "changed hard cap from unlimited to 5"),
        ({"time_zone": "UTC"}, "changed time zone from the company’s to “UTC”"),
        ({"paused": True}, "paused it"),
        ({"inband_signals": True}, "switched inband signals on"),
        (
            {"cap_counts": "conversion"},
            "changed caps count from Connected calls to Converted calls",
        ),
        ({"sip_password": "open-sesame"}, "changed SIP password"),
    ],
)
def test_the_sentence_of_a_change(fields, told):
    buyer = make.make_buyer()
    _save(buyer, **fields)
    assert _told(browser(buyer.company))[1:2] == [told]


def test_retiring_and_resuming_are_listed():
    campaign = make.make_campaign(paused=True)
    _save(campaign, paused=False)
    campaign.retire(now=timezone.now())
    assert _told(browser(campaign.company), _page(campaign, "history"))[:2] == [
        "retired it",
        "resumed it",
    ]


def test_a_changed_key_is_listed_without_its_secret():
    key = make.make_key("rtb", name="For Alpha")
    _save(
        key, settings={**key.settings, "ttl_seconds": 60, "tag_prefix": "x"}, key="1234-open-sesame"
    )
    page = browser(key.company).get(PAGE)
    assert "changed settings: tag prefix from nothing to “x”, ttl seconds from 30 to 60" in _told(
        browser(key.company)
    )
    assert [text in page.text for text in ("open-sesame", Key.history.last().key)] == [False, False]


def test_the_rows_of_a_buyers_page_are_in_its_history():
    buyer = make.make_buyer(filters=[("zip", "==", "90210")], name="B1")
    campaign, group = make.make_campaign(buyer.company), make.make_group(buyer.company)
    BusinessHours.objects.create(buyer=buyer, day="monday", open="09:00", close="17:00")
    GroupMember.objects.create(group=group, buyer=buyer)
    Route.objects.create(campaign=campaign, buyer=buyer)
    buyer.filters.get().delete()
    assert _told(browser(buyer.company), _page(buyer, "history"))[:-1] == [
        "removed the filter zip == 90210",
        "added the route Roofing → B1",
        "added the group member B1 in Group",
        "added the business hours monday 09:00–17:00",
        "added the filter zip == 90210",
    ]


def test_the_rows_of_a_campaigns_page_are_in_its_history():
    campaign = make.make_campaign(name="Solar")
    make.make_number(campaign, number="+18335550100", in_pool=True)
    make.make_conversion(campaign, buyer=make.make_buyer(campaign.company, name="B1"))
    make.make_webhook(
        campaign, filters=[("age", ">", "65")], url="https://hooks.example.com/?key=open-sesame"
    )
    make.make_campaign(campaign.company, name="Another")
    assert _told(browser(campaign.company), _page(campaign, "history")) == [
        "added the webhook filter age > 65",
        "added the webhook Lead: trigger Start, URL https://hooks.example.com/…",
        "added the conversion after 120 seconds: seconds 120, payout 90, revenue 120, buyer B1",
        "added the inbound number +18335550100: campaign Solar, in the pool",
        "added the campaign Solar: campaign ID “" + campaign.campaign_id + "”",
    ]


def test_members_and_switches_are_in_the_companys_history():
    company = make.make_company(name="Acme")
    make.make_campaign(company)
    client = browser(company)
    member = Member.objects.get()
    User.objects.update(first_name="Ann")
    _save(member, role="read_only")
    _save(member, role="owner")
    _save(company, rtb_enabled=False)
    assert _told(client, _page(company, "history"))[:4] == [
        "switched real-time bidding off",
        "changed role of the member Ann, Owner from Read-only to Owner",
        "changed role of the member Ann, Read-only from Owner to Read-only",
        "added the member Ann, Owner",
    ]


@pytest.mark.parametrize(
    ("reason", "who"), [("apply", "The command line (apply)"), (None, "The command line")]
)
def test_a_change_without_a_user_came_from_the_command_line(reason, who):
    campaign = make.make_campaign()
    _save(campaign, name="New")
    campaign.history.update(history_change_reason=reason)
    newest = browser(campaign.company).get(_page(campaign, "history")).context["changes"][0]
    assert newest.entry.user_name == who
    assert newest.only == f"?person={COMMAND_LINE}"


def test_the_changes_of_one_save_are_one_entry():
    buyer = make.make_buyer()
    client = browser(buyer.company)
    rows = {
        "filters-TOTAL_FORMS": "1",
        "filters-0-key": "zip",
        "filters-0-operator": "==",
        "filters-0-value": "90210",
    }
    client.post(_page(buyer), form_data(client, _page(buyer), daily_cap="5", **rows))
    newest = client.get(PAGE).context["changes"][0]
    assert newest.entry.lines == [
        "changed daily cap from unlimited to 5",
        "added the filter zip == 90210",
    ]


def test_a_save_without_a_change_is_not_listed():
    buyer = make.make_buyer()
    buyer.save()
    assert len(_told(browser(buyer.company), _page(buyer, "history"))) == 1


@pytest.mark.parametrize(
    ("query", "told"),
    [("kind=route", ["added the route Roofing → B"]), ("kind=nothing&person=x", None)],
)
def test_the_list_is_filtered(query, told):
    campaign = make.make_campaign()
    make.make_route(campaign, make.make_buyer(campaign.company, name="B"))
    client = browser(campaign.company)
    assert _told(client, f"{PAGE}?{query}") == (told or _told(client))


def test_the_list_is_filtered_by_user():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    client.post(_page(campaign), form_data(client, _page(campaign), name="New"))
    assert _told(client, f"{PAGE}?person={User.objects.get().pk}") == [
        "changed name from “Roofing” to “New”"
    ]


def _all_pages(company: Company) -> list[tuple[int, int]]:
    """Every record, page after page."""
    found, before = [], None
    while True:
        newest, before = records.newest_changes(of_company(company.pk), before=before, limit=3)
        found += [(record.source, record.row.history_id) for record in newest]
        if before is None:
            return found
        before = records.parse_change_cursor(str(before))


@pytest.mark.parametrize("at_once", [True, False])
def test_every_record_is_on_exactly_one_page(at_once):
    company = make.make_company()
    for number in range(4):
        make.make_campaign(company)
        make.make_publisher(company)
        make.make_buyer(company, filters=[("zip", "==", str(number))])
    if at_once:
        now = timezone.now()
        for model in records.tracked():
            records.history_of(model).objects.update(history_date=now)
    found = _all_pages(company)
    assert len(found) == 17
    assert len(set(found)) == 17


@pytest.mark.parametrize(
    "before",
    [
        "x",
        "2026-05-05_1_1",
        "2026-05-05T12:00:00+00:00_1_x",
        "2026-99-05T12:00:00Z_1_1",
        "\0",
        "_" * 999,
    ],
)
def test_a_malformed_cursor_shows_the_newest_page(before):
    client = browser(make.make_campaign().company)
    assert (
        client.get(PAGE, {"before": before}).context["changes"]
        == client.get(PAGE).context["changes"]
    )


def test_read_only_members_get_403():
    company = make.make_company()
    assert [
        browser(company, role).get(PAGE).status_code
        for role in ("owner", "account_manager", "read_only")
    ] == [200, 200, 403]


def test_a_user_sees_the_changes_of_the_companies_that_they_edit():
    own, other = make.make_company(name="B"), make.make_company(name="A")
    make.make_campaign(own, name="Mine")
    make.make_campaign(other, name="Theirs")
    client = browser(own)
    Member.objects.create(company=other, user=User.objects.get(), role="read_only")
    page = client.get(PAGE)
    assert "Mine" in page.text
    assert ("Theirs" in page.text) is False


def test_the_sentence_of_a_new_key():
    key = make.make_key("rtb", name="For Alpha", paused=False)
    line = (
        f"added the key For Alpha: type Real-time bidding, campaign {key.campaign}, "
        "shield scope “key”, ttl seconds 30"
    )
    assert _told(browser(key.company), _page(key, "history")) == [line]


def test_changes_of_a_deleted_row_stay_listed():
    webhook = make.make_webhook(filters=[("age", ">", "65")])
    campaign: Campaign = webhook.campaign
    webhook.delete()
    told = _told(browser(campaign.company), _page(campaign, "history"))
    assert told[:2] == ["removed the webhook Lead", "removed the webhook filter age > 65"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_queries_of_a_page_do_not_grow_with_the_changes(count, django_assert_num_queries):
    company = make.make_company()
    client = browser(company)
    for _ in range(count):
        _save(make.make_buyer(company, filters=[("zip", "==", "1")]), name="New", daily_cap=3)
    with django_assert_num_queries(33):
        client.get(PAGE)


def test_times_are_in_the_time_zone_of_the_company():
    company = make.make_company(time_zone="America/New_York")
    company.history.update(history_date=timezone.now() - timedelta(days=3))
    at = company.history.get().history_date.astimezone().strftime("%b")
    assert at in browser(company).get(PAGE).context["changes"][-1].at


@pytest.mark.parametrize(
    "before",
    ["0001-01-01T00:00:00+14:00_0_1", "9999-12-31T23:59:59-14:00_0_1", "2026-05-05T12:00:00_0_1"],
)
def test_a_cursor_out_of_range_shows_the_newest_page(before):
    client = browser(make.make_company())
    assert (
        client.get(PAGE, {"before": before}).context["changes"]
        == client.get(PAGE).context["changes"]
    )
