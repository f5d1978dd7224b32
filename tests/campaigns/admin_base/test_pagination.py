"""Pages of records: the newest of each company, in one order, however deep."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from campaigns.admin_base import pagination
from campaigns.models import Member
from publishers.models import LogEntry
from tests import factories as make
from tests.admin_client import browser, list_rows

pytestmark = pytest.mark.django_db
LIST = reverse("admin:publishers_logentry_changelist")


@pytest.fixture
def companies(monkeypatch):
    monkeypatch.setattr(admin.site.get_model_admin(LogEntry), "list_per_page", 2)
    return [make.make_company(), make.make_company()]


def _in_turn(companies, count=6):
    """Rows of the companies in turn, the newest first."""
    now = timezone.now()
    return [
        make.make_entry(companies[n % len(companies)], at=now - timedelta(minutes=n))
        for n in range(count)
    ]


def _of_both(companies):
    client = browser(companies[0])
    Member.objects.create(company=companies[1], user=User.objects.get(), role=Member.Role.READ_ONLY)
    return client


@pytest.mark.parametrize("page", [1, 2, 3])
def test_rows_of_two_companies_stand_in_the_order_of_time(companies, page):
    rows = _in_turn([*companies, make.make_company()], 9)
    mine = [row for row in rows if row.company_pk in {each.pk for each in companies}]
    assert list_rows(_of_both(companies), f"{LIST}?p={page}") == mine[2 * page - 2 : 2 * page]


def test_a_superuser_sees_rows_without_a_company_in_order(companies):
    rows = _in_turn([companies[0], None, companies[1]])
    assert [list_rows(browser(), f"{LIST}?p={page}") for page in (1, 2)] == [rows[:2], rows[2:4]]


def test_each_row_is_read_with_the_rights_in_its_company(companies):
    rows = _in_turn(companies, 2)
    assert [(row, row.clear) for row in list_rows(_of_both(companies), LIST)] == [
        (rows[0], True),
        (rows[1], False),
    ]


@pytest.mark.parametrize(
    ("limit", "most"), [("MAX_BRANCHES", 0), ("MAX_BRANCHES", 9), ("MAX_VALUES", 0)]
)
def test_a_filter_holds_on_every_page(companies, monkeypatch, limit, most):
    monkeypatch.setattr(pagination, limit, most)
    rows = _in_turn(companies)
    LogEntry.objects.filter(pk__in=[rows[1].pk, rows[3].pk, rows[4].pk]).update(status=422)
    client = _of_both(companies)
    assert [list_rows(client, f"{LIST}?status=422&p={page}") for page in (1, 2, 3)] == [
        [rows[1], rows[3]],
        [rows[4]],
        [],
    ]


def test_a_filter_by_a_thousand_rows_works_for_many_companies(companies):
    companies += [make.make_company() for _ in range(65)]
    uuid = uuid4()
    rows = [make.make_entry(companies[0], call_uuid=uuid) for _ in range(1000)]
    assert list_rows(browser(), f"{LIST}?q={uuid}") == [rows[-1], rows[-2]]


def test_the_oldest_first_on_demand(companies):
    rows = _in_turn(companies)
    assert list_rows(_of_both(companies), f"{LIST}?o=0") == rows[:-3:-1]


@pytest.mark.parametrize("page", ["0", "-1", "999999999999"])
def test_a_page_that_cannot_be_shows_the_list(companies, page):
    _in_turn(companies)
    assert len(browser().get(f"{LIST}?p={page}", follow=True).context["cl"].result_list) == 2


def test_the_list_of_an_unknown_company_is_empty(companies):
    _in_turn(companies)
    assert list_rows(browser(make.make_company()), LIST) == []
