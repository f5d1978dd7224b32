"""The list of the postback log: newest first, masked for readers, searched."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from publishers.models import LogEntry
from tests import factories as make
from tests.admin_client import browser, list_rows

pytestmark = pytest.mark.django_db
LIST = reverse("admin:publishers_logentry_changelist")
CALLER = "+12025550142"


def _cells(client: Any, url: str = LIST) -> str:
    return str(client.get(url).content.decode().split("<tbody", 1)[1].split("</table", 1)[0])


def test_the_newest_request_comes_first():
    company = make.make_company()
    entries = [make.make_entry(company) for _ in range(3)]
    assert list_rows(browser(company), LIST) == entries[::-1]


# --- search ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("spelled", ["(202) 555-0142", "+12025550142", "12025550142"])
def test_a_caller_is_found_in_any_spelling(spelled):
    company = make.make_company()
    entry = make.make_entry(company)
    make.make_entry(company, caller_number="+12025550143")
    assert list_rows(browser(company), f"{LIST}?q={spelled.replace('+', '%2B')}") == [entry]


def test_a_part_of_a_number_finds_nothing():
    company = make.make_company()
    make.make_entry(company)
    assert list_rows(browser(company), f"{LIST}?q=5550") == []


@pytest.mark.parametrize("column", ["reservation_uuid", "call_uuid"])
def test_rows_are_found_by_uuid(column):
    company, uuid = make.make_company(), uuid4()
    entry = make.make_entry(company, **{column: uuid})
    make.make_entry(company, **{column: uuid4()})
    assert list_rows(browser(company), f"{LIST}?q={uuid}") == [entry]


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL looks through a small table as a whole"
)
def test_a_uuid_is_searched_in_its_indexes():
    client = browser(make.make_company())
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{LIST}?q={uuid4()}")
    statements = [
        query["sql"]
        for query in queries.captured_queries
        if "_uuid" in query["sql"].partition("WHERE")[2]
    ]
    with connection.cursor() as cursor:
        plans = [cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchone()[3] for sql in statements]
    table = "SEARCH publishers_logentry USING COVERING INDEX"
    assert plans == [
        f"{table} log_by_reservation (reservation_uuid=?)",
        f"{table} log_by_call (call_uuid=?)",
    ]


@pytest.mark.parametrize("attribute", ["key", "name"])
def test_requests_are_found_by_the_text_or_name_of_their_key(attribute):
    key = make.make_key(name="Summer")
    entry = make.make_entry(key.company, key_pk=key.pk)
    make.make_entry(key.company)
    assert list_rows(browser(key.company), f"{LIST}?q={getattr(key, attribute)}") == [entry]


@pytest.mark.parametrize(("attribute", "found"), [("key", 0), ("name", 1)])
def test_a_reader_cannot_probe_for_keys(attribute, found):
    key = make.make_key(name="Summer")
    make.make_entry(key.company, key_pk=key.pk)
    assert (
        len(list_rows(browser(key.company, "read_only"), f"{LIST}?q={getattr(key, attribute)}"))
        == found
    )


def test_another_companys_key_finds_nothing():
    company, key = make.make_company(), make.make_key()
    make.make_entry(company, key_pk=key.pk)
    assert list_rows(browser(company), f"{LIST}?q={key.key}") == []


# --- permissions ----------------------------------------------------------------------------------
def test_a_refused_keys_request_is_for_superusers():
    company = make.make_company()
    entry = make.make_entry(None, key_end="abcd", status=401, type="")
    assert list_rows(browser(company), LIST) == []
    assert list_rows(browser(), LIST) == [entry]


def test_an_unknown_key_is_shown_by_its_last_characters():
    make.make_entry(None, key_end="abcd", status=401, type="")
    assert "unknown key …abcd" in _cells(browser())


@pytest.mark.parametrize(
    ("role", "shown"), [("account_manager", "(202) 555-0142"), ("read_only", "(***) ***-0142")]
)
def test_callers_are_masked_for_readers(role, shown):
    company = make.make_company()
    make.make_entry(company)
    assert f'<span class="whitespace-nowrap">{shown}</span>' in _cells(browser(company, role))


def test_numbers_in_an_error_are_masked_for_readers():
    company = make.make_company()
    make.make_entry(
        company, status=422, result="refused", response='{"error": "no number +12025550142"}'
    )
    assert ">no number +*******0142<" in _cells(browser(company, "read_only"))


@pytest.mark.parametrize(
    "query",
    ["caller_number__startswith=%2B1202", "response__contains=8335", "parameters__contains=555"],
)
def test_a_reader_cannot_search_for_masked_values(query):
    company = make.make_company()
    answer = browser(company, "read_only").get(f"{LIST}?{query}")
    assert answer.status_code == 302
    assert answer["Location"] == LIST


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_the_log_is_read_only(action):
    entry = make.make_entry(make.make_company())
    args = [] if action == "add" else [entry.pk]
    answer = browser().post(
        reverse(f"admin:publishers_logentry_{action}", args=args), {"status": "500", "post": "yes"}
    )
    assert answer.status_code == 403
    assert LogEntry.objects.get().status == 200


# --- rows -------------------------------------------------------------------------------------
def _answer(**fields: Any) -> str:
    """Return the answer column of a row."""
    company = make.make_company()
    make.make_entry(company, **fields)
    return _cells(browser(company)).split('data-label="answer">', 1)[1].split("<", 1)[0]


def _refused(**reasons: int) -> dict[str, Any]:
    return {
        "seed": 1,
        "eligible": [],
        "refused": {slug.replace("_", "-"): [[None, [*range(n)]]] for slug, n in reasons.items()},
    }


def test_the_chosen_buyer():
    buyer = make.make_buyer(name="Buyer Two")
    trace = {"seed": 1, "eligible": [[1, 1, [buyer.pk]]], "refused": {}}
    assert _answer(trace=trace) == "Buyer Two"


@pytest.mark.parametrize(
    ("trace", "answer"),
    [
        (_refused(closed=2, filter=3), "3 filtered out, 2 closed"),
        (
            _refused(hourly_cap=4, closed=3, paused=2, filter=1),
            "4 hourly cap full, 3 closed, 2 paused, 1 for other reasons",
        ),
        (_refused(), "The campaign has no buyer"),
        (None, "–"),
    ],
)
def test_refusals_are_counted(trace, answer):
    assert _answer(result="no-target", trace=trace) == answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ('{"error": "this key is paused"}', "this key is paused"),
        ("<?xml version='1.0'?><hash><error>a &lt; b</error></hash>", "a &lt; b"),
        ("not json", "–"),
        ("[]", "–"),
    ],
)
def test_an_error_is_shown(response, answer):
    assert _answer(result="refused", status=403, response=response) == answer


@pytest.mark.parametrize(
    ("result", "response", "answer"),
    [
        ("stored", '{"tag_values": {"age": "62", "zip": "1"}}', "age, zip"),
        (
            "applied",
            '{"tag_values": {"a": "1", "b": "2", "c": "3", "d": "4"}}',
            "a, b, c and 1 more",
        ),
        ("converted", '{"revenue": "120.00", "payout": null}', "revenue 120.00"),
        ("shielded", "{}", "The first answer again"),
        ("rejected", "{}", "The campaign or the publisher is paused"),
        ("done", "{}", "–"),
    ],
)
def test_each_result_has_its_answer(result, response, answer):
    assert _answer(result=result, response=response) == answer


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ("confirmed", "Buyer Two: the place is held"),
        ("shielded", "Buyer Two: the first answer again"),
    ],
)
def test_a_repeat_or_confirmation_takes_its_names_from_the_ping(result, answer):
    uuid, buyer = uuid4(), make.make_buyer(name="Buyer Two")
    alpha = make.make_publisher(buyer.company, name="Alpha Media")
    trace = {"seed": 1, "eligible": [[1, 1, [buyer.pk]]], "refused": {}}
    make.make_entry(buyer.company, reservation_uuid=uuid, trace=trace, publisher_pk=alpha.pk)
    make.make_entry(buyer.company, reservation_uuid=uuid, result=result, caller_number=None)
    newest = _cells(browser(buyer.company)).split("</tr>", 1)[0]
    assert f">{answer}<" in newest
    assert ">Alpha Media<" in newest
    assert ">(202) 555-0142<" in newest


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"result": "no-target"}, "No buyer (no-target)"),
        ({"result": "refused", "status": 422}, "Refused: 422"),
        ({"result": "error"}, "error"),
    ],
)
def test_the_result_has_a_label(fields, label):
    company = make.make_company()
    make.make_entry(company, **fields)
    assert label in [line.strip() for line in _cells(browser(company)).splitlines()]


def test_the_key_and_the_publisher_are_named():
    key = make.make_key(name="Summer")
    alpha = make.make_publisher(key.company, name="Alpha Media")
    make.make_entry(key.company, key_pk=key.pk, publisher_pk=alpha.pk)
    cells = _cells(browser(key.company))
    assert '">Summer<' in cells
    assert '">Alpha Media<' in cells


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number_of_rows(count, django_assert_num_queries):
    key = make.make_key()
    buyer, publisher = make.make_buyer(key.company), make.make_publisher(key.company)
    for _ in range(count):
        trace = {"seed": 1, "eligible": [[1, 1, [buyer.pk]]], "refused": {}}
        make.make_entry(key.company, key_pk=key.pk, publisher_pk=publisher.pk, trace=trace)
    client = browser(key.company)
    with django_assert_num_queries(17) as queries:
        client.get(LIST)
    assert [query["sql"] for query in queries.captured_queries if "COUNT(" in query["sql"]] == []
