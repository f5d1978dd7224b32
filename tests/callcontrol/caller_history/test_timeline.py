"""One caller's time line: all of its rows in the order of their time, in pages, and what belongs together stands so."""

import re

import pytest
from django.utils import timezone

from callcontrol.caller_history import timeline
from callcontrol.caller_history.timeline import CallerHistory
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.reporting import telling as tell
from tests.callcontrol.reporting.telling import CALLER, NOON, minutes

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return make.make_campaign()


@pytest.fixture
def client(campaign):
    return browser(campaign.company)


def test_every_kind_of_row_stands_on_one_line_newest_first(campaign, client):
    tell.make_ping(campaign, minutes(0))
    call = tell.make_converted(campaign, minutes(2), converted_at=minutes(4))
    tell.make_waiting(campaign.company, minutes(3))
    tell.make_delivery(call, minutes(5))
    make.make_entry(
        campaign.company,
        at=minutes(6),
        type="call_data_writing",
        result="applied",
        caller_number=CALLER,
    )
    make.make_entry(
        campaign.company, at=minutes(7), type="conversion", caller_number=None, call_uuid=call.pk
    )
    newest_first = [
        "Sale",
        "Data",
        "Webhook",
        "Conversion",
        "Waiting",
        "Call",
        "Reservation",
        "Ping",
    ]
    assert tell.whats(tell.page(client)) == newest_first


def test_another_callers_and_another_companys_rows_are_not_there(campaign, client):
    other = make.make_campaign()
    tell.make_ping(other, minutes(0))
    tell.make_call(other, minutes(1))
    tell.make_waiting(other.company, minutes(2))
    make.make_entry(campaign.company, caller_number="+12025550143")
    shown = tell.page(client)
    assert tell.lines(shown) == []
    assert shown["facts"].first_seen is None


def test_a_ping_its_reservation_and_its_call_stand_together(campaign, client):
    ping = tell.make_ping(campaign, minutes(0))
    tell.make_call(campaign, minutes(1), reservation_id=ping.reservation_uuid)
    make.make_entry(campaign.company, at=minutes(2), type="call_data_writing", caller_number=CALLER)
    assert tell.blocks(tell.page(client)) == [["Data"], ["Call", "Reservation", "Ping"]]


def test_what_belongs_together_and_stands_apart_is_linked(campaign, client):
    ping = tell.make_ping(campaign, minutes(0))
    make.make_entry(campaign.company, at=minutes(1), type="call_data_writing", caller_number=CALLER)
    tell.make_call(campaign, minutes(2), reservation_id=ping.reservation_uuid)
    [(_, found)] = tell.page(client)["days"]
    assert [(one.anchor, one.newer, one.older) for one in found] == [
        ("line-0", "", "line-2"),
        ("line-1", "", ""),
        ("line-2", "line-0", ""),
    ]


def test_a_repeated_ping_does_not_repeat_the_reservation(campaign, client):
    ping = tell.make_ping(campaign, minutes(0))
    again = {
        "key_pk": ping.key_pk,
        "reservation_uuid": ping.reservation_uuid,
        "result": "shielded",
        "caller_number": CALLER,
    }
    make.make_entry(campaign.company, at=minutes(0.1), **again)
    assert tell.whats(tell.page(client)) == ["Ping", "Reservation", "Ping"]


def test_a_confirmation_that_does_not_name_the_number_is_there(campaign, client):
    ping = tell.make_ping(campaign, minutes(0))
    about = {
        "key_pk": ping.key_pk,
        "reservation_uuid": ping.reservation_uuid,
        "result": "confirmed",
        "caller_number": None,
    }
    make.make_entry(campaign.company, at=minutes(0.1), method="PUT", **about)
    assert tell.blocks(tell.page(client)) == [["Confirmation", "Reservation", "Ping"]]


def test_tags_that_were_written_together_wait_in_one_line_with_their_request(campaign, client):
    make.make_entry(
        campaign.company, at=NOON, type="call_data_writing", result="stored", caller_number=CALLER
    )
    tell.make_waiting(campaign.company, NOON)
    tell.make_waiting(campaign.company, NOON, name="roof", value="slate")
    assert tell.blocks(tell.page(client)) == [["Waiting", "Data"]]


def test_tags_whose_time_is_over_do_not_wait(campaign, client):
    tell.make_waiting(campaign.company, NOON, expires_at=timezone.now())
    assert tell.lines(tell.page(client)) == []


@pytest.mark.usefixtures("clock")
def test_days_have_names(campaign, client):
    campaign.company.time_zone = "America/New_York"
    campaign.company.save()
    for hours in (0, -9, -33, -57):
        tell.make_call(campaign, minutes(60 * hours))
    assert [day for day, _ in tell.page(client)["days"]] == [
        "Today, Tuesday, May 5, 2026",
        "Yesterday, Monday, May 4, 2026",
        "Sunday, May 3, 2026",
        "Saturday, May 2, 2026",
    ]


# --- pages ---------------------------------------------------------------------------------------------------
def _all_pages(caller: CallerHistory, *, limit: int) -> list[list[tuple[str, str]]]:
    pages, behind = [], ""
    while True:
        page = timeline.timeline_page(caller, behind=timeline.read_cursor(behind), limit=limit)
        pages.append([(one.kind, one.place.key) for one in page.found])
        behind = page.older
        if not behind:
            return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_hold_every_row_once_also_those_of_one_moment(campaign, limit):
    for minute in (0, 1, 1, 1, 2):
        call = tell.make_converted(campaign, minutes(minute))
        tell.make_delivery(call, minutes(1))
        tell.make_waiting(campaign.company, minutes(minute), name=call.carrier_call_id)
        make.make_entry(campaign.company, at=minutes(minute), caller_number=CALLER)
        make.make_entry(campaign.company, at=minutes(minute), caller_number=None, call_uuid=call.pk)
    caller = CallerHistory(campaign.company, CALLER)
    pages = _all_pages(caller, limit=limit)
    whole = _all_pages(caller, limit=1000)[0]
    assert [one for page in pages for one in page] == whole
    assert len(set(whole)) == 5 * 6


def test_a_page_leads_to_the_older_one(campaign, client):
    for minute in range(timeline.PAGE + 2):
        tell.make_call(campaign, minutes(minute))
    first = tell.page(client)
    [behind] = re.findall("behind=([^&]*)", first["older_url"])
    older = tell.page(client, behind=behind)
    assert len(tell.lines(first)) == timeline.PAGE
    assert len(tell.lines(older)) == 2
    assert older["older_url"] == ""


@pytest.mark.parametrize(
    "behind",
    [
        "x",
        "\0",
        "r1",
        "r1_",
        "c1_5",
        "r999999999999999999_1",
        "r1_" + "1" * 32,
        "q1_1",
        "r-1_1",
        "r١_1",
        "." * 10_000,
    ],
)
def test_a_place_that_was_not_written_here_is_the_newest_page(campaign, client, behind):
    tell.make_call(campaign, minutes(0))
    assert tell.whats(tell.page(client, behind=behind)) == ["Call"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_however_many_rows(
    campaign, client, count, django_assert_num_queries
):
    for minute in range(count):
        ping = tell.make_ping(
            campaign, minutes(minute), publisher_pk=make.make_publisher(campaign.company).pk
        )
        call = tell.make_converted(campaign, minutes(minute), reservation_id=ping.reservation_uuid)
        tell.make_delivery(call, minutes(minute))
        tell.make_waiting(
            campaign.company, minutes(minute), name=str(minute), scope=f"campaign:{campaign.pk}"
        )
    with django_assert_num_queries(32):
        tell.page(client)
