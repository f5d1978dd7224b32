"""The number that a ping is answered, by key and caller, and numbers that a client passes."""

from typing import Any

import pytest

from publishers.models import Key
from tests.factories import make_key, make_market, make_number
from tests.pinging import CALLER, OTHER_CALLER, logged, ping

pytestmark = pytest.mark.django_db
POOL, PASSED, CONFIGURED = "+18335550101", "+35924930101", "+18339510260"


@pytest.fixture
def keys() -> dict[str, Key]:
    """Create keys by whether the caller number is optional and a number is configured."""
    campaign = make_market(pool=0)
    make_number(campaign, number=POOL, in_pool=True)
    return {
        "strict": make_key(campaign=campaign, inbound_number=CONFIGURED),
        "open": make_key(campaign=campaign, allow_no_caller_number=True),
        "configured": make_key(
            campaign=campaign, allow_no_caller_number=True, inbound_number=CONFIGURED
        ),
    }


@pytest.mark.parametrize(
    ("key", "caller", "passed", "answered"),
    [
        ("strict", CALLER, "", POOL),
        ("open", CALLER, "", POOL),
        ("configured", CALLER, "", POOL),
        ("strict", CALLER, PASSED, PASSED),
        ("configured", CALLER, PASSED, PASSED),
        ("open", "", PASSED, PASSED),
        ("configured", "", PASSED, PASSED),
        ("configured", "", "", CONFIGURED),
        ("open", "", "", "sip:{uuid}@rtb.sip.localhost"),
    ],
)
def test_the_number_answered(
    keys: dict[str, Key], key: str, caller: str, passed: str, answered: str
) -> None:
    answer = ping(keys[key], caller_number=caller, inbound_number=passed)
    assert answer["inbound_number"] == answered.format(**answer)


@pytest.mark.parametrize("passed", ["", PASSED])
@pytest.mark.parametrize("caller", ["", "anonymous", "+266696687", "undefined"])
def test_a_key_that_needs_a_caller_refuses_without(
    keys: dict[str, Key], caller: str, passed: str
) -> None:
    answer = ping(keys["strict"], caller_number=caller, inbound_number=passed)
    assert answer == {"error": "FAILED must include caller_number (string)"}


def test_a_pool_with_nothing_free_for_the_caller_gives_a_sip_address(keys: dict[str, Key]) -> None:
    answers = [
        ping(keys["strict"]),
        ping(keys["open"]),
        ping(keys["open"], caller_number=OTHER_CALLER),
    ]
    assert [answer["inbound_number"] for answer in answers] == [
        POOL,
        f"sip:{answers[1]['uuid']}@rtb.sip.localhost",
        POOL,
    ]


def test_a_number_that_was_passed_is_not_free_for_its_caller(keys: dict[str, Key]) -> None:
    ping(keys["strict"], inbound_number=POOL)
    assert ping(keys["open"])["inbound_number"].startswith("sip:")


def test_a_number_is_free_at_the_end_before_the_sweep(keys: dict[str, Key], clock: Any) -> None:
    ping(keys["strict"])
    clock(30)
    assert ping(keys["open"])["inbound_number"] == POOL


@pytest.mark.parametrize("said", ["12", "hello", "+1234567890123456", "sip:nobody"])
def test_what_cannot_be_dialed_is_refused(keys: dict[str, Key], said: str) -> None:
    assert ping(keys["open"], inbound_number=said) == {
        "error": "inbound_number must be a phone number of 7 to 15 digits, or a SIP address"
    }


@pytest.mark.parametrize("passed", [PASSED, "sip:desk@pbx.example.com"])
def test_a_number_of_others_is_answered_and_noted(keys: dict[str, Key], passed: str) -> None:
    assert ping(keys["strict"], inbound_number=passed)["inbound_number"] == passed
    assert logged().notes == [
        f"{passed} is no number of this company: a call to it is not seen here."
    ]


def test_a_number_of_ones_own_is_not_noted(keys: dict[str, Key]) -> None:
    notes = []
    for key, caller, passed in [
        ("strict", CALLER, POOL),
        ("strict", OTHER_CALLER, ""),
        ("open", "", ""),
    ]:
        ping(keys[key], caller_number=caller, inbound_number=passed)
        notes += logged().notes
    assert notes == []


def test_a_number_of_the_key_that_is_of_others_is_noted(keys: dict[str, Key]) -> None:
    ping(keys["configured"], caller_number="")
    assert logged().notes == [
        f"{CONFIGURED} is no number of this company: a call to it is not seen here."
    ]
