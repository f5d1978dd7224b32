"""The list of calls in the admin, and the page of a call."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from callcontrol.admin.call_page import pay_reason
from callcontrol.control import manager
from callcontrol.models import Call, CallEvent, CallTag, Delivery, DeliveryAttempt, LateTag, Leg
from tests import factories as make
from tests.admin_client import browser, list_rows
from tests.callcontrol.call_center import THIRD, arrive, line, pick_up, talk
from tests.pinging import CALLER, act, dial, hang_up, last_leg, ping

pytestmark = pytest.mark.django_db
LIST = reverse("admin:callcontrol_call_changelist")


def _call(campaign: Any = None, **fields: Any) -> Call:
    campaign, now = campaign or make.make_campaign(), timezone.now()
    carried = {
        "carrier": "simulator",
        "carrier_call_id": uuid4().hex,
        "inbound_number": "+18335550100",
    }
    defaults = {
        "caller_number": CALLER,
        "started_at": now,
        "clock": now,
        "buyer": make.make_buyer(campaign.company),
    }
    return Call.objects.create(
        company=campaign.company, campaign=campaign, **carried, **{**defaults, **fields}
    )


def _page(call: Call) -> str:
    return reverse("admin:callcontrol_call_change", args=[call.pk])


def _ended(**more: str) -> Call:
    """Make a call with 130 seconds of talk."""
    campaign = make.make_market()
    key = make.make_key("rtb", campaign=campaign)
    call = dial(ping(key, publisher_id="alpha", **more)["inbound_number"])
    talking = act(last_leg(call), "answer")
    end = Leg.objects.get(pk=last_leg(talking)).answered_at + timedelta(seconds=130)
    hang_up(call["call_uuid"], at=end.isoformat())
    return Call.objects.get(pk=call["call_uuid"])


def _context(call: Call, role: str = "owner") -> Any:
    return browser(call.company, role).get(_page(call)).context


# --- the list -------------------------------------------------------------------------------------
def test_a_company_sees_its_own_calls():
    call = _call()
    _call()
    assert list_rows(browser(call.company), LIST) == [call]


def test_the_list_is_newest_first():
    campaign, now = make.make_campaign(), timezone.now()
    calls = [_call(campaign, started_at=now - timedelta(minutes=ago)) for ago in (2, 1, 3)]
    assert list_rows(browser(campaign.company), LIST) == [calls[1], calls[0], calls[2]]


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_calls(count, django_assert_num_queries):
    campaign = make.make_campaign()
    for _ in range(count):
        _call(campaign, publisher=make.make_publisher(campaign.company))
    client = browser(campaign.company)
    with django_assert_num_queries(12):
        client.get(LIST)


def _row(call: Call) -> list[str]:
    html = browser(call.company).get(LIST).content.decode()
    cells = re.findall(r'<t[dh][^>]*data-label="[^"]*"[^>]*>(.*?)</t[dh]>', html, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in cells]


def test_a_row_shows_the_outcome_of_the_call():
    assert _row(_ended())[1:] == [
        *(
            "Finished",
            "Converted",
            "Roofing",
            "Publisher",
            "Buyer 1",
            CALLER,
            "2:10 min",
            "90.00",
            "120.00",
        )
    ]


def test_each_filter_keeps_the_calls_that_match():
    campaign = make.make_campaign()
    publisher = make.make_publisher(campaign.company)
    now = timezone.now()
    matching = _call(
        campaign, publisher=publisher, status="finished", connected_at=now, converted_at=now
    )
    _call(make.make_campaign(campaign.company))
    client = browser(campaign.company)
    queries = (
        *(f"campaign={campaign.pk}", f"publisher={publisher.pk}", f"buyer={matching.buyer_id}"),
        *(
            "status=finished",
            "connected=1",
            "converted=1",
            f"company={campaign.company_id}&converted=1",
        ),
    )
    assert [list_rows(client, f"{LIST}?{query}") for query in queries] == [[matching]] * len(
        queries
    )


@pytest.mark.parametrize(
    "query", ["campaign=x", "connected=maybe", "status=gone", "publisher=" + "9" * 40]
)
def test_an_unusable_filter_is_ignored(query):
    call = _call()
    assert list_rows(browser(call.company), f"{LIST}?{query}") == [call]


def test_the_time_filter_is_in_the_companys_time_zone():
    campaign = make.make_campaign(make.make_company(time_zone="America/New_York"))
    noon = timezone.now().replace(year=2026, month=5, day=5, hour=12, minute=0)
    call = _call(campaign, started_at=noon)
    _call(campaign, started_at=noon - timedelta(minutes=2))
    day, client = "started_at_from_0=2026-05-05&started_at_from_1", browser(campaign.company)
    assert [list_rows(client, f"{LIST}?{day}={at}") for at in ("07:59:00", "08:01:00")] == [
        [call],
        [],
    ]


@pytest.mark.parametrize(
    "term", ["(202) 555-0102", "2025550102", "+1 202 555 0102", "call", "reservation"]
)
def test_a_call_is_found_by_any_spelling_and_by_uuids(term):
    call = _ended()
    _call(call.campaign, caller_number="+13105550103")
    named = {"call": str(call.pk), "reservation": str(call.reservation_id)}.get(term, term)
    assert list_rows(browser(call.company), f"{LIST}?{urlencode({'q': named})}") == [call]


@pytest.mark.parametrize("term", ["roofing", "7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1", "0102"])
def test_an_unknown_search_term_finds_no_call(term):
    assert list_rows(browser(_call().company), f"{LIST}?q={term}") == []


# --- the page -------------------------------------------------------------------------------------
def test_another_companys_call_does_not_exist():
    answer = browser(make.make_company()).get(_page(_call()))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:index")


def test_a_call_cannot_be_edited():
    call = _call()
    answer = browser().post(_page(call), {"status": "finished"})
    assert answer.status_code == 403
    assert Call.objects.get().status == "routing"


def test_the_page_begins_with_the_outcome_of_the_call():
    call = _ended()
    assert (
        _context(call)["headline"]
        == "Buyer 1 talked 2:10 min; the call paid Publisher 90.00 USD and earned 120.00 USD."
    )


def test_the_timeline_has_the_names_of_buyers():
    steps = _context(_ended())["steps"]
    assert [(step.since, step.text) for step in steps[1:5]] == [
        ("0:00", "Routing decided."),
        ("0:00", "Buyer 1 is being dialed."),
        ("0:00", "Buyer 1 answered."),
        ("2:10", "The caller hung up."),
    ]


def test_a_decisions_verdicts_are_folded_into_its_step():
    assert [step.verdicts for step in _context(_ended())["steps"] if step.verdicts] == [
        ["Buyer 1: reserved for this caller"]
    ]


def test_the_page_names_the_conversion_that_applied():
    quoted = dict(_context(_ended())["payment"])
    assert quoted == {
        **{"Payout": "90.00 USD", "Revenue": "120.00 USD", "Profit": "30.00 USD"},
        "Reason": "As its ping was quoted: after 120 s of talk.",
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"payout": Decimal(90)}, "By a conversion that was not recorded."),
        ({"connected_at": timezone.now()}, "It ended before a conversion that applies."),
        (
            {"duplicate": True},
            "The caller had converted on this campaign before, and does not pay again.",
        ),
        ({}, "No buyer had the call."),
    ],
    ids=["paid before rules were recorded", "too short", "duplicate", "no buyer"],
)
def test_a_call_without_a_recorded_rule_has_a_reason(fields: dict[str, Any], reason: str):
    assert pay_reason(_call(settled_at=timezone.now(), **fields), []) == reason


def test_tags_show_their_publisher_and_previous_value():
    call, now = _call(), timezone.now()
    alpha = make.make_publisher(call.company, name="Alpha Media")
    CallTag.objects.create(
        call=call, name="zip", value="90210", value_before="", publisher=alpha, written_at=now
    )
    LateTag.objects.create(call=call, name="zoo", value="yes", written_at=now)
    tags = [
        (tag["name"], tag["previous"], re.sub("<[^>]*>", "", tag["publisher"]), tag["is_late"])
        for tag in _context(call)["tags"]
    ]
    assert tags == [
        ("zip", "blank", "Alpha Media", False),
        ("zoo", "–", "–", True),
    ]


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_the_callers_number_is_masked_everywhere(role, clear):
    call, now = _call(make.make_campaign(), buyer=None), timezone.now()
    CallEvent.objects.create(call=call, at=now, kind="arrived", detail={"number": CALLER})
    Leg.objects.create(
        call=call, party="caller", number=CALLER, started_at=now, status="in-progress"
    )
    Leg.objects.create(call=call, party="transferee", number=CALLER, started_at=now, place=1)
    CallTag.objects.create(call=call, name="callback", value=CALLER, written_at=now)
    page = browser(call.company, role).get(_page(call)).content.decode()
    assert (CALLER[1:] in page) == clear
    assert "0102" in page


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_numbers_in_verdicts_and_transfers_are_masked_too(role, clear):
    campaign = make.make_market()
    make.make_route(
        campaign,
        make.make_buyer(campaign.company, filters=[("caller_number", "==", "+13105550103")]),
    )
    call = talk(campaign)
    manager.transfer_as_manager(
        call=call,
        leg=line(call).pk,
        transfer_to=THIRD,
        hold_caller=False,
        manager_name="Rita",
        now=timezone.now(),
    )
    context = _context(call, role)
    verdicts = " ".join(text for step in context["steps"] for text in step.verdicts)
    is_clear = [
        number in text
        for number, text in (
            ("+13105550103", verdicts),
            (CALLER, verdicts),
            (THIRD, context["transfers"][0]["transferee"]),
        )
    ]
    assert is_clear == [clear] * 3


@pytest.mark.parametrize("role", ["owner", "read_only"])
def test_the_page_links_to_related_pages(role):
    call = _ended()
    log = reverse("admin:publishers_logentry_changelist")
    addresses = [
        f"{reverse('caller')}?call={call.pk}",
        f"{log}?q={call.reservation_id}",
        f"{log}?q={call.pk}",
    ]
    assert [address for _, address in _context(call, role)["related_links"]] == addresses


def test_the_page_applies_due_timeouts_first():
    call = arrive(make.make_market())
    Leg.objects.filter(party="handler").update(rings_until=timezone.now() - timedelta(seconds=1))
    assert _context(call)["headline"] == "No buyer took the call. Buyer 1 did not answer."


def test_the_live_fragment_is_not_a_whole_page():
    call = talk(make.make_market())
    page = browser(call.company).get(f"{_page(call)}?live=1").content.decode()
    assert page.count("data-live-parts") == 1
    assert ("<html" in page) is False
    assert 'data-is-live="yes"' in page


# --- webhooks -------------------------------------------------------------------------------------
def _delivery(call: Call, **fields: Any) -> Delivery:
    usual = {
        "name": "CRM",
        "trigger": "ended",
        "method": "POST",
        "url": f"https://a.example/x?key=open-sesame&from={CALLER}",
    }
    webhook = make.make_webhook(call.campaign)
    row = Delivery.objects.create(
        call=call,
        company=call.company,
        webhook=webhook,
        created_at=call.started_at,
        **usual | fields,
    )
    DeliveryAttempt.objects.create(delivery=row, at=call.started_at)
    DeliveryAttempt.objects.create(
        delivery=row, at=call.started_at, error="no answer within 2 seconds", duration_ms=2000
    )
    DeliveryAttempt.objects.create(
        delivery=row, at=call.started_at, status=200, answer="<b>token</b>", duration_ms=35
    )
    return row


def test_the_page_lists_every_attempt_of_a_webhook():
    call = _call()
    _delivery(call).webhook.delete()
    (row,) = _context(call)["deliveries"]
    assert row["webhook"] == "CRM (deleted)"
    assert [attempt["text"].rpartition(": ")[2] for attempt in row["attempts"]] == [
        "the worker stopped",
        "no answer within 2 seconds",
        "200 in 35 ms",
    ]


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_url_and_answer_of_a_webhook_are_masked_for_readers(role, clear):
    call = _call()
    _delivery(call)
    page = browser(call.company, role).get(_page(call)).content.decode()
    assert ("open-sesame" in page) == clear
    assert ("&lt;b&gt;token&lt;/b&gt;" in page) == clear
    assert "POST https://a.example/" in page
    assert "200 in 35 ms" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_events(count, django_assert_num_queries):
    call, now = pick_up(arrive(make.make_market())), timezone.now()
    for place in range(count):
        Leg.objects.create(
            call=call,
            party="handler",
            buyer=make.make_buyer(call.company),
            started_at=now,
            status="ended",
        )
        CallTag.objects.create(call=call, name=f"tag{place}", value="1", written_at=now)
        CallEvent.objects.create(
            call=call, at=now, kind="answered", detail={"leg": str(line(call).pk)}
        )
    client = browser(call.company)
    with django_assert_num_queries(23):
        client.get(_page(call))
