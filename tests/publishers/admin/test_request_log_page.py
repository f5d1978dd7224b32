"""The page of a postback: request and answer, related cards, and the routing trace."""

import html
import re
from typing import Any

import pytest
from django.urls import reverse

from callcontrol.models import Call
from campaigns.models import Company
from publishers.models import LogEntry
from tests import factories as make
from tests.admin_client import browser
from tests.pinging import CALLER, dial, logged, ping

pytestmark = pytest.mark.django_db
SPACE = re.compile(r"\s+")


def _page(entry: LogEntry, company: Company | None = None, role: str = "owner") -> str:
    """Return the content of the page, with collapsed white space."""
    answer = browser(company, role).get(
        reverse("admin:publishers_logentry_change", args=[entry.pk])
    )
    return SPACE.sub(
        " ", answer.content.decode().split('<div class="log">', 1)[1].split("</main", 1)[0]
    )


def _text(entry: LogEntry, company: Company | None = None, role: str = "owner") -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", "", _page(entry, company, role))).split())


# --- request and answer ---------------------------------------------------------------------------
def test_known_parameters_are_labeled_and_the_rest_are_tags():
    company = make.make_company()
    assert "Parameters Caller's number caller_number (202) 555-0142 Tags caller_zip 90210" in _text(
        make.make_entry(company), company
    )


def test_without_tags_the_rest_are_other_parameters():
    company = make.make_company()
    entry = make.make_entry(
        company,
        type="call_control",
        parameters={"transfer_to": "+12025550143", "hold_caller": "true", "x": "1"},
    )
    expected = (
        "Transfer to transfer_to +12025550143 Hold the caller hold_caller true Other parameters x 1"
    )
    assert expected in _text(entry, company)


def test_the_request_with_its_format_and_address():
    company = make.make_company()
    entry = make.make_entry(company, format="json", address="203.0.113.7", parameters={})
    assert "Request POST /rtbs.json Format JSON from 203.0.113.7 No parameters." in _text(
        entry, company
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, "200 OK the request was evaluated"),
        (422, "422 Unprocessable Entity a value is missing or invalid"),
        (499, "Answer 499 {"),
    ],
)
def test_the_status_is_explained(status, expected):
    company = make.make_company()
    assert expected in _text(make.make_entry(company, status=status), company)


@pytest.mark.parametrize(
    ("format", "response", "expected"),
    [
        ("json", '{"a":{"b":1}}', '{\n  "a": {\n    "b": 1\n  }\n}'),
        (
            "xml",
            "<hash><a><b>1</b><c/></a></hash>",
            "<hash>\n  <a>\n    <b>1</b>\n    <c/>\n  </a>\n</hash>",
        ),
        ("xml", "<hash><a><b>1</b", "<hash>\n  <a>\n    <b>1</b"),
        ("json", '{"cut":', '{"cut":'),
    ],
)
def test_the_answer_is_indented(format, response, expected):
    company = make.make_company()
    entry = make.make_entry(company, format=format, response=response)
    answer = browser(company).get(reverse("admin:publishers_logentry_change", args=[entry.pk]))
    assert answer.context["answer"] == expected


# --- permissions ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_numbers_are_masked_for_readers(role, clear):
    company = make.make_company()
    fields = {
        "notes": ["+18335550100 is not a number of this company"],
        "path": "/rtbs/13105550103.json",
    }
    text = _text(make.make_entry(company, **fields), company, role)
    numbers = ("(202) 555-0142", "+12025550142", "+18335550100", "13105550103")
    assert {number in text for number in numbers} == {clear}


def test_a_reader_still_sees_the_last_four_digits_and_the_tags():
    company = make.make_company()
    text = _text(make.make_entry(company), company, "read_only")
    assert [each in text for each in ("+*******0142", "(***) ***-0142", "90210")] == [True] * 3


@pytest.mark.parametrize("name", ["caller_number", "inbound_number"])
def test_short_numbers_are_masked_too(name):
    company = make.make_company()
    entry = make.make_entry(company, parameters={name: "5550142"})
    assert f"{name} ***0142" in _text(entry, company, "read_only")


def test_a_number_in_a_trace_is_masked():
    buyer = make.make_buyer(name="Buyer Two")
    detail = {
        "key": "caller_number",
        "operator": "==",
        "value": "+12025550100",
        "seen": "+12025550142",
    }
    entry = make.make_entry(buyer.company, trace=_trace(filter=[[detail, [buyer.pk]]]))
    assert "caller_number == +*******0100” not met, the caller's is “+*******0142”" in _text(
        entry, buyer.company, "read_only"
    )


def test_another_companys_row_is_hidden():
    entry = make.make_entry(make.make_company())
    answer = browser(make.make_company()).get(
        reverse("admin:publishers_logentry_change", args=[entry.pk])
    )
    assert answer.status_code == 302


def test_a_refused_key_has_a_page_for_superusers():
    entry = make.make_entry(
        None, key_end="abcd", status=401, type="", result="refused", caller_number=None
    )
    assert "Type Unknown key Key unknown key …abcd Took 1.5 ms" in _text(entry)


# --- the trace ------------------------------------------------------------------------------------
def _trace(eligible: Any = (), **refused: Any) -> dict[str, Any]:
    return {"seed": 1, "eligible": list(eligible), "refused": refused}


def test_a_refused_buyer_is_linked_with_its_reason():
    buyer = make.make_buyer(make.make_company(time_zone="America/New_York"), name="Buyer Two")
    opens = {"opens": "2026-05-11T13:00:00+00:00"}
    page = _page(
        make.make_entry(buyer.company, trace=_trace(closed=[[opens, [buyer.pk]]])), buyer.company
    )
    link = f'<a href="/admin/campaigns/buyer/{buyer.pk}/change/" class="text-primary-600 dark:text-primary-500">Buyer Two</a>'
    assert f"<li>{link}: closed, opens Monday 09:00 New York time</li>" in page


