"""Duplicate callers: which buyers they may reach, and which of their calls pays.

Two conversions of a caller on a campaign are duplicates of each other when less than
`dedupe_seconds` lie between them, in either order: calls may be reported in another order than they
ended. A caller with a withheld number is never a duplicate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from .models import Campaign, ConvertedCaller

_PAY_ONCE = Campaign.Duplicates.PAY_ONCE
_REFUSE = Campaign.Duplicates.REFUSE

# The loser of a turn waits at the unique constraint until the winner commits, inserts nothing, and
# tries again. WHERE true, or SQLite would read ON CONFLICT as the condition of a join.
_RECORD = """
INSERT INTO campaigns_convertedcaller
  (company_id, campaign_id, buyer_row, caller_number, call_uuid, converted_at, turn, paid)
SELECT %s, %s, %s, %s, %s, %s,
  COALESCE((
    SELECT MAX(turn) FROM campaigns_convertedcaller
    WHERE campaign_id = %s AND caller_number = %s
  ), 0) + 1,
  NOT EXISTS (
    SELECT 1 FROM campaigns_convertedcaller
    WHERE campaign_id = %s AND caller_number = %s AND paid
      AND converted_at > %s AND converted_at < %s
  )
WHERE true ON CONFLICT DO NOTHING RETURNING paid
"""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The buyers that a caller may not reach again, by primary key; all of them when `refused`."""

    converted_with: frozenset[int] = frozenset()
    refused: bool = False


NO_DUPLICATES = Duplicates()


def duplicates_among(
    conversions: Iterable[tuple[int, datetime]],
    *,
    dedupe_seconds: int,
    duplicates: str,
    now: datetime,
) -> Duplicates:
    """Return the same as `duplicates_before`, from (buyer_pk, time) of the conversions."""
    after, until = _window(now, dedupe_seconds)
    buyers = frozenset(buyer_pk for buyer_pk, at in conversions if after < at < until)
    return _duplicates_of(buyers, duplicates)


def duplicates_before(
    *,
    campaign_pk: int,
    caller_number: str | None,
    dedupe_seconds: int,
    duplicates: str,
    now: datetime,
    call_uuid: UUID | None = None,
) -> Duplicates:
    """Return what earlier conversions of the caller forbid, apart from that of the call itself."""
    if caller_number is None or duplicates == _PAY_ONCE or not dedupe_seconds:
        return NO_DUPLICATES
    after, until = _window(now, dedupe_seconds)
    rows = ConvertedCaller.objects.filter(
        campaign_id=campaign_pk,
        caller_number=caller_number,
        paid=True,
        converted_at__gt=after,
        converted_at__lt=until,
    )
    if call_uuid:
        rows = rows.exclude(call_uuid=call_uuid)
    buyers = frozenset(rows.values_list("buyer_pk", flat=True).distinct())
    return _duplicates_of(buyers, duplicates)


def record_conversion(
    *,
    company_pk: int,
    campaign_pk: int,
    caller_number: str | None,
    buyer_pk: int,
    call_uuid: UUID,
    dedupe_seconds: int,
    duplicates: str,
    now: datetime,
) -> bool:
    """Record a conversion inside the current transaction; return whether the call is paid for.

    A second call for the same `call_uuid` returns the same. Of several calls of one caller that end
    at the same moment, one is paid for. Code that also writes cap counters must keep one order.
    """
    if caller_number is None:
        return True
    uuid = ConvertedCaller._meta.get_field("call_uuid").get_db_prep_value(call_uuid, connection)
    window = _window(now, dedupe_seconds if duplicates == _PAY_ONCE else 0)
    at, after, until = map(connection.ops.adapt_datetimefield_value, (now, *window))
    caller = (campaign_pk, caller_number)
    values = [
        company_pk,
        campaign_pk,
        buyer_pk,
        caller_number,
        uuid,
        at,
        *caller,
        *caller,
        after,
        until,
    ]
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_RECORD, values)
            row = (
                cursor.fetchone()
                or ConvertedCaller.objects.filter(call_uuid=call_uuid).values_list("paid").first()
            )
        if row is not None:
            return bool(row[0])


def record_sale(
    *,
    company_pk: int,
    campaign_pk: int,
    caller_number: str | None,
    buyer_pk: int,
    call_uuid: UUID,
    now: datetime,
) -> None:
    """Record a sale that the buyer reports: it is paid for even if the call was a duplicate."""
    paid = record_conversion(
        company_pk=company_pk,
        campaign_pk=campaign_pk,
        caller_number=caller_number,
        buyer_pk=buyer_pk,
        call_uuid=call_uuid,
        dedupe_seconds=0,
        duplicates=_PAY_ONCE,
        now=now,
    )
    if not paid:  # the call ended as a duplicate
        ConvertedCaller.objects.filter(call_uuid=call_uuid).update(paid=True, converted_at=now)


def _window(now: datetime, seconds: int) -> tuple[datetime, datetime]:
    """Return the exclusive bounds of the duplicates of a conversion at `now`."""
    return now - timedelta(seconds=seconds), now + timedelta(seconds=seconds)


def _duplicates_of(buyers: frozenset[int], duplicates: str) -> Duplicates:
    if not buyers or duplicates == _PAY_ONCE:
        return NO_DUPLICATES
    return Duplicates(refused=True) if duplicates == _REFUSE else Duplicates(converted_with=buyers)
