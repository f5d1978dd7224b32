"""A caller's history: every row once, newest first, in pages."""

import pytest
from django.utils import timezone

from callcontrol.caller_history.history import PAGE_SIZE, CallerHistory
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.caller_history import rows
from tests.callcontrol.caller_history.rows import CALLER, NOON, minutes

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return make.make_campaign()


@pytest.fixture
def client(campaign):
    return browser(campaign.company)


def test_every_type_of_row_is_listed_newest_first(campaign, client):
    rows.make_ping(campaign, minutes(0))
    call = rows.make_converted(campaign, minutes(2), converted_at=minutes(4))
    rows.make_stored_tag(campaign.company, minutes(3))
    rows.make_delivery(call, minutes(5))
    written = {"type": "call_data_writing", "result": "applied", "caller_number": CALLER}
    make.make_entry(campaign.company, at=minutes(6), **written)
    sale = {"type": "conversion", "caller_number": None, "call_uuid": call.pk}
    make.make_entry(campaign.company, at=minutes(7), **sale)
    assert rows.types(rows.page(client)) == [
        "conversion",
        "call_data_writing",
        "delivery",
        "conversion",
        "tag",
        "call",
        "reservation",
        "ping",
    ]


def test_rows_of_other_callers_and_companies_are_left_out(campaign, client):
    other = make.make_campaign()
    rows.make_ping(other, minutes(0))
    rows.make_call(other, minutes(1))
    rows.make_stored_tag(other.company, minutes(2))
    make.make_entry(campaign.company, caller_number="+12025550143")
    context = rows.page(client)
    assert context["entries"] == []
    assert context["profile"]["first"] is None


def test_another_companys_reservation_is_left_out_when_a_request_names_it(campaign, client):
    theirs = rows.make_reservation(make.make_key("rtb", campaign=make.make_campaign()), NOON)
    named = {"caller_number": CALLER, "reservation_uuid": theirs.pk}
    make.make_entry(campaign.company, at=NOON, **named)
    make.make_entry(theirs.company, at=NOON, **named | {"caller_number": None, "method": "PUT"})
    assert rows.types(rows.page(client)) == ["ping"]


def test_a_call_shares_a_box_with_its_reservation_and_ping(campaign, client):
    ping = rows.make_ping(campaign, minutes(0))
    rows.make_call(campaign, minutes(1), reservation_id=ping.reservation_uuid)
    make.make_entry(campaign.company, at=minutes(2), type="call_data_writing", caller_number=CALLER)
    assert rows.blocks(rows.page(client)) == [
        ["call_data_writing"],
        ["call", "reservation", "ping"],
    ]


def test_a_shielded_ping_does_not_list_the_reservation_again(campaign, client):
    ping = rows.make_ping(campaign, minutes(0))
    shielded = {
        "key_pk": ping.key_pk,
        "reservation_uuid": ping.reservation_uuid,
        "result": "shielded",
        "caller_number": CALLER,
    }
    make.make_entry(campaign.company, at=minutes(0.1), **shielded)
    assert rows.types(rows.page(client)) == ["ping", "reservation", "ping"]


def test_a_confirmation_without_the_number_is_listed(campaign, client):
    ping = rows.make_ping(campaign, minutes(0))
    confirmed = {"result": "confirmed", "caller_number": None, "method": "PUT"}
    make.make_entry(
        campaign.company,
        at=minutes(0.1),
        key_pk=ping.key_pk,
        reservation_uuid=ping.reservation_uuid,
        **confirmed,
    )
    assert rows.blocks(rows.page(client)) == [["confirmation", "reservation", "ping"]]


def test_the_tags_of_one_write_share_an_entry_and_the_box_of_their_request(campaign, client):
    stored = {"type": "call_data_writing", "result": "stored", "caller_number": CALLER}
    make.make_entry(campaign.company, at=NOON, **stored)
    rows.make_stored_tag(campaign.company, NOON)
    rows.make_stored_tag(campaign.company, NOON, name="roof", value="slate")
    assert rows.blocks(rows.page(client)) == [["tag", "call_data_writing"]]


def test_expired_tags_are_left_out(campaign, client):
    rows.make_stored_tag(campaign.company, NOON, expires_at=timezone.now())
    assert rows.page(client)["entries"] == []


# --- pages ---------------------------------------------------------------------------------------
def _all_pages(caller: CallerHistory, *, limit: int) -> list[list[tuple[str, str]]]:
    pages, cursor = [], ""
    while True:
        page, cursor = caller.page(cursor, limit=limit)
        pages.append([(row.type, str(row.record.pk)) for row in page])
        if not cursor:
            return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_hold_every_row_once_even_rows_of_one_moment(campaign, limit):
    for minute in (0, 1, 1, 1, 2):
        call = rows.make_converted(campaign, minutes(minute))
        rows.make_delivery(call, minutes(1))
        rows.make_stored_tag(campaign.company, minutes(minute), name=call.carrier_call_id)
        make.make_entry(campaign.company, at=minutes(minute), caller_number=CALLER)
        make.make_entry(campaign.company, at=minutes(minute), caller_number=None, call_uuid=call.pk)
    caller = CallerHistory(campaign.company, CALLER)
    pages = _all_pages(caller, limit=limit)
    [whole] = _all_pages(caller, limit=1000)
    assert [row for page in pages for row in page] == whole
    assert len(set(whole)) == 5 * 6
    assert all(len(page) == limit for page in pages[:-1])


def test_a_page_links_to_the_older_one(campaign, client):
    for minute in range(PAGE_SIZE + 2):
        rows.make_call(campaign, minutes(minute))
    newest = rows.page(client)
    older = client.get(f"/admin/caller/{newest['older_url']}").context
    assert len(newest["entries"]) == PAGE_SIZE
    assert len(older["entries"]) == 2
    assert older["older_url"] == ""
    assert older["newest_url"] == f"?number=%2B{CALLER[1:]}"


@pytest.mark.parametrize(
    "cursor", ["x", "\0", "1", "1_", "_1", "9" * 18 + "_1", "1_9999", "-1_1", "١_1", "." * 10_000]
)
def test_an_unreadable_cursor_gives_the_newest_page(campaign, client, cursor):
    rows.make_call(campaign, minutes(0))
    assert rows.types(rows.page(client, behind=cursor)) == ["call"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    campaign, client, count, django_assert_num_queries
):
    for minute in range(count):
        publisher = make.make_publisher(campaign.company)
        ping = rows.make_ping(campaign, minutes(minute), publisher_pk=publisher.pk)
        call = rows.make_converted(campaign, minutes(minute), reservation_id=ping.reservation_uuid)
        rows.make_delivery(call, minutes(minute))
        scope = f"campaign:{campaign.pk}"
        rows.make_stored_tag(campaign.company, minutes(minute), name=str(minute), scope=scope)
    with django_assert_num_queries(31):
        rows.page(client)
