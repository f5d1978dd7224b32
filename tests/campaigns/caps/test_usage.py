"""How full each cap is, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.caps.usage import usage_text
from campaigns.models import CapCounter
from tests.factories import make_buyer

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_each_cap_is_listed_with_its_limit():
    buyer = make_buyer(concurrency_cap=1, daily_cap=100)
    for kind, used in [("concurrency", 1), ("daily", 3), ("monthly", 8)]:
        CapCounter.objects.create(
            company=buyer.company,
            owner="buyer:1",
            kind=kind,
            used=used,
            ends_at=NOW + timedelta(days=1),
        )
    told = [
        "Concurrent calls: 1 of 1, full",
        "This hour: 0, no limit",
        "Today: 3 of 100",
        "This month: 8, no limit",
        "Lifetime: 0, no limit",
    ]
    assert usage_text(buyer, owner="buyer:1", now=NOW) == told


def test_a_window_that_has_ended_does_not_count():
    buyer = make_buyer(hourly_cap=5)
    CapCounter.objects.create(
        company=buyer.company, owner="buyer:1", kind="hourly", used=5, ends_at=NOW
    )
    assert usage_text(buyer, owner="buyer:1", now=NOW)[1] == "This hour: 0 of 5"
