"""What the postback log is filtered by; every filter can be set by address."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from publishers.admin import request_log_filters
from publishers.models import LogEntry
from tests import factories as make
from tests.admin_client import browser, list_rows

pytestmark = pytest.mark.django_db
LIST = reverse("admin:publishers_logentry_changelist")


def _found(query: str, company: Any, **fields: Any) -> bool:
    """Whether a query finds a row with these fields, and no other."""
    entry = make.make_entry(company, **fields)
    make.make_entry(company, type="conversion", result="done", status=201)
    return list_rows(browser(company), f"{LIST}?{query}") == [entry]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("type=rtb", {}),
        ("type=transfer", {"type": "transfer"}),
        ("result=reserved", {}),
        ("status=422", {"status": 422}),
        ("reason=closed", {"reasons": ",paused,closed,"}),
    ],
)
def test_by_the_columns_of_a_row(query, fields):
    assert _found(query, make.make_company(), **fields)


def test_a_reason_matches_its_whole_slug():
    company = make.make_company()
    make.make_entry(company, reasons=",group-hourly-cap,")
    assert list_rows(browser(company), f"{LIST}?reason=hourly-cap") == []


def test_by_publisher():
    alpha = make.make_publisher()
    assert _found(f"publisher={alpha.pk}", alpha.company, publisher_pk=alpha.pk)


def test_by_key_and_by_its_campaign():
    key = make.make_key()
    entry = make.make_entry(key.company, key_pk=key.pk)
    make.make_entry(
        key.company,
        key_pk=make.make_key(
            publisher=make.make_publisher(key.company), type="call_data_writing"
        ).pk,
    )
    client = browser(key.company)
    assert [
        list_rows(client, f"{LIST}?{query}")
        for query in (f"key_pk={key.pk}", f"campaign={key.campaign_id}")
    ] == [[entry]] * 2


def test_by_company():
    companies = [make.make_company(), make.make_company()]
    entries = [make.make_entry(company) for company in companies]
    assert list_rows(browser(), f"{LIST}?company={companies[1].pk}") == [entries[1]]


@pytest.mark.parametrize("name", ["publisher", "campaign", "key_pk", "company", "buyer"])
@pytest.mark.parametrize("value", ["x", "-1", "9" * 30])
def test_an_invalid_row_does_not_filter(name, value):
    company = make.make_company()
    entry = make.make_entry(company)
    assert list_rows(browser(company), f"{LIST}?{name}={value}") == [entry]


def test_the_rows_of_another_companys_campaign_are_not_found():
    campaign, key = make.make_campaign(), make.make_key()
    make.make_entry(campaign.company, key_pk=key.pk)
    assert list_rows(browser(campaign.company), f"{LIST}?campaign={key.campaign_id}") == []


# --- a refused buyer ------------------------------------------------------------------------------
def _refusing(buyer: Any, rows: list[int], value: str = "", **fields: Any) -> LogEntry:
    """A row that refuses these, and has the buyer's number where it means something else."""
    eligible, refused = [[buyer.pk, buyer.pk, [1000]]], {"filter": [[{"value": value}, rows]]}
    trace = {"seed": buyer.pk, "eligible": eligible, "refused": refused}
    return make.make_entry(buyer.company, trace=trace, reasons=",filter,", **fields)


@pytest.mark.parametrize(
    ("before", "after"), [([], []), ([], [9000]), ([500], []), ([500], [9000, 9001])]
)
def test_a_buyer_among_the_refused(before, after):
    buyer = make.make_buyer()
    entry = _refusing(buyer, [*before, buyer.pk, *after])
    assert list_rows(browser(buyer.company), f"{LIST}?buyer={buyer.pk}") == [entry]


@pytest.mark.parametrize(
    "spelled", ["9{}", "{}9", "5,{},7", "{}", "[{}]", "[1,{}]", '{{"a":[{}]}}']
)
def test_a_buyer_that_was_not_refused(spelled):
    buyer = make.make_buyer()
    text = spelled.format(buyer.pk)
    is_other = text.isdecimal() and text != str(buyer.pk)
    _refusing(buyer, [int(text)] if is_other else [9000], value=text)
    assert list_rows(browser(buyer.company), f"{LIST}?buyer={buyer.pk}") == []


def test_a_buyer_that_was_refused_without_a_detail():
    buyer = make.make_buyer()
    trace = {
        "seed": 1,
        "eligible": [],
        "refused": {"closed": [[{"opens": None}, [9000]], [None, [buyer.pk, 9001]]]},
    }
    entry = make.make_entry(buyer.company, trace=trace, reasons=",closed,")
    assert list_rows(browser(buyer.company), f"{LIST}?buyer={buyer.pk}") == [entry]


def test_only_the_newest_rows_are_searched(monkeypatch):
    monkeypatch.setattr(request_log_filters, "MAX_SEARCHED", 2)
    buyer, noon = (
        make.make_buyer(make.make_company(time_zone="UTC")),
        datetime(2026, 5, 5, 12, tzinfo=UTC),
    )
    rows = [_refusing(buyer, [buyer.pk], at=noon - timedelta(hours=hours)) for hours in range(4)]
    answer = browser(buyer.company).get(f"{LIST}?buyer={buyer.pk}")
    messages = [str(each).partition(". ")[0] for each in answer.context["messages"]]
    assert list(answer.context["cl"].result_list) == rows[:2]
    assert messages == ["Searched the newest 2 requests, back to May 5, 2026, 10:00:00 UTC"]


# --- time -----------------------------------------------------------------------------------------
NOON = datetime(2026, 5, 5, 16, tzinfo=UTC)  # in New York


@pytest.fixture
def company():
    return make.make_company(time_zone="America/New_York")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("at_from_0=2026-05-05&at_from_1=12:00:00", True),
        ("at_from_0=2026-05-05&at_from_1=12:00:01", False),
        ("at_to_0=2026-05-05&at_to_1=12:00:00", True),
        ("at_to_0=2026-05-05&at_to_1=11:59:59", False),
        ("at_from_0=2026-05-05&at_from_1=11:00&at_to_0=2026-05-05&at_to_1=13:00", True),
        ("at_from_0=2026-05-05&at_to_0=2026-05-05", True),
        ("at_to_0=2026-05-04", False),
        ("at_from_0=2026-05-06", False),
    ],
)
def test_times_are_in_the_companys_time_zone(company, query, found):
    make.make_entry(company, at=NOON)
    assert len(list_rows(browser(company), f"{LIST}?{query}")) == found


def test_the_last_second_is_included_to_its_end(company):
    make.make_entry(company, at=NOON + timedelta(milliseconds=900))
    assert len(list_rows(browser(company), f"{LIST}?at_to_0=2026-05-05&at_to_1=12:00:00")) == 1


@pytest.mark.parametrize(
    "date", ["2026-02-31", "yesterday", "0001-01-01", "9999-12-31", "x" * 10_000, ""]
)
@pytest.mark.parametrize("end", ["from", "to"])
def test_an_invalid_date_does_not_filter(company, date, end):
    make.make_entry(company, at=timezone.now())
    assert len(list_rows(browser(company), f"{LIST}?at_{end}_0={date}&at_{end}_1=25:99")) == 1


def test_the_page_names_the_time_zone(company):
    page = browser(company).get(f"{LIST}?at_from_0=2026-05-05").content.decode()
    assert "By time (New York)</legend>" in page
    assert 'name="at_from_0" value="2026-05-05"' in page
