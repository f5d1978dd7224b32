"""The data writing seed over a real socket: before, during and after a call, to its pay."""

import httpx
import pytest

from campaigns.models import Campaign
from publishers.models import ConversionFilter, Key, LogEntry, Publisher
from tests.factories import make_key, make_market
from tests.pinging import TOKEN, Answer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign() -> Campaign:
    """Create a campaign that pays for prequalified callers."""
    campaign = make_market()
    ConversionFilter.objects.create(
        conversion=campaign.conversions.get(), key="prequalified", operator="==", value="true"
    )
    return campaign


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key("call_data_writing", publisher=Publisher.objects.get())


def simulator(http: httpx.Client, path: str, **said: str) -> Answer:
    return dict(http.post(f"/simulator/{path}", json=said, headers=TOKEN).json())


def call_of(http: httpx.Client, campaign: Campaign, caller: str = "+10123456789") -> Answer:
    """Place a call that its buyer answers."""
    call = simulator(http, "calls", to=campaign.numbers.get().number, **{"from": caller})
    return simulator(http, f"legs/{call['legs'][-1]['leg_uuid']}/answer")


def hang_up(http: httpx.Client, call: Answer) -> Answer:
    """Hang up, far in the future of the call's virtual clock."""
    return simulator(http, f"calls/{call['call_uuid']}/hang-up", at="2031-05-05T12:00:00Z")


def test_the_seeds_answer_is_given(http: httpx.Client, key: Key) -> None:
    answer = http.get(
        f"/data_writing?key={key.key}&caller_number=10123456789&0=&example_tag=value123"
    )
    assert answer.text == (
        '{"tag_values":{"0":"","example_tag":"value123"},"caller_number":"+10123456789","status":"call not found, tags stored"}'
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_written_before_the_call_it_decides_what_the_call_pays(
    http: httpx.Client, key: Key, campaign: Campaign, method: str
) -> None:
    http.request(
        method, f"/data_writing?key={key.key}&caller_number=+10123456789&prequalified=true"
    )
    ended = hang_up(http, call_of(http, campaign))
    assert ended["tags"] == {"prequalified": "true"}
    assert ended["payout"] == "90.00"
    assert ended["converted"] is True


def test_written_during_the_call_it_decides_too(
    http: httpx.Client, key: Key, campaign: Campaign
) -> None:
    call = call_of(http, campaign)
    answer = http.get(
        f"/data_writing?key={key.key}&caller_number=+10123456789&prequalified=true"
    ).json()
    ended = hang_up(http, call)
    assert answer["status"] == "in progress call found, tags stored"
    assert ended["tags"] == {"prequalified": "true"}
    assert ended["payout"] == "90.00"


def test_written_after_the_call_it_is_on_it_and_changes_no_money(
    http: httpx.Client, key: Key, campaign: Campaign
) -> None:
    ended = hang_up(http, call_of(http, campaign))
    answer = http.get(
        f"/data_writing?key={key.key}&caller_number=+10123456789&prequalified=true"
    ).json()
    after = http.get(f"/simulator/calls/{ended['call_uuid']}", headers=TOKEN).json()
    assert answer["status"] == "completed call found, tags applied"
    assert after["tags"] == {"prequalified": "true"}
    assert after["payout"] is None
    assert after["converted"] is False


def test_the_account_manager_sees_every_post_in_the_log(
    http: httpx.Client, key: Key, campaign: Campaign
) -> None:
    for _ in range(2):
        http.get(f"/data_writing?key={key.key}&caller_number=+10123456789&prequalified=true")
        call = call_of(http, campaign)
    rows = (
        LogEntry.objects.filter(key_pk=key.pk)
        .order_by("id")
        .values_list("result", "caller_number", "call_uuid")
    )
    assert [
        (result, caller, uuid and str(uuid) != call["call_uuid"]) for result, caller, uuid in rows
    ] == [
        ("stored", "+10123456789", None),
        ("in-progress", "+10123456789", True),
    ]
