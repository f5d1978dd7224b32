"""Places in caps: what a hold takes, what goes back, and which windows they are of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from campaigns.caps import counters
from campaigns.caps.counters import CapFull, Drift
from campaigns.models import Buyer, BuyerGroup, CapCounter, CapHold, Company
from campaigns.routing.engine import CAP_KINDS, CappedOwner
from campaigns.routing.snapshot import capped_of
from tests.factories import make_buyer, make_company, make_group

NOW = datetime(2026, 5, 5, 12, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company()


def take(*rows: Buyer | BuyerGroup, now: datetime = NOW) -> CapHold:
    return take_of(rows[0].company, [capped_of(row, row.company) for row in rows], now=now)


def take_of(company: Company, owners: Sequence[CappedOwner], *, now: datetime = NOW) -> CapHold:
    return counters.take_places(company_id=company.pk, buyer_pk=7, capped=owners, now=now)


def used(row: Buyer | BuyerGroup) -> dict[str, int]:
    """By kind, of the windows of NOW."""
    owner = capped_of(row, row.company).owner
    return dict(CapCounter.objects.filter(owner=owner, ends_at__gt=NOW).values_list("kind", "used"))


def all_five(number: int) -> dict[str, int]:
    return dict.fromkeys(CAP_KINDS, number)


def test_a_hold_takes_a_place_in_every_counter_of_the_buyer_and_its_groups(
    company: Company,
) -> None:
    buyer, group = make_buyer(company), make_group(company)
    take(buyer, group)
    assert used(buyer) == all_five(1)
    assert used(group) == all_five(1)


def test_a_hold_remembers_its_places(company: Company) -> None:
    buyer = make_buyer(company, cap_counts="conversion")
    owner = f"buyer:{buyer.pk}"
    windows = ["", "2026-05-05T12+0000", "2026-05-05", "2026-05", ""]
    hold = CapHold.objects.get(pk=take(buyer).pk)
    assert hold.places == [
        [owner, kind, window, "conversion"] for kind, window in zip(CAP_KINDS, windows, strict=True)
    ]


@pytest.mark.parametrize("kind", CAP_KINDS)
def test_no_more_is_taken_than_a_cap_allows(company: Company, kind: str) -> None:
    buyer = make_buyer(company, None, **{f"{kind}_cap": 2})
    take(buyer)
    take(buyer)
    with pytest.raises(CapFull) as refusal:
        take(buyer)
    assert refusal.value.owner == f"buyer:{buyer.pk}"
    assert refusal.value.kind == kind
    assert used(buyer)[kind] == 2


def test_a_refused_take_keeps_none_of_the_places(company: Company) -> None:
    buyer, group = make_buyer(company), make_group(company, daily_cap=1)
    take(group)
    with pytest.raises(CapFull):
        take(buyer, group)
    assert used(buyer) == {}
    assert used(group) == all_five(1)
    assert CapHold.objects.count() == 1


def test_the_buyers_first_full_cap_is_reported(company: Company) -> None:
    buyer, group = (
        make_buyer(company, hourly_cap=1, daily_cap=1),
        make_group(company, concurrency_cap=1),
    )
    take(buyer, group)
    with pytest.raises(CapFull, match=r"^its hourly cap is full$"):
        take(buyer, group)


def test_a_cap_of_zero_refuses_and_writes_nothing(company: Company) -> None:
    with pytest.raises(CapFull):
        take(make_buyer(company, monthly_cap=0))
    assert CapCounter.objects.count() == 0


def test_a_refusal_leaves_a_larger_transaction_usable(company: Company) -> None:
    full, free = make_buyer(company, daily_cap=0), make_buyer(company)
    with transaction.atomic():
        with pytest.raises(CapFull):
            take(full)
        take(free)
    assert used(free) == all_five(1)


def test_use_is_counted_before_a_cap_is_set(company: Company) -> None:
    buyer = make_buyer(company)
    take(buyer)
    buyer.daily_cap = 1
    with pytest.raises(CapFull):
        take(buyer)


def test_a_cap_below_its_use_refuses_and_keeps_the_holds(company: Company) -> None:
    buyer = make_buyer(company, daily_cap=3)
    take(buyer)
    take(buyer)
    buyer.daily_cap = 1
    with pytest.raises(CapFull):
        take(buyer)
    assert used(buyer)["daily"] == 2


def test_a_take_by_older_settings_does_not_write_their_cap(company: Company) -> None:
    buyer = make_buyer(company, daily_cap=5)
    take(buyer)
    buyer.daily_cap = 9
    take(buyer)
    assert CapCounter.objects.get(kind="daily").cap == 5


def test_another_window_has_places_of_its_own(company: Company) -> None:
    buyer = make_buyer(company, hourly_cap=1)
    take(buyer)
    take(buyer, now=NOW + timedelta(minutes=30))
    assert list(
        CapCounter.objects.filter(kind="hourly").order_by("window").values_list("window", "used")
    ) == [
        ("2026-05-05T12+0000", 1),
        ("2026-05-05T13+0000", 1),
    ]


def test_a_released_place_is_free(company: Company) -> None:
    buyer, group = make_buyer(company, concurrency_cap=1), make_group(company, hard_cap=1)
    hold = take(buyer, group)
    assert counters.release_places(hold_ids=[hold.pk], now=LATER) == 1
    assert used(buyer) == all_five(0)
    assert used(group) == all_five(0)


def test_places_go_back_into_the_window_they_came_from(company: Company) -> None:
    buyer = make_buyer(company)
    hold = take(buyer)
    take(buyer, now=NOW + timedelta(hours=1))
    counters.release_places(hold_ids=[hold.pk], now=NOW + timedelta(hours=1))
    assert dict(CapCounter.objects.filter(kind="hourly").values_list("window", "used")) == {
        "2026-05-05T12+0000": 0,
        "2026-05-05T13+0000": 1,
    }


def test_places_go_back_to_groups_that_the_buyer_has_left(company: Company) -> None:
    buyer = make_buyer(company)
    group = make_group(company, [buyer])
    hold = take(buyer, group)
    group.memberships.all().delete()
    counters.release_places(hold_ids=[hold.pk], now=LATER)
    assert used(group) == all_five(0)


def test_giving_back_twice_is_nothing(company: Company) -> None:
    buyer = make_buyer(company)
    hold, _ = take(buyer), take(buyer)
    assert [counters.release_places(hold_ids=[hold.pk], now=LATER) for _ in range(2)] == [1, 0]
    assert used(buyer) == all_five(1)


def test_many_are_given_back_at_once(company: Company) -> None:
    buyers = [make_buyer(company), make_buyer(company)]
    holds = [take(buyer).pk for buyer in buyers for _ in range(3)]
    assert counters.release_places(hold_ids=[*holds[:5], 0], now=LATER) == 5
    assert [used(buyer)["daily"] for buyer in buyers] == [0, 1]


@pytest.mark.parametrize("converted", [True, False])
def test_at_the_end_of_a_call_its_concurrency_place_goes_back(
    company: Company, converted: bool
) -> None:
    buyer = make_buyer(company)
    assert counters.end_hold(hold_id=take(buyer).pk, converted=converted, now=LATER) is True
    assert used(buyer) == all_five(1) | {"concurrency": 0}


@pytest.mark.parametrize(("converted", "stays"), [(True, 1), (False, 0)])
def test_of_an_unconverted_call_the_places_that_count_conversions_go_back(
    company: Company, converted: bool, stays: int
) -> None:
    buyer, group = make_buyer(company), make_group(company, cap_counts="conversion")
    counters.end_hold(hold_id=take(buyer, group).pk, converted=converted, now=LATER)
    assert used(group) == all_five(stays) | {"concurrency": 0}
    assert used(buyer) == all_five(1) | {"concurrency": 0}


@pytest.mark.parametrize(("converted", "stays"), [(True, 1), (False, 0)])
def test_whether_it_converted_may_be_said_later(
    company: Company, converted: bool, stays: int
) -> None:
    buyer = make_buyer(company, cap_counts="conversion")
    hold = take(buyer).pk
    assert [
        counters.end_hold(hold_id=hold, converted=said, now=LATER)
        for said in (None, None, converted, False)
    ] == [
        True,
        False,
        True,
        False,
    ]
    assert used(buyer) == all_five(stays) | {"concurrency": 0}


def test_until_it_is_said_all_but_the_place_among_calls_at_once_is_held(company: Company) -> None:
    buyer = make_buyer(company)
    hold = take(buyer).pk
    counters.end_hold(hold_id=hold, converted=None, now=LATER)
    assert used(buyer) == all_five(1) | {"concurrency": 0}
    assert counters.release_places(hold_ids=[hold], now=LATER) == 1
    assert used(buyer) == all_five(0)


def test_an_ended_hold_is_not_given_back(company: Company) -> None:
    buyer = make_buyer(company)
    hold = take(buyer).pk
    counters.end_hold(hold_id=hold, converted=True, now=LATER)
    assert counters.release_places(hold_ids=[hold], now=LATER) == 0
    assert used(buyer)["daily"] == 1


def test_a_released_hold_does_not_end(company: Company) -> None:
    buyer = make_buyer(company)
    hold = take(buyer).pk
    counters.release_places(hold_ids=[hold], now=LATER)
    assert counters.end_hold(hold_id=hold, converted=True, now=LATER) is False
    assert used(buyer)["concurrency"] == 0


def test_a_hold_says_how_it_ended(company: Company) -> None:
    ended, released = take(make_buyer(company)).pk, take(make_buyer(company)).pk
    counters.end_hold(hold_id=ended, converted=True, now=LATER)
    counters.release_places(hold_ids=[released], now=LATER)
    rows = CapHold.objects.order_by("pk").values_list("pk", "status", "ended_at")
    assert list(rows) == [(ended, "ended", LATER), (released, "released", LATER)]


def test_full_counters_are_found_by_owner_and_kind(company: Company) -> None:
    full, free = (
        make_buyer(company, hourly_cap=1, hard_cap=1, daily_cap=2),
        make_buyer(company, daily_cap=2),
    )
    take(full)
    take(free)
    owner = f"buyer:{full.pk}"
    assert counters.full_counters(company.pk, NOW) == {(owner, "hourly"): 1, (owner, "hard"): 1}


def test_a_full_counter_of_an_ended_window_is_not_found(company: Company) -> None:
    take(make_buyer(company, hourly_cap=1))
    assert counters.full_counters(company.pk, NOW + timedelta(minutes=30)) == {}


def test_anothers_full_counters_are_not_found(company: Company) -> None:
    take(make_buyer(company, hourly_cap=1))
    assert counters.full_counters(make_company().pk, NOW) == {}


def test_a_refusal_by_a_cap_that_the_counter_did_not_know_makes_it_found(
    company: Company, django_capture_on_commit_callbacks: Any
) -> None:
    buyer = make_buyer(company)
    take(buyer)
    buyer.daily_cap = 1
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(CapFull):
        take(buyer)
    assert counters.full_counters(company.pk, NOW) == {(f"buyer:{buyer.pk}", "daily"): 1}


def test_the_button_lets_a_hard_cap_count_from_the_calls_that_are_held(company: Company) -> None:
    buyer = make_buyer(company, hard_cap=2)
    counters.end_hold(hold_id=take(buyer).pk, converted=True, now=NOW)
    held = take(buyer)
    counters.reset_hard(owner=f"buyer:{buyer.pk}", now=NOW)
    assert used(buyer)["hard"] == 1
    counters.release_places(hold_ids=[held.pk], now=NOW)
    assert used(buyer)["hard"] == 0


def test_the_button_on_a_buyer_without_calls_does_nothing(company: Company) -> None:
    counters.reset_hard(owner="buyer:1", now=NOW)
    assert CapCounter.objects.count() == 0


def test_a_recount_finds_nothing_when_all_is_well(company: Company) -> None:
    buyer, group = make_buyer(company, cap_counts="conversion"), make_group(company)
    holds = [take(buyer, group).pk for _ in range(4)]
    counters.end_hold(hold_id=holds[0], converted=False, now=LATER)
    counters.end_hold(hold_id=holds[1], converted=True, now=LATER)
    counters.release_places(hold_ids=holds[2:3], now=LATER)
    counters.reset_hard(owner=f"buyer:{buyer.pk}", now=LATER)
    assert counters.recount(company_id=company.pk, now=LATER) == []


def test_a_recount_reports_a_drifted_counter(company: Company) -> None:
    buyer = make_buyer(company)
    take(buyer)
    CapCounter.objects.filter(kind="daily").update(used=3)
    drift = Drift(f"buyer:{buyer.pk}", "daily", "2026-05-05", used=3, held=1)
    assert counters.recount(company_id=company.pk, now=NOW) == [drift]


def test_ended_counters_are_forgotten_in_batches(company: Company) -> None:
    take(make_buyer(company))
    before = NOW + timedelta(days=60)
    assert [counters.forget_ended(before=before, limit=2) for _ in range(3)] == [2, 1, 0]


def test_a_place_of_a_forgotten_window_goes_back_to_nowhere(company: Company) -> None:
    buyer = make_buyer(company)
    hold = take(buyer)
    counters.forget_ended(before=NOW + timedelta(days=60), limit=9)
    counters.release_places(hold_ids=[hold.pk], now=LATER)
    assert set(CapCounter.objects.values_list("used", flat=True)) == {0}
