"""One-row inserts write what the ORM would write."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from callcontrol.models import Leg, Party
from config.db.insert import insert, insert_row, new_row
from publishers.models import LogEntry
from reservations.models import Reservation
from tests.callcontrol.lines import make_call
from tests.factories import make_campaign, make_key

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, 30, 15, 123456, tzinfo=UTC)


def _entry() -> LogEntry:
    return LogEntry(
        at=NOW,
        company_pk=7,
        type="rtb",
        method="POST",
        path="/rtbs.json",
        format="json",
        parameters={"caller_zip": "90210", "name": "Zoë"},
        caller_number="+12025550142",
        status=200,
        response='{"status": "reserved"}',
        result="reserved",
        duration_ms=1.25,
        reservation_uuid=uuid.uuid4(),
        address="192.0.2.7",
        notes=["a note"],
        trace={"seed": 5},
    )


def test_a_row_equals_that_of_the_orm():
    entry, other = _entry(), _entry()
    other.reservation_uuid = entry.reservation_uuid
    other.save()
    names = [field.name for field in LogEntry._meta.concrete_fields if field.name != "id"]
    insert(LogEntry, **{name: getattr(entry, name) for name in names})
    first, second = LogEntry.objects.order_by("pk").values(*names)
    assert first == second


def test_a_choice_is_written_as_its_value():
    call = make_call(make_campaign())
    leg = Leg(
        uuid=uuid.uuid4(), call=call, party=Party.HANDLER, place=1, number="+12025550142",
        started_at=NOW, status=Leg.Status.RINGING,
    )  # fmt: skip
    assert insert_row(leg)
    stored = Leg.objects.get(pk=leg.pk)
    assert stored.party == Party.HANDLER
    assert stored.started_at == NOW
    assert stored.call_id == call.pk


def test_a_second_row_of_one_key_is_refused():
    call = make_call(make_campaign())
    leg = Leg(uuid=uuid.uuid4(), call=call, party="handler", place=1, started_at=NOW)
    assert insert_row(leg)
    assert not insert_row(leg)
    assert Leg.objects.filter(call=call).count() == 1


def test_an_amount_and_tags_are_written_as_the_orm_writes_them():
    ping = {"uuid": uuid.uuid4(), "tags": {"caller_zip": "90210", "name": "Zoë"}}
    times = {"created_at": NOW, "expires_at": NOW}
    campaign = make_campaign()
    key = make_key("rtb", campaign=campaign)
    owners = {"company_id": campaign.company_id, "key_id": key.pk, "campaign_id": campaign.pk}
    row = new_row(
        Reservation, **ping, **times, **owners, status="expired", payout=Decimal("90.12345")
    )
    other = Reservation(
        **ping | {"uuid": uuid.uuid4()}, **times, **owners, status="expired", payout=row.payout
    )
    assert insert_row(row)
    other.save()
    names = [field.name for field in Reservation._meta.concrete_fields if field.name != "uuid"]
    stored = Reservation.objects.filter(pk__in=[row.pk, other.pk]).values(*names)
    assert stored[0] == stored[1]


def test_a_new_row_has_the_defaults_of_its_model():
    row = new_row(Reservation, uuid=uuid.uuid4(), tags={}, status="reserved")
    assert row.payout == 0
    assert row.dynamic is False
    assert row.hold_id is None


def test_a_default_that_is_made_for_each_row_has_to_be_given():
    with pytest.raises(KeyError, match="tags"):
        new_row(Reservation, uuid=uuid.uuid4(), status="reserved")
