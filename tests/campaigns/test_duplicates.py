"""Duplicate callers: the bounds of the window, each policy, and the call that pays."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import duplicates
from campaigns.duplicates import NO_DUPLICATES, Duplicates
from campaigns.models import Campaign, ConvertedCaller
from tests.factories import make_buyer, make_campaign
from tests.repeating import converted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
CALLER = "+12025550102"
POLICIES = ["pay_once", "exclude_buyer", "refuse"]
# Seconds from the first conversion to another one, and whether that is a repeat within a minute.
EDGES = [
    (-61, False),
    (-60, False),
    (-59.999, True),
    (0, True),
    (59.999, True),
    (60, False),
    (61, False),
]


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def campaign() -> Campaign:
    """Pays a caller once a minute."""
    return make_campaign(dedupe_seconds=60)


def under(campaign: Campaign, duplicates: str, dedupe_seconds: int = 60) -> Campaign:
    campaign.duplicates, campaign.dedupe_seconds = duplicates, dedupe_seconds
    return campaign


def known(
    campaign: Campaign, caller: str | None = CALLER, *, at: datetime = NOW, **more: Any
) -> Duplicates:
    facts = {"dedupe_seconds": campaign.dedupe_seconds, "duplicates": campaign.duplicates}
    return duplicates.duplicates_before(
        campaign_pk=campaign.pk, caller_number=caller, now=at, **facts, **more
    )


# --- the call that pays ------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "is_repeat"), EDGES)
def test_a_caller_is_paid_for_once_within_the_time(
    campaign: Campaign, seconds: float, is_repeat: bool
) -> None:
    assert converted(campaign, CALLER, at=NOW) is True
    assert converted(campaign, CALLER, at=later(seconds)) == (not is_repeat)


def test_a_duplicate_does_not_begin_the_time_anew(campaign: Campaign) -> None:
    assert [converted(campaign, CALLER, at=later(seconds)) for seconds in (0, 40, 80, 120)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_conversion_between_two_that_are_far_apart_is_a_repeat_of_either(
    campaign: Campaign,
) -> None:
    assert [
        converted(campaign, CALLER, at=later(seconds)) for seconds in (0, 500, 30, 470, 250)
    ] == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("duplicates", ["exclude_buyer", "refuse"])
def test_under_other_policies_every_conversion_pays(campaign: Campaign, duplicates: str) -> None:
    assert [converted(under(campaign, duplicates), CALLER, at=NOW) for _ in range(2)] == [
        True,
        True,
    ]


def test_with_a_time_of_zero_a_caller_counts_again(campaign: Campaign) -> None:
    assert [converted(under(campaign, "pay_once", 0), CALLER, at=NOW) for _ in range(2)] == [
        True,
        True,
    ]


def test_a_time_set_later_counts_earlier_conversions(campaign: Campaign) -> None:
    converted(under(campaign, "refuse", 0), CALLER, at=NOW)
    assert converted(under(campaign, "pay_once"), CALLER, at=NOW) is False


def test_the_longest_time_that_can_be_set(campaign: Campaign) -> None:
    assert [
        converted(under(campaign, "pay_once", 2**31 - 1), CALLER, at=NOW) for _ in range(2)
    ] == [True, False]


def test_a_withheld_caller_is_never_a_duplicate_and_leaves_nothing(campaign: Campaign) -> None:
    assert [converted(campaign, None, at=NOW) for _ in range(2)] == [True, True]
    assert ConvertedCaller.objects.count() == 0


def test_another_caller_and_another_campaign_are_no_duplicates(campaign: Campaign) -> None:
    elsewhere = make_campaign(campaign.company, dedupe_seconds=60)
    converted(campaign, CALLER, at=NOW)
    assert converted(campaign, "+12025550103", at=NOW) is True
    assert converted(elsewhere, CALLER, at=NOW) is True


def test_once_said_it_stays_so(campaign: Campaign) -> None:
    calls = [uuid4(), uuid4()]
    first = [converted(campaign, CALLER, call_uuid=uuid, at=NOW) for uuid in calls]
    again = [
        converted(campaign, CALLER, call_uuid=uuid, at=NOW, dedupe_seconds=0) for uuid in calls
    ]
    assert first == [True, False]
    assert again == [True, False]
    assert ConvertedCaller.objects.count() == 2


def test_the_record_of_a_conversion(campaign: Campaign) -> None:
    buyer, uuid = make_buyer(campaign.company), uuid4()
    converted(campaign, CALLER, buyer=buyer, call_uuid=uuid, at=NOW)
    kept = ConvertedCaller.objects.values_list(
        "company_id", "campaign_id", "buyer_pk", "caller_number", "call_uuid", "converted_at"
    )
    assert kept.get() == (campaign.company_id, campaign.pk, buyer.pk, CALLER, uuid, NOW)


def test_a_conversion_needs_one_statement(campaign: Campaign) -> None:
    with CaptureQueriesContext(connection) as sent:
        converted(campaign, CALLER, at=NOW)
    assert len(sent) == 1


# --- routing -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("duplicates", "told"),
    [
        ("pay_once", NO_DUPLICATES),
        ("exclude_buyer", Duplicates(converted_with=frozenset([7, 8]))),
        ("refuse", Duplicates(refused=True)),
    ],
    ids=POLICIES,
)
def test_the_effect_of_a_conversion_by_policy(
    campaign: Campaign, duplicates: str, told: Duplicates
) -> None:
    under(campaign, duplicates)
    for row in (7, 8, 8):
        converted(campaign, CALLER, at=NOW, buyer_pk=row)
    assert known(campaign) == told


@pytest.mark.parametrize("duplicates", ["exclude_buyer", "refuse"])
@pytest.mark.parametrize(("seconds", "is_repeat"), EDGES)
def test_a_conversion_means_something_within_the_time(
    campaign: Campaign, duplicates: str, seconds: float, is_repeat: bool
) -> None:
    converted(under(campaign, duplicates), CALLER, at=NOW)
    assert (known(campaign, at=later(seconds)) != NO_DUPLICATES) is is_repeat


@pytest.mark.parametrize("duplicates", ["exclude_buyer", "refuse"])
def test_with_a_time_of_zero_nothing_is_a_repeat(campaign: Campaign, duplicates: str) -> None:
    converted(under(campaign, duplicates, 0), CALLER, at=NOW)
    assert known(campaign) == NO_DUPLICATES


@pytest.mark.parametrize("caller", [None, "+12025550103"], ids=["withheld", "another"])
def test_other_callers_are_no_repeats(campaign: Campaign, caller: str | None) -> None:
    converted(under(campaign, "refuse"), CALLER, at=NOW)
    assert known(campaign, caller) == NO_DUPLICATES


def test_conversions_on_another_campaign_mean_nothing(campaign: Campaign) -> None:
    converted(make_campaign(campaign.company), CALLER, at=NOW)
    assert known(under(campaign, "refuse")) == NO_DUPLICATES


def test_a_duplicate_was_no_conversion_with_its_buyer(campaign: Campaign) -> None:
    for row in (7, 8):
        converted(campaign, CALLER, at=NOW, buyer_pk=row)
    assert known(under(campaign, "exclude_buyer")) == Duplicates(converted_with=frozenset([7]))


def test_a_calls_own_conversion_is_no_repeat_of_it(campaign: Campaign) -> None:
    own = uuid4()
    converted(under(campaign, "refuse"), CALLER, at=NOW, call_uuid=own)
    assert known(campaign, call_uuid=own) == NO_DUPLICATES
    assert known(campaign, call_uuid=uuid4()) == Duplicates(refused=True)


@pytest.mark.parametrize(
    ("duplicates", "seconds", "caller"),
    [("pay_once", 60, CALLER), ("refuse", 0, CALLER), ("refuse", 60, None)],
)
def test_nothing_is_read_where_nothing_can_be_a_repeat(
    campaign: Campaign, duplicates: str, seconds: int, caller: str | None
) -> None:
    with CaptureQueriesContext(connection) as sent:
        known(under(campaign, duplicates, seconds), caller)
    assert len(sent) == 0
