"""Callers who converted before: what the campaign wants of them, and which of their calls pays.

Two conversions of a caller on a campaign are repeats of each other when less than `dedupe_seconds` lie between them,
whichever way round: calls may be told of in another order than they ended in. A caller whose number is withheld is
nobody's repeat.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from .models import Campaign, ConvertedCaller

_PAY_ONCE = Campaign.Duplicates.PAY_ONCE
_REFUSE = Campaign.Duplicates.REFUSE

# Who loses the turn waits at the unique constraint until the winner has committed, inserts nothing, and looks again.
# WHERE true, or SQLite would take ON CONFLICT for the condition of a join.
_RECORD = """
INSERT INTO campaigns_convertedcaller
  (company_id, campaign_id, buyer_row, caller_number, call_uuid, converted_at, turn, paid)
SELECT %s, %s, %s, %s, %s, %s,
  COALESCE((SELECT MAX(turn) FROM campaigns_convertedcaller WHERE campaign_id = %s AND caller_number = %s), 0) + 1,
  NOT EXISTS (
    SELECT 1 FROM campaigns_convertedcaller
    WHERE campaign_id = %s AND caller_number = %s AND paid AND converted_at > %s AND converted_at < %s
  )
WHERE true ON CONFLICT DO NOTHING RETURNING paid
"""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What routing must know of a caller: the rows of the buyers that are no longer for them, and whether none is."""

    converted_with: frozenset[int] = frozenset()
    refused: bool = False


NO_REPEAT = Duplicates()


def duplicates_among(
    conversions: Iterable[tuple[int, datetime]],
    *,
    dedupe_seconds: int,
    duplicates: str,
    now: datetime,
) -> Duplicates:
    """The same as `before` from what was read already: (buyer's row, moment) of the caller's conversions on the campaign."""
    after, until = _window(now, dedupe_seconds)
    return _meaning(frozenset(row for row, at in conversions if after < at < until), duplicates)


def duplicates_before(
    *,
    campaign_pk: int,
    caller_number: str | None,
    dedupe_seconds: int,
    duplicates: str,
    now: datetime,
    call_uuid: UUID | None = None,
) -> Duplicates:
    """What an earlier conversion of this caller means for the one who asks. A call's own conversion makes no repeat of it."""
    if caller_number is None or duplicates == _PAY_ONCE or not dedupe_seconds:
        return NO_REPEAT
    after, until = _window(now, dedupe_seconds)
    known = ConvertedCaller.objects.filter(
        campaign_id=campaign_pk,
        caller_number=caller_number,
        paid=True,
        converted_at__gt=after,
        converted_at__lt=until,
    )
    others = known.exclude(call_uuid=call_uuid) if call_uuid else known
    return _meaning(frozenset(others.values_list("buyer_pk", flat=True).distinct()), duplicates)


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
    """Whether a call that converted at `now` is paid for, inside the caller's transaction; once said, it stays so.

    Of several calls of one caller that end at once, one is. Those who also write cap counters do so in one order with
    this, everywhere.
    """
    if caller_number is None:
        return True
    uuid = ConvertedCaller._meta.get_field("call_uuid").get_db_prep_value(call_uuid, connection)
    window = _window(now, dedupe_seconds if duplicates == _PAY_ONCE else 0)
    at, after, until = map(connection.ops.adapt_datetimefield_value, (now, *window))
    whose = (campaign_pk, caller_number)
    values = [
        company_pk,
        campaign_pk,
        buyer_pk,
        caller_number,
        uuid,
        at,
        *whose,
        *whose,
        after,
        until,
    ]
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_RECORD, values)
            said = (
                cursor.fetchone()
                or ConvertedCaller.objects.filter(call_uuid=call_uuid).values_list("paid").first()
            )
        if said is not None:
            return bool(said[0])


def record_sale(
    *,
    company_pk: int,
    campaign_pk: int,
    caller_number: str | None,
    buyer_pk: int,
    call_uuid: UUID,
    now: datetime,
) -> None:
    """A sale that the buyer itself reports is paid for, whatever its caller did before; later calls are its repeats."""
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
    if not paid:  # at its end the call was a duplicate
        ConvertedCaller.objects.filter(call_uuid=call_uuid).update(paid=True, converted_at=now)


def _window(now: datetime, seconds: int) -> tuple[datetime, datetime]:
    """The ends, which are outside."""
    return now - timedelta(seconds=seconds), now + timedelta(seconds=seconds)


def _meaning(converted_with: frozenset[int], duplicates: str) -> Duplicates:
    if not converted_with or duplicates == _PAY_ONCE:
        return NO_REPEAT
    return (
        Duplicates(refused=True)
        if duplicates == _REFUSE
        else Duplicates(converted_with=converted_with)
    )