def test_times_are_in_the_campaigns_time_zone():
    key = make.make_key(campaign=make.make_campaign(time_zone="America/Los_Angeles"))
    trace = _trace(closed=[[{"opens": "2026-05-11T16:00:00+00:00"}, [1000]]])
    text = _text(make.make_entry(key.company, key_pk=key.pk, trace=trace), key.company)
    assert "Closed 1 buyer Buyer number 1000: closed, opens Monday 09:00 Los Angeles time" in text


def test_the_chosen_comes_before_the_other_eligible():
    company = make.make_company()
    first, second = (make.make_buyer(company, name=name) for name in ("First", "Second"))
    entry = make.make_entry(company, trace=_trace([[1, 1, [first.pk]], [2, 1, [second.pk]]]))
    assert "Chosen First 1 other eligible buyer, in this order Second" in _text(entry, company)


@pytest.mark.parametrize(("count", "opened"), [(25, True), (26, False)])
def test_many_refused_are_folded_by_reason(count, opened):
    company = make.make_company()
    entry = make.make_entry(company, trace=_trace(paused=[[None, list(range(1000, 1000 + count))]]))
    assert ('<details class="log-fold" open>' in _page(entry, company)) == opened


def test_a_thousand_buyers_take_one_query(django_assert_num_queries):
    company = make.make_company()
    entries = [
        make.make_entry(company, trace=_trace(paused=[[None, list(range(1000, 1000 + n))]]))
        for n in (1, 1000)
    ]
    client = browser(company)
    for entry in entries:
        with django_assert_num_queries(12):
            client.get(reverse("admin:publishers_logentry_change", args=[entry.pk]))


@pytest.mark.parametrize("trace", [None, {}, {"order": []}, _trace()])
def test_an_empty_trace_is_explained(trace):
    company = make.make_company()
    text = _text(make.make_entry(company, trace=trace), company)
    sentence = (
        "The campaign has no buyer." if trace and "refused" in trace else "No buyer was looked for."
    )
    assert f"Routing {sentence}" in text


@pytest.mark.parametrize(
    ("type", "expected"), [("rtb", True), ("call_data_writing", False), ("transfer", False)]
)
def test_only_a_ping_without_a_trace_is_explained(type, expected):
    company = make.make_company()
    assert (
        "No buyer was looked for." in _text(make.make_entry(company, type=type), company)
    ) == expected


# --- related pages --------------------------------------------------------------------------------
def test_the_reservation_and_the_call_have_cards():
    key = make.make_ready_key()
    reserved = ping(key)
    entry = logged()
    dial(reserved["inbound_number"], CALLER)
    text = _text(entry, key.company)
    assert re.findall(r"(Reservation|Call) (Claimed by a call|Ringing) Buyer (\w+)", text) == [
        ("Reservation", "Claimed by a call", "Buyer"),
        ("Call", "Ringing", "Buyer"),
    ]


def test_a_deleted_reservation_is_mentioned():
    company = make.make_company()
    entry = make.make_entry(company, reservation_uuid="7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1")
    assert "Reservation and call The reservation or call is no longer kept." in _text(
        entry, company
    )


@pytest.mark.parametrize("same_company", [True, False])
def test_cards_are_limited_to_the_rows_company(same_company):
    key = make.make_ready_key()
    call = Call.objects.get(pk=dial(ping(key)["inbound_number"])["call_uuid"])
    company = key.company if same_company else make.make_company()
    entry = make.make_entry(company, reservation_uuid=call.reservation_id, call_uuid=call.pk)
    answer = browser(company).get(reverse("admin:publishers_logentry_change", args=[entry.pk]))
    assert [card.title for card in answer.context["related_cards"]] == (
        ["Reservation", "Call"] if same_company else []
    )


@pytest.mark.parametrize(("caller", "shown"), [("+12025550142", True), (None, False)])
def test_the_caller_is_linked_without_its_number(caller, shown):
    company = make.make_company()
    entry = make.make_entry(company, caller_number=caller)
    assert (f'href="/admin/caller/?log={entry.pk}"' in _page(entry, company, "read_only")) == shown


def test_a_confirmation_links_to_its_ping_and_caller():
    company, uuid = make.make_company(), "7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1"
    make.make_entry(company, reservation_uuid=uuid, trace=_trace())
    page = _page(
        make.make_entry(company, reservation_uuid=uuid, result="confirmed", caller_number=None),
        company,
    )
    addresses = (f"/admin/caller/?reservation={uuid}", f"/admin/publishers/logentry/?q={uuid}")
    assert [f'href="{address}"' in page for address in addresses] == [True, True]


@pytest.mark.parametrize(("trace", "shown"), [(_trace(), True), (None, False)])
def test_a_decision_can_be_replayed(trace, shown):
    company = make.make_company()
    entry = make.make_entry(company, trace=trace)
    assert (f'href="/admin/dry-run/?log={entry.pk}"' in _page(entry, company)) == shown


def test_the_key_its_campaign_and_the_publisher_are_linked():
    key = make.make_key(name="Summer")
    alpha = make.make_publisher(key.company, name="Alpha Media")
    page = _page(make.make_entry(key.company, key_pk=key.pk, publisher_pk=alpha.pk), key.company)
    assert [
        f"/{name}/{row.pk}/change/" in page
        for name, row in (("key", key), ("campaign", key.campaign), ("publisher", alpha))
    ] == [True] * 3
