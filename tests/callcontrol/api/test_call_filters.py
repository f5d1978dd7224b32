"""The parameters of `GET /calls`: which calls they leave, in which order, and what they refuse."""

from datetime import timedelta
from typing import Any

import pytest

from callcontrol.models import Call
from campaigns.models import Campaign
from publishers.models import Key
from tests.callcontrol.call_log import NOON, get_calls, make_account, make_call, uuids
from tests.factories import make_buyer, make_campaign, make_company, make_publisher
from tests.pinging import OTHER_CALLER

pytestmark = pytest.mark.django_db
EPOCH = 1_777_982_400  # noon


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(campaign_id="roofing")


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_account(campaign.company)


def found(key: Key, query: str) -> list[str]:
    return uuids(get_calls(key, query))


def names(*calls: Call) -> list[str]:
    return [str(call.pk) for call in calls]


def refused(key: Key, query: str) -> tuple[int, Any]:
    answer = get_calls(key, query)
    return answer.status_code, answer.json()["error"]


# --- when -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "moment",
    [
        "2026-05-05T12:00:00Z",
        "2026-05-05T12:00:00.000Z",
        "2026-05-05T08:00:00-04:00",
        "2026-05-05T14:00:00%2B02:00",
        "2026-05-05T14:00:00+02:00",
        "2026-05-05T14:00:00.0+0200",
        "2026-05-05T12:00",
        "2026-05-05+12:00",
        "20260505T120000Z",
        str(EPOCH),
        f"{EPOCH}.0",
        f"{EPOCH}000",
        "2026-05-05T12:00:00Z&created_at_end=",
    ],
)
def test_moments_in_every_spelling(key: Key, campaign: Campaign, moment: str) -> None:
    make_call(campaign, minutes=-1)
    at_noon = make_call(campaign)
    assert found(key, f"created_at_start={moment}") == names(at_noon)


def test_ranges_that_follow_each_other_share_no_call(key: Key, campaign: Campaign) -> None:
    early, late = make_call(campaign, minutes=-1), make_call(campaign)
    ranges = [
        "created_at_start=2026-05-05&created_at_end=1777982400",
        "created_at_start=1777982400&created_at_end=2026-05-06",
    ]
    assert [found(key, query) for query in ranges] == [names(early), names(late)]


@pytest.mark.parametrize("name", ["created_at_start", "created_at_end"])
@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-13-01",
        "-4712-01-01T00:00:00",
        "0001-01-01T00:00%2B14:00",
        "9999-12-31T23:59-14:00",
        "9999999999999999",
    ],
)
def test_what_is_no_moment_is_refused(key: Key, name: str, text: str) -> None:
    why = f"{name} must be a moment like 2026-05-05T06:25:08Z, or seconds since 1970"
    assert refused(key, f"{name}={text}") == (422, why)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999999999999"]
)
def test_the_calendar_has_an_end_but_no_fault(key: Key, text: str) -> None:
    assert get_calls(key, f"created_at_start={text}").status_code == 200


# --- owners ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["campaign_id", "client_cid"])
def test_of_a_campaign(key: Key, campaign: Campaign, name: str) -> None:
    call = make_call(campaign)
    make_call(make_campaign(campaign.company))
    assert found(key, f"{name}=roofing") == names(call)
    assert found(key, f"{name}=other") == []


@pytest.mark.parametrize("name", ["publisher_id", "source_id", "affiliate_id", "client_afid"])
def test_from_a_publisher(key: Key, campaign: Campaign, name: str) -> None:
    call = make_call(campaign, publisher=make_publisher(campaign.company, publisher_id="alpha"))
    make_call(campaign)
    assert found(key, f"{name}=alpha") == names(call)
    assert found(key, f"{name}=beta") == []


@pytest.mark.parametrize("name", ["buyer_id", "target_id", "client_tid"])
def test_to_a_buyer(key: Key, campaign: Campaign, name: str) -> None:
    call = make_call(campaign, buyer=make_buyer(campaign.company, buyer_id="b1"))
    make_call(campaign)
    assert found(key, f"{name}=b1") == names(call)
    assert found(key, f"{name}=b2") == []


@pytest.mark.parametrize("status", ["finished", "no-target"])
def test_that_stand_so(key: Key, campaign: Campaign, status: str) -> None:
    calls = {name: make_call(campaign, status=name) for name in ("finished", "no-target")}
    assert found(key, f"status={status}") == names(calls[status])


