"""`POST /conversions`: a buyer reports the sale of its call, once; amounts are decimals."""

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign, CapCounter, ConvertedCaller
from publishers.models import Key
from tests.factories import make_buyer, make_key, make_market
from tests.keeping import kept
from tests.pinging import OTHER_CALLER, act, dial, hang_up, last_leg, logged, shown
from tests.selling import duplicate, end, key_of, money, report, talk

pytestmark = pytest.mark.django_db
NOT_FOUND = {"error": "call not found"}


def _build() -> tuple[Campaign, Key, str]:
    campaign = make_market(caps=[None, None])
    return campaign, key_of("b1"), str(talk(campaign)["call_uuid"])


@pytest.fixture(scope="module")
def kept_rows(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Campaign, Key, str]]:
    with kept(_build, django_db_blocker) as rows:
        yield rows


@pytest.fixture
def campaign(kept_rows: tuple[Campaign, Key, str]) -> Campaign:
    return Campaign.objects.get()


@pytest.fixture
def key(kept_rows: tuple[Campaign, Key, str]) -> Key:
    return Key.objects.get(pk=kept_rows[1].pk)


@pytest.fixture
def call(kept_rows: tuple[Campaign, Key, str]) -> str:
    """The UUID of a call that b1 has picked up."""
    return kept_rows[2]


# --- the answer -----------------------------------------------------------------------------------
def test_a_sale_is_answered_with_its_amounts(key: Key, call: str) -> None:
    query = urlencode({"key": key.key, "call_uuid": call, "revenue": "120", "payout": "90.5"})
    answer = Client().post(f"/conversions.json?{query}")
    assert (
        answer.content.decode()
        == f'{{"call_uuid":"{call}","status":"converted","revenue":120.0,"payout":90.5}}'
    )
    assert logged().result == "converted"
    assert str(logged().call_uuid) == call


def test_in_xml(key: Key, call: str) -> None:
    answer = Client().post(
        "/conversions.xml",
        f"<hash><call-uuid>{call}</call-uuid><revenue>1</revenue><key>{key.key}</key></hash>",
        "text/xml",
    )
    assert answer.content.decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n<hash>'
        f"<call-uuid>{call}</call-uuid><status>converted</status>"
        '<revenue type="float">1.0</revenue><payout type="float">0.0</payout></hash>'
    )


def test_json_numbers_are_amounts(key: Key, call: str) -> None:
    body = {"key": key.key, "call_uuid": call, "revenue": 0.1, "payout": 0}
    answer = Client().post("/conversions", body, content_type="application/json").json()
    assert answer["revenue"] == 0.1
    assert answer["payout"] == 0.0
    assert money(call) == ("0.00", "0.10", True)


def test_without_a_payout_the_publisher_gets_none(key: Key, call: str) -> None:
    report(key, call)
    assert money(call) == ("0.00", "120.00", True)


def test_a_second_report_answers_the_first(key: Key, call: str) -> None:
    report(key, call, payout="1")
    again = report(key, call, revenue="999", payout="999")
    assert again == {
        "call_uuid": call,
        "status": "already converted",
        "revenue": 120.0,
        "payout": 1.0,
    }
    assert logged().result == "already-converted"
    assert money(call) == ("1.00", "120.00", True)


@pytest.mark.parametrize("amount", ["0", "0.0001", "99999999.9999", "007", " 5 "])
def test_an_amount_is_a_plain_decimal(key: Key, call: str, amount: str) -> None:
    assert report(key, call, revenue=amount)["revenue"] == float(amount)


@pytest.mark.parametrize(
    "amount",
    [
        "-1",
        "+1",
        "1e2",
        "NaN",
        "Infinity",
        "1,000.00",
        "$5",
        "1.",
        ".5",
        "0.00001",
        "100000000",
        "٣",
        "undefined",
        "1\x00",
    ],
)
@pytest.mark.parametrize("name", ["revenue", "payout"])
def test_all_else_is_refused_and_sells_nothing(key: Key, call: str, name: str, amount: str) -> None:
    error = (
        f"{name} must be a decimal like 120.00: not negative, below 100000000, of at most 4 places"
    )
    assert report(key, call, **{name: amount}) == {"error": error}
    assert money(call) == (None, None, False)


@pytest.mark.parametrize("name", ["call_uuid", "revenue"])
@pytest.mark.parametrize("blank", ["", " "])
def test_a_missing_parameter_is_named(key: Key, call: str, name: str, blank: str) -> None:
    assert report(key, call, **{name: blank}) == {"error": f"FAILED must include {name} (string)"}


# --- the call's buyer -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "uuid", [uuid4(), "0", "undefined"], ids=["unknown", "malformed", "undefined"]
)
def test_an_unknown_call_is_not_found(key: Key, uuid: object) -> None:
    assert report(key, uuid) == NOT_FOUND


def test_another_buyers_call_is_not_found(campaign: Campaign, call: str) -> None:
    others = [key_of("b2"), make_key("conversion", buyer=make_buyer())]
    assert [report(key, call) for key in others] == [NOT_FOUND] * 2
    assert money(call) == (None, None, False)


