"""Calls of one caller that end at once: exactly one pays. With a control that must fail."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction

from campaigns.caps import counters
from campaigns.models import Campaign, CapCounter, ConvertedCaller
from tests.campaigns.pools import capped
from tests.factories import make_campaign
from tests.races.takers import THREADS, together
from tests.repeating import converted

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
CALLERS = [f"+120255501{number:02}" for number in range(30)]
Ends = Callable[[Campaign, str], bool]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaigns() -> list[Campaign]:
    company = make_campaign().company
    return [make_campaign(company, dedupe_seconds=60) for _ in range(2)]


def really(campaign: Campaign, caller: str) -> bool:
    with transaction.atomic():
        return converted(campaign, caller, at=NOW)


def naively(campaign: Campaign, caller: str) -> bool:
    """Read, then insert: the fault that these races must catch."""
    with transaction.atomic():
        paid = not ConvertedCaller.objects.filter(
            campaign=campaign, caller_number=caller, paid=True
        ).exists()
        usual = {
            "company": campaign.company,
            "campaign": campaign,
            "caller_number": caller,
            "buyer_pk": 1,
            "converted_at": NOW,
        }
        ConvertedCaller.objects.create(
            **usual, call_uuid=(uuid := uuid4()), turn=uuid.int % 2**31, paid=paid
        )
    return paid


def race(campaigns: list[Campaign], end: Ends) -> Counter[tuple[int, str]]:
    """End a call of every caller on every campaign in each of twelve threads; return which paid."""
    pace = Barrier(THREADS)

    def ends() -> list[tuple[int, str]]:
        paid = []
        for campaign in campaigns:
            for caller in CALLERS:
                pace.wait(timeout=30)
                paid += [(campaign.pk, caller)] * end(campaign, caller)
        return paid

    return Counter(one for ones in together([ends] * THREADS) for one in ones)


def test_of_many_calls_that_end_at_once_one_pays(campaigns: list[Campaign]) -> None:
    assert race(campaigns, really) == {
        (campaign.pk, caller): 1 for campaign in campaigns for caller in CALLERS
    }
    assert ConvertedCaller.objects.count() == len(campaigns) * len(CALLERS) * THREADS


def test_looking_and_then_inserting_pays_twice_in_the_same_race(campaigns: list[Campaign]) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time, which hides the fault")
    paid = race(campaigns, naively)
    assert sum(times > 1 for times in paid.values()) > len(paid) / 2


def test_a_call_that_ends_many_times_at_once_is_recorded_once(campaigns: list[Campaign]) -> None:
    for uuid in [uuid4() for _ in CALLERS]:
        said = together(
            [lambda uuid=uuid: converted(campaigns[0], str(uuid)[:20], call_uuid=uuid, at=NOW)] * 6
        )  # type: ignore[misc]
        assert said == [True] * 6
    assert ConvertedCaller.objects.count() == len(CALLERS)


def test_when_the_one_that_would_pay_is_undone_another_pays(campaigns: list[Campaign]) -> None:
    def fails() -> bool:
        with transaction.atomic():
            converted(campaigns[0], CALLERS[0], at=NOW)
            transaction.set_rollback(True)
        return False

    assert sum(together([fails, lambda: really(campaigns[0], CALLERS[0])] * 6)) == 1


def test_calls_far_enough_apart_all_pay_in_any_order(campaigns: list[Campaign]) -> None:
    moments = [NOW + timedelta(minutes=minutes) for minutes in range(THREADS)]
    paid = together([lambda at=at: converted(campaigns[0], CALLERS[0], at=at) for at in moments])  # type: ignore[misc]
    turns = ConvertedCaller.objects.order_by("turn").values_list("turn", flat=True)
    assert paid == [True] * THREADS
    assert list(turns) == list(range(1, THREADS + 1))


def test_settling_calls_of_shared_buyers_and_callers_never_wait_in_a_circle(
    campaigns: list[Campaign],
) -> None:
    company = campaigns[0].company_id

    def settles(number: int) -> None:
        for round_ in range(20):
            with transaction.atomic():
                really(campaigns[0], CALLERS[(number + round_) % 3])
                owner = capped(f"buyer:{(number * round_) % 4}")
                hold = counters.take_places(company_id=company, buyer_pk=1, capped=[owner], now=NOW)
                counters.end_hold(hold_id=hold.pk, converted=True, now=NOW)

    together([lambda number=number: settles(number) for number in range(THREADS)])  # type: ignore[misc]
    used = CapCounter.objects.filter(kind="hard").values_list("used", flat=True)
    assert sum(used) == 20 * THREADS
    assert ConvertedCaller.objects.filter(paid=True).count() == 3
