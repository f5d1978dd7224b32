"""The older call reservation: its members, its errors, and its number without a buyer."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Buyer, Campaign
from publishers.models import Conversion, Key, Publisher
from reservations.models import Reservation
from tests.factories import make_conversion, make_key, make_market, make_number, make_publisher
from tests.pinging import CALLER, OTHER_CALLER, logged, ping
from tests.reserving import ask, dialed, reserve

pytestmark = pytest.mark.django_db
NOON = 1777982400000
NO_CALLER = {"error": "FAILED must include caller_number (string)"}


@pytest.fixture
def campaign() -> Campaign:
    return make_market()


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key("call_reservation", campaign=campaign)


def bare(number: str | None) -> int:
    return int(number or 0)


# --- member by member -----------------------------------------------------------------------------
def expected(number: int | None, status: str, **differs: Any) -> dict[str, Any]:
    """Return the answer to CALLER at noon, without a buyer unless members are passed."""
    call = {
        "formatted_caller_number": "(202) 555-0102",
        "status": status,
        "start_time": None,
        "end_time": differs.get("end_time", NOON),
        "caller_number": CALLER,
        "target_id": differs.get("target_id"),
        "winning_leg_connected_at": None,
        "winning_leg_disconnected_at": None,
    }
    return {
        "inbound_number": number,
        "caller_number": CALLER,
        "status": status,
        "expires_at": differs.get("expires_at"),
        "claimed_at": None,
        "wiped_at": None,
        "call": call,
        "matched_targets": differs.get("matched_targets", []),
        "tag_values": differs.get("tag_values", []),
        "conversion_groups": differs.get("conversion_groups", []),
    }


def test_the_answer_with_a_buyer(campaign: Campaign, key: Key, clock: Any) -> None:
    answer = ask(key, caller_zip="90210", current_carrier="")
    reserved = expected(
        bare(campaign.numbers.get().number),
        "reserved",
        end_time=None,
        target_id="b1",
        expires_at="2026-05-05T12:05:00.000Z",
        matched_targets=[{"id": "b1"}],
        tag_values=[
            {"key": "caller_zip", "operator": "==", "value": "90210"},
            {"key": "current_carrier", "operator": "==", "value": ""},
        ],
        conversion_groups=[{"seconds": 120, "payout": 90.0}],
    )
    assert json.dumps(answer) == json.dumps({"call_reservation": reserved})


@pytest.mark.parametrize(
    ("stops", "status"), [(Buyer, "no-target"), (Campaign, "rejected"), (Publisher, "rejected")]
)
def test_the_answer_without_a_buyer(
    campaign: Campaign, key: Key, clock: Any, stops: Any, status: str
) -> None:
    stops.objects.update(paused=True)
    without = expected(bare(campaign.numbers.get().number), status)
    assert json.dumps(ask(key, caller_zip="90210")) == json.dumps({"call_reservation": without})
    assert logged().status == 200
    assert logged().result == status


def test_the_answer_in_xml(key: Key, clock: Any) -> None:
    query = f"key={key.key}&affiliate_id=alpha&caller_number=12025550102&%3Cb%3E=%26"
    answer = Client().post(f"/call_reservations.xml?{query}").content.decode()
    number = bare(Reservation.objects.get().inbound_number)
    assert answer == (
        '<?xml version="1.0" encoding="utf-8"?>\n<hash><call-reservation>'
        f'<inbound-number type="integer">{number}</inbound-number>'
        "<caller-number>+12025550102</caller-number>"
        '<status>reserved</status><expires-at type="datetime">2026-05-05T12:05:00.000Z</expires-at>'
        '<claimed-at nil="true"/><wiped-at nil="true"/>'
        "<call><formatted-caller-number>(202) 555-0102</formatted-caller-number>"
        '<status>reserved</status><start-time nil="true"/><end-time nil="true"/>'
        "<caller-number>+12025550102</caller-number><target-id>b1</target-id>"
        '<winning-leg-connected-at nil="true"/><winning-leg-disconnected-at nil="true"/></call>'
        '<matched-targets type="array"><matched-target><id>b1</id></matched-target>'
        '</matched-targets><tag-values type="array"><tag-value><key>&lt;b&gt;</key>'
        "<operator>==</operator><value>&amp;</value></tag-value></tag-values>"
        '<conversion-groups type="array"><conversion-group><seconds type="integer">120</seconds>'
        '<payout type="float">90.0</payout></conversion-group></conversion-groups>'
        "</call-reservation></hash>"
    )


def test_no_buyer_in_xml(key: Key, clock: Any) -> None:
    Buyer.objects.update(paused=True)
    query = f"key={key.key}&affiliate_id=alpha&caller_number=12025550102"
    answer = Client().post(f"/call_reservations.xml?{query}").content.decode()
    assert answer.endswith(
        f'<start-time nil="true"/><end-time type="integer">{NOON}</end-time>'
        '<caller-number>+12025550102</caller-number><target-id nil="true"/>'
        '<winning-leg-connected-at nil="true"/><winning-leg-disconnected-at nil="true"/></call>'
        '<matched-targets type="array"></matched-targets><tag-values type="array"></tag-values>'
        '<conversion-groups type="array"></conversion-groups></call-reservation></hash>'
    )


def test_a_buyers_name_and_number_are_never_returned(key: Key) -> None:
    buyer = Buyer.objects.get()
    text = json.dumps([ask(key), ask(key)])
    assert [
        told in text for told in (buyer.name, buyer.number, buyer.number[1:], buyer.buyer_id)
    ] == [False] * 3 + [True]


def test_the_log_leads_to_the_reservation(key: Key) -> None:
    reserve(key)
    row, made = logged(), Reservation.objects.get()
    assert row.reservation_uuid == made.uuid
    assert row.result == "reserved"
    assert row.caller_number == CALLER
    assert row.trace["refused"] == {}


# --- what must be there ---------------------------------------------------------------------------
@pytest.mark.parametrize("caller", ["", "undefined", "anonymous", "+266696687"])
@pytest.mark.parametrize("publisher", ["", "alpha"])
def test_a_missing_caller_is_the_first_error(key: Key, caller: str, publisher: str) -> None:
    assert ask(key, caller_number=caller, affiliate_id=publisher) == NO_CALLER
    assert logged().status == 422
    assert logged().result == "refused"
    assert Reservation.objects.count() == 0


@pytest.mark.parametrize("publisher", ["", "  "])
def test_a_publisher_must_be_named(key: Key, publisher: str) -> None:
    assert ask(key, affiliate_id=publisher) == {
        "error": "FAILED must include affiliate_id (string)"
    }
    assert logged().status == 422
    assert logged().result == "refused"
    assert Reservation.objects.count() == 0


@pytest.mark.parametrize("name", ["publisher_id", "source_id", "affiliate_id"])
def test_a_publisher_is_named_in_three_ways(key: Key, name: str) -> None:
    answer = reserve(key, **{"affiliate_id": "", name: "alpha"})
    assert answer["status"] == "reserved"
    assert answer["tag_values"] == []
    assert Reservation.objects.get().publisher == Publisher.objects.get()


def test_an_unknown_publisher_is_a_tag_and_noted(key: Key) -> None:
    answer = reserve(key, affiliate_id="nobody", caller_zip="90210")
    assert [tag["value"] for tag in answer["tag_values"]] == ["90210", "nobody"]
    assert Reservation.objects.get().publisher is None
    assert Reservation.objects.get().tags["publisher_id"] == "nobody"
    assert logged().notes == ["No publisher is called “nobody”: kept as the tag publisher_id."]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"publisher_id": "beta"}, "publisher_id, source_id, affiliate_id contradict each other"),
        ({"caller_number": "hello"}, "caller_number must be a phone number of 7 to 15 digits"),
        (
            {"inbound_number": "hello"},
            "inbound_number must be a phone number of 7 to 15 digits, or a SIP address",
        ),
        (
            {f"t{number}": "1" for number in range(101)},
            "at most 100 tags in a request, these are 101",
        ),
        ({"n" * 101: "1"}, f"a tag's name has at most 100 characters: {'n' * 40}…"),
        ({"zip": "9" * 1001}, "a tag's value has at most 1000 characters: zip"),
        ({"zip": "\0"}, "a parameter holds a NUL character, or bytes that are not UTF-8"),
    ],
    ids=["contradicting", "caller", "number", "tags", "name", "value", "NUL"],
)
def test_bad_input_has_a_clear_answer_and_stores_nothing(
    key: Key, sent: dict[str, str], error: str
) -> None:
    assert ask(key, **sent) == {"error": error}
    assert logged().status == 422
    assert Reservation.objects.count() == 0


def test_tags_of_any_name_and_of_objects_are_data(key: Key) -> None:
    body = {
        "a</b>": "<c>",
        "'; DROP TABLE x": 1.50,
        "list": [1, {"a": None}],
        "": "nameless",
        "undefined": "undefined",
    }
    query = f"key={key.key}&affiliate_id=alpha&caller_number=12025550102"
    answer = (
        Client()
        .post(f"/call_reservations?{query}", body, content_type="application/json")
        .json()["call_reservation"]
    )
    assert [(tag["key"], tag["value"]) for tag in answer["tag_values"]] == [
        ("a</b>", "<c>"),
        ("'; DROP TABLE x", "1.5"),
        ("list", '[1,{"a":null}]'),
        ("undefined", "undefined"),
    ]


@pytest.mark.parametrize("sent", [{}, {"caller_zip": " "}])
def test_a_required_tag_must_be_there(campaign: Campaign, sent: dict[str, str]) -> None:
    key = make_key("call_reservation", campaign=campaign, required_tags=["caller_zip"])
    assert ask(key, **sent) == {"error": "FAILED must include caller_zip (string)"}


def test_tags_come_under_the_prefix_of_the_key(campaign: Campaign) -> None:
    key = make_key(
        "call_reservation", campaign=campaign, tag_prefix="x_", required_tags=["caller_zip"]
    )
    answer = reserve(key, caller_zip="90210")
    assert answer["tag_values"] == [{"key": "x_caller_zip", "operator": "==", "value": "90210"}]
    assert Reservation.objects.get().tags == {"x_caller_zip": "90210"}


@pytest.mark.parametrize(
    ("kind", "path"), [("rtb", "/call_reservations"), ("call_reservation", "/rtbs")]
)
def test_a_key_of_the_other_kind_is_unknown(kind: str, path: str) -> None:
    answer = Client().post(
        f"{path}?key={make_key(kind).key}&affiliate_id=alpha&caller_number=12025550102"
    )
    assert answer.status_code == 401
    assert answer.json() == {"error": "not authorized"}


def test_the_feature_can_be_switched_off(campaign: Campaign, key: Key) -> None:
    campaign.company.call_reservations_enabled = False
    campaign.company.save()
    assert ask(key) == {"error": "call reservation is switched off for this company"}
    assert logged().status == 403


# --- the number that is answered ------------------------------------------------------------------
def test_a_pool_with_nothing_free_for_the_caller_gives_a_sip_address(
    campaign: Campaign, key: Key
) -> None:
    ping(make_key(campaign=campaign))
    assert (
        reserve(key)["inbound_number"]
        == f"sip:{Reservation.objects.latest('created_at').uuid}@rtb.sip.localhost"
    )


def test_a_number_that_is_passed_is_answered_with_and_without_a_buyer(key: Key) -> None:
    answers = [reserve(key, inbound_number="+35924930101")]
    Buyer.objects.update(paused=True)
    answers.append(reserve(key, inbound_number="+35924930101", caller_number=OTHER_CALLER))
    assert [(answer["status"], answer["inbound_number"]) for answer in answers] == [
        ("reserved", 35924930101),
        ("no-target", 35924930101),
    ]
    assert logged().notes == [
        "+35924930101 is no number of this company: a call to it is not seen here."
    ]


def test_without_a_buyer_the_number_is_free_for_the_caller(campaign: Campaign, key: Key) -> None:
    spare = make_number(campaign, in_pool=True).number
    others = ping(make_key(campaign=campaign))["inbound_number"]
    Buyer.objects.update(paused=True)
    pool = set(campaign.numbers.values_list("number", flat=True))
    assert {dialed(reserve(key)) for _ in range(5)} == pool - {others}
    assert spare in pool


@pytest.mark.parametrize(
    ("owners", "answered"),
    [([], None), ([None], 0), (["beta", None], 1), ([None, "alpha", "beta"], 1), (["beta"], None)],
    ids=["none", "the campaign's", "not another's", "the publisher's first", "never another's"],
)
def test_without_a_buyer_and_a_pool_it_is_the_campaigns_own(
    campaign: Campaign, key: Key, owners: list[str | None], answered: int | None
) -> None:
    campaign.numbers.all().delete()
    make_publisher(campaign.company, publisher_id="beta")
    publishers = {row.publisher_id: row for row in Publisher.objects.all()}
    lines = [make_number(campaign, publisher=publishers.get(owner or "")) for owner in owners]
    Buyer.objects.update(paused=True)
    assert reserve(key)["inbound_number"] == (
        None if answered is None else bare(lines[answered].number)
    )


# --- what pays ------------------------------------------------------------------------------------
def steps(answer: dict[str, Any]) -> list[tuple[int, float]]:
    return [(step["seconds"], step["payout"]) for step in answer["conversion_groups"]]


def test_the_steps_of_the_publishers_own_set(campaign: Campaign, key: Key) -> None:
    alpha = Publisher.objects.get()
    for position, (seconds, payout) in enumerate([(300, "12.5"), (60, "4")]):
        make_conversion(
            campaign, seconds=seconds, payout=Decimal(payout), publisher=alpha, position=position
        )
    answers = [reserve(key), reserve(key, caller_number=OTHER_CALLER, affiliate_id="nobody")]
    assert [steps(answer) for answer in answers] == [[(300, 12.5), (60, 4.0)], [(120, 90.0)]]


def test_without_a_conversion_there_are_no_steps(campaign: Campaign, key: Key) -> None:
    campaign.conversions.all().delete()
    assert steps(reserve(key)) == []


def test_what_pays_nothing_is_a_step(key: Key) -> None:
    Conversion.objects.update(seconds=0, payout=0)
    assert steps(reserve(key)) == [(0, 0.0)]