@pytest.mark.parametrize(
    "said",
    [
        "caller_number=%2B12025550102",
        "caller_number=+12025550102",
        "caller_number=12025550102",
        "caller_number=(202)%20555-0102",
        "caller=2025550102",
        "caller=%2B12025550102&caller_number=+12025550102",
    ],
)
def test_from_a_caller_in_any_spelling(key: Key, campaign: Campaign, said: str) -> None:
    call = make_call(campaign)
    make_call(campaign, caller_number=OTHER_CALLER)
    make_call(campaign, caller_number=None)
    assert found(key, said) == names(call)


def test_the_callers_number_is_one_of_the_companys_region() -> None:
    campaign = make_campaign(make_company(region="GB"))
    call = make_call(campaign, caller_number="+442079460102")
    assert found(make_account(campaign.company), "caller=020%207946%200102") == names(call)


@pytest.mark.parametrize("name", ["caller_number", "caller"])
def test_callers_with_a_withheld_number(key: Key, campaign: Campaign, name: str) -> None:
    call = make_call(campaign, caller_number=None)
    make_call(campaign)
    assert found(key, f"{name}=anonymous") == names(call)


def test_all_at_once(key: Key, campaign: Campaign) -> None:
    call, *_ = [
        make_call(campaign, minutes=minute, caller_number=number)
        for minute in (2, 1)
        for number in (OTHER_CALLER, None)
    ]
    query = (
        f"caller_number={OTHER_CALLER}&status=no-target&campaign_id=roofing"
        f"&created_at_start={EPOCH + 90}"
    )
    assert found(key, query) == names(call)


# --- in which order -------------------------------------------------------------------------------
@pytest.fixture
def calls(campaign: Campaign) -> dict[str, Call]:
    """By when they came: the first ended last, the second never did, the third was picked up."""
    return {
        "1": make_call(campaign, 1, ended_at=NOON + timedelta(hours=1)),
        "2": make_call(campaign, 2, ended_at=None),
        "3": make_call(campaign, 3, connected_at=NOON + timedelta(minutes=3, seconds=5)),
    }


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "321"),
        ("order=desc", "321"),
        ("order=asc", "123"),
        ("sort_by=created_at&order=asc", "123"),
        ("sort_by=started_at", "321"),
        ("sort_by=ended_at", "132"),
        ("sort_by=ended_at&order=asc", "312"),
    ],
)
def test_the_order(key: Key, calls: dict[str, Call], query: str, order: str) -> None:
    assert found(key, query) == names(*(calls[name] for name in order))


def test_what_has_no_value_comes_last(key: Key, calls: dict[str, Call]) -> None:
    orders = [found(key, f"sort_by=connected_at&order={order}")[0] for order in ("asc", "desc")]
    assert orders == names(calls["3"], calls["3"])


@pytest.mark.parametrize("query", ["sort_by=connected_at", "order=asc", ""])
def test_calls_of_one_moment_have_an_order_too(key: Key, campaign: Campaign, query: str) -> None:
    rows = sorted(names(*(make_call(campaign) for _ in range(5))), reverse="asc" not in query)
    assert [found(key, f"per_page=1&page={page}&{query}") for page in range(1, 6)] == [
        [row] for row in rows
    ]


# --- what is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("status=done", "status must be one of routing, ringing, in-progress, finished, no-target"),
        (
            "sort_by=updated_at",
            "sort_by must be one of created_at, started_at, connected_at, ended_at",
        ),
        ("order=up", "order must be one of asc, desc"),
        ("caller_number=hello", "caller_number must be a phone number of 7 to 15 digits"),
        ("caller=hello", "caller_number must be a phone number of 7 to 15 digits"),
        (
            "affiliate_id=a&publisher_id=b",
            "publisher_id, source_id, affiliate_id, client_afid contradict each other",
        ),
        ("campaign_id=%00", "a parameter holds a NUL character, or bytes that are not UTF-8"),
        ("page=two", "page must be a whole number from 1"),
        ("per_page=0", "per_page must be a whole number from 1"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(key: Key, query: str, why: str) -> None:
    assert refused(key, query) == (422, why)


@pytest.mark.parametrize(
    "query",
    ["zip=1", "status=", "caller_number=undefined", "caller=", "page=", "order=", "sort_by=%20"],
)
def test_what_is_blank_or_unknown_asks_nothing(key: Key, campaign: Campaign, query: str) -> None:
    call = make_call(campaign)
    assert found(key, query) == names(call)
