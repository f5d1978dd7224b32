"""Rows for the benchmarks: a campaign with many buyers, and past reservations."""

from datetime import time

from django.db import connection
from django.utils import timezone

from campaigns.models import BusinessHours, Buyer, Campaign, Company, Filter, Route
from campaigns.models.conditions import Day
from publishers.models import Conversion, InboundNumber, Key
from reservations.models import Reservation

_PAST = """
INSERT INTO reservations_reservation ({columns})
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
SELECT {values} FROM n, (SELECT * FROM reservations_reservation WHERE uuid = %s) AS r
"""


def campaign_key(buyers: int) -> str:
    """Create a campaign whose buyers have filters, hours and caps; return the text of its key."""
    company = Company.objects.create(name=f"Company of {buyers}")
    campaign = Campaign.objects.create(company=company, name="Roofing")
    rows = [
        Buyer(
            company=company,
            name=f"Buyer {number}",
            number="+14165550101",
            priority=1 + number % 3,
            hourly_cap=100_000,
            daily_cap=1_000_000,
        )
        for number in range(buyers)
    ]
    Buyer.objects.bulk_create(rows)
    states = ["CA", "NY", "TX", "FL"]
    Filter.objects.bulk_create(
        Filter(buyer=row, key="caller_state", operator="==", value=states[number % 4])
        for number, row in enumerate(rows)
    )
    BusinessHours.objects.bulk_create(
        BusinessHours(buyer=row, day=day, open=time(0), close=time(23, 59, 59))
        for row in rows
        for day in Day.values
    )
    Route.objects.bulk_create(Route(campaign=campaign, buyer=row) for row in rows)
    InboundNumber.objects.bulk_create(
        InboundNumber(
            campaign=campaign, number=f"+1{830 + len(str(buyers))}55501{number:02}", in_pool=True
        )
        for number in range(20)
    )
    Conversion.objects.create(campaign=campaign, seconds=120, payout="90.00", revenue="120.00")
    return Key.objects.create(type="rtb", campaign=campaign).key


def add_past(count: int) -> None:
    """Copy an expired reservation `count` times, inside the database."""
    model = Reservation.objects.order_by("created_at").first()
    assert model
    Reservation.objects.filter(pk=model.pk).update(
        status="expired", closed_at=timezone.now(), hold=None
    )
    columns = [str(field.column) for field in Reservation._meta.concrete_fields]
    value = {"uuid": _NEW_UUID[connection.vendor]}
    sql = _PAST.format(
        count=count,
        columns=", ".join(columns),
        values=", ".join(value.get(name, f"r.{name}") for name in columns),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [Reservation._meta.pk.get_db_prep_value(model.pk, connection)])
        cursor.execute("ANALYZE")


_NEW_UUID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