def test_a_sale_belongs_to_the_buyer_that_kept_the_call(campaign: Campaign, key: Key) -> None:
    call = act(last_leg(dial(campaign.numbers.get().number)), "busy")
    act(last_leg(call), "answer")
    uuid = call["call_uuid"]
    assert report(key, uuid) == NOT_FOUND
    assert report(key_of("b2"), uuid)["status"] == "converted"


def test_an_unanswered_call_belongs_to_the_last_dialed_buyer(campaign: Campaign, key: Key) -> None:
    call = dial(campaign.numbers.get().number)
    hang_up(call["call_uuid"])
    assert report(key, call["call_uuid"])["status"] == "converted"


@pytest.mark.parametrize("type", ["call_control", "rtb", "call_data_writing"])
def test_a_key_of_another_type_is_unknown(campaign: Campaign, call: str, type: str) -> None:
    owner = (
        {"buyer": Buyer.objects.get(buyer_id="b1")}
        if type == "call_control"
        else {"campaign": campaign}
    )
    assert report(make_key(type, **owner), call) == {"error": "not authorized"}


def test_only_a_post_reports(key: Key, call: str) -> None:
    answer = Client().get(f"/conversions?key={key.key}&call_uuid={call}&revenue=1")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert money(call) == (None, None, False)


# --- with the seconds -----------------------------------------------------------------------------
def test_a_call_that_converted_by_its_seconds_stays_as_it_is(key: Key, call: str) -> None:
    end(call)
    answer = report(key, call, revenue="1", payout="1")
    assert answer == {
        "call_uuid": call,
        "status": "already converted",
        "revenue": 120.0,
        "payout": 90.0,
    }


def test_a_sale_on_a_live_call_is_its_money(key: Key, call: str) -> None:
    report(key, call, revenue="7", payout="5")
    end(call)
    events = [event["event"] for event in shown(call)["events"]]
    assert money(call) == ("5.00", "7.00", True)
    assert events[-3:] == ["sold", "left", "ended"]


def test_a_call_that_did_not_convert_may_be_sold_later(key: Key, call: str) -> None:
    hang_up(call)
    assert report(key, call, payout="5")["status"] == "converted"
    assert money(call) == ("5.00", "120.00", True)
    assert (
        shown(call)["events"][-1]["text"]
        == "The buyer reported a sale: 5.00 to the publisher, 120.00 from the buyer."
    )


def test_what_is_due_is_decided_before_a_sale(key: Key, call: str) -> None:
    """The state of a call that ended long ago and was never settled."""
    end(call)
    unpaid = {"settled_at": None, "converted_at": None, "payout": None, "revenue": None}
    Call.objects.update(**unpaid)
    ConvertedCaller.objects.all().delete()
    assert report(key, call, revenue="1")["revenue"] == 120.0


# --- duplicate callers ----------------------------------------------------------------------------
def test_after_a_sale_the_callers_next_call_is_a_duplicate(
    campaign: Campaign, key: Key, call: str
) -> None:
    Campaign.objects.update(dedupe_seconds=10**8)
    report(key, call)
    hang_up(call)
    again = talk(campaign)["call_uuid"]
    end(again)
    assert money(again) == (None, None, False)
    assert duplicate(again) is True


def test_a_sale_counts_though_its_caller_converted_before(
    campaign: Campaign, key: Key, call: str
) -> None:
    Campaign.objects.update(dedupe_seconds=10**8)
    end(call)
    again = talk(campaign)["call_uuid"]
    end(again)
    assert duplicate(again)
    assert report(key, again, revenue="7")["status"] == "converted"
    assert duplicate(again) is False
    assert money(again) == ("0.00", "7.00", True)
    assert ConvertedCaller.objects.filter(paid=True).count() == 2


def test_a_callers_first_sale_keeps_other_callers_as_they_are(
    campaign: Campaign, key: Key, call: str
) -> None:
    Campaign.objects.update(dedupe_seconds=10**8)
    report(key, call)
    other = talk(campaign, caller=OTHER_CALLER)["call_uuid"]
    end(other)
    assert money(other) == ("90.00", "120.00", True)


def test_a_withheld_callers_call_is_sold_as_well(campaign: Campaign, key: Key) -> None:
    call = talk(campaign, caller="anonymous")["call_uuid"]
    assert report(key, call)["status"] == "converted"
    assert ConvertedCaller.objects.count() == 0


# --- places ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("sold", "stays"), [(True, 1), (False, 0)])
def test_a_sale_on_a_live_call_keeps_the_place_where_conversions_are_counted(
    campaign: Campaign, key: Key, sold: bool, stays: int
) -> None:
    before = CapCounter.objects.get(kind="daily").used
    Buyer.objects.update(cap_counts="conversion", daily_cap=5)
    call = talk(campaign)["call_uuid"]
    if sold:
        report(key, call)
    hang_up(call)
    assert CapCounter.objects.get(kind="daily").used - before == stays
