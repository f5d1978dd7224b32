"""The postback log in the admin."""

from uuid import uuid4

import pytest
from django.urls import reverse

from campaigns.models import Company
from publishers.models import LogEntry
from tests import factories as make
from tests.desk import browser, listed

pytestmark = pytest.mark.django_db
LIST = reverse("admin:publishers_logentry_changelist")
CALLER = "+12025550142"


def _text(entry: LogEntry, company: Company, role: str) -> str:
    return browser(company, role).get(reverse("admin:publishers_logentry_change", args=[entry.pk])).content.decode()


def test_the_newest_request_comes_first():
    company = make.make_company()
    entries = [make.make_entry(company) for _ in range(3)]
    assert listed(browser(company), LIST) == entries[::-1]


@pytest.mark.parametrize("spelled", ["(202) 555-0142", "+12025550142", "12025550142"])
def test_a_caller_is_found_in_any_spelling(spelled):
    company = make.make_company()
    entry = make.make_entry(company)
    make.make_entry(company, caller_number="+12025550143")
    assert listed(browser(company), f"{LIST}?q={spelled.replace('+', '%2B')}") == [entry]


def test_a_part_of_a_number_finds_nobody():
    company = make.make_company()
    make.make_entry(company)
    assert listed(browser(company), f"{LIST}?q=5550") == []


def test_the_requests_of_one_key():
    key = make.make_key()
    entry = make.make_entry(key.company, key_row=key.pk)
    make.make_entry(key.company)
    assert listed(browser(key.company), f"{LIST}?key_row={key.pk}") == [entry]


@pytest.mark.parametrize("query", ["type=rtb", "result=reserved"])
def test_filters(query):
    company = make.make_company()
    entry = make.make_entry(company)
    make.make_entry(company, type="conversion", result="refused")
    assert listed(browser(company), f"{LIST}?{query}") == [entry]


def test_a_refused_keys_request_is_for_superusers():
    company = make.make_company()
    entry = make.make_entry(None, key_end="abcd", status=401)
    assert (listed(browser(company), LIST), listed(browser(), LIST)) == ([], [entry])


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_callers_and_numbers_are_masked_for_those_who_only_read(role, clear):
    company = make.make_company()
    text = _text(make.make_entry(company), company, role)
    assert ["(202) 555-0142" in text, CALLER in text, "+18335550100" in text] == [clear] * 3


def test_a_reader_still_sees_the_last_four_digits():
    company = make.make_company()
    text = _text(make.make_entry(company), company, "read_only")
    assert ["+*******0142" in text, "(***) ***-0142" in text, "90210" in text] == [True] * 3


@pytest.mark.parametrize("query", ["caller_number__startswith=%2B1202", "response__contains=8335", "parameters__contains=555"])
def test_a_reader_cannot_guess_what_is_masked(query):
    company = make.make_company()
    assert browser(company, "read_only").get(f"{LIST}?{query}")["Location"] == LIST


def test_the_trace_is_told_in_words():
    buyer = make.make_buyer(name="Buyer Two")
    trace = {"seed": "1", "eligible": [], "refused": {"paused": [[None, [buyer.pk]]]}}
    assert "<li>Buyer Two: paused</li>" in _text(make.make_entry(buyer.company, trace=trace), buyer.company, "owner")


def test_what_it_led_to_is_linked():
    company, uuid = make.make_company(), "7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1"
    assert f"/admin/reservations/reservation/{uuid}/change/" in _text(
        make.make_entry(company, reservation_uuid=uuid), company, "owner"
    )


@pytest.mark.parametrize("way", ["add", "change", "delete"])
def test_nobody_edits_the_log(way):
    entry = make.make_entry(make.make_company())
    args = [] if way == "add" else [entry.pk]
    answer = browser().post(reverse(f"admin:publishers_logentry_{way}", args=args), {"status": "500", "post": "yes"})
    assert (answer.status_code, LogEntry.objects.get().status) == (403, 200)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_however_many_rows_and_counts_none(count, django_assert_num_queries):
    key = make.make_key()
    for _ in range(count):
        make.make_entry(key.company, key_row=key.pk)
    client = browser(key.company)
    with django_assert_num_queries(7) as asked:
        client.get(LIST)
    assert [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"]] == []


@pytest.mark.parametrize("column", ["reservation_uuid", "call_uuid"])
def test_what_a_uuid_led_to(column):
    company, uuid = make.make_company(), uuid4()
    entry = make.make_entry(company, **{column: uuid})
    make.make_entry(company, **{column: uuid4()})
    assert listed(browser(company), f"{LIST}?q={uuid}") == [entry]


@pytest.mark.parametrize("asked", ["key", "name"])
def test_a_keys_requests_by_its_text_or_its_name(asked):
    key = make.make_key(name="Summer")
    entry = make.make_entry(key.company, key_row=key.pk)
    make.make_entry(key.company)
    assert listed(browser(key.company), f"{LIST}?q={getattr(key, asked)}") == [entry]


def test_another_companys_key_finds_nothing():
    company, key = make.make_company(), make.make_key()
    make.make_entry(company, key_row=key.pk)
    assert listed(browser(company), f"{LIST}?q={key.key}") == []


def test_by_status():
    company = make.make_company()
    entry = make.make_entry(company, status=422)
    make.make_entry(company)
    assert listed(browser(company), f"{LIST}?status=422") == [entry]


def test_transfers_have_no_kind_and_are_found_by_their_type():
    company = make.make_company()
    entry = make.make_entry(company, type="transfer")
    make.make_entry(company)
    assert listed(browser(company), f"{LIST}?type=transfer") == [entry]
