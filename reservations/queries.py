# ruff: noqa: S608 - the statements consist of this file's texts; all input is a parameter
"""Raw statements of the hot path: the rows that a ping reads beside its key, and the sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from campaigns import duplicates
from campaigns.duplicates import Duplicates
from publishers.gateway.prefetch import QueryPart, Row, parse_moment
from publishers.snapshot import CampaignSnapshot

_NULL = "CAST(NULL AS text)"
_COMPANY = "JOIN publishers_key k ON k.key = %s AND k.company_id"

# Counters that were full when they last changed; the decision compares them with today's caps.
FULL = QueryPart(
    "full",
    f"""
    SELECT 'full', c.owner, c.kind, CAST(c.used AS text), {_NULL}, {_NULL}, {_NULL}, {_NULL}
    FROM campaigns_capcounter c {_COMPANY} = c.company_id
    WHERE c.used >= c.cap AND c.ends_at > %s
    """,
    lambda key, caller, now: [key, now],
)
# The caller's open reservations, also those past their end that no sweep has closed. The sum keeps
# the index of the company out: a caller has few reservations.
OPEN = QueryPart(
    "open",
    f"""
    SELECT 'open', CAST(r.uuid AS text), r.scope, r.inbound_number, CAST(r.expires_at AS text),
      {_NULL}, {_NULL}, {_NULL}
    FROM reservations_reservation r {_COMPANY} = r.company_id + 0
    WHERE r.caller_number = %s AND r.status IN ('reserved', 'confirmed')
    """,
    lambda key, caller, now: [key, caller],
)
# Tags that wait for the caller's next call.
WAITING = QueryPart(
    "waiting",
    f"""
    SELECT 'waiting', t.scope, t.name, t.value, CAST(t.written_at AS text),
      {_NULL}, {_NULL}, {_NULL}
    FROM publishers_storedtag t {_COMPANY} = t.company_id
    WHERE t.caller_number = %s AND t.expires_at > %s
    """,
    lambda key, caller, now: [key, caller, now],
)
# The first end of the company's reservations past their end that still hold places; often no row.
OVERDUE = QueryPart(
    "overdue",
    f"""
    SELECT 'overdue', CAST(MIN(r.expires_at) AS text), {_NULL}, {_NULL}, {_NULL}, {_NULL}, {_NULL},
      {_NULL}
    FROM reservations_reservation r {_COMPANY} = r.company_id
    WHERE r.hold_id IS NOT NULL AND r.status IN ('reserved', 'confirmed') AND r.expires_at <= %s
    HAVING COUNT(*) > 0
    """,
    lambda key, caller, now: [key, now],
)
# The caller's paid conversions, where the key's campaign refuses duplicates. Only the newest: a
# thousand callers may share a number.
REPEATS = QueryPart(
    "repeats",
    f"""
    SELECT 'repeats', CAST(c.buyer_row AS text), CAST(c.converted_at AS text),
      {_NULL}, {_NULL}, {_NULL}, {_NULL}, {_NULL}
    FROM (
      SELECT buyer_row, converted_at FROM campaigns_convertedcaller WHERE campaign_id = (
        SELECT m.id FROM campaigns_campaign m JOIN publishers_key k ON k.campaign_id = m.id
        WHERE k.key = %s AND m.duplicates <> 'pay_once' AND m.dedupe_seconds > 0
      ) AND caller_number = %s AND paid ORDER BY converted_at DESC LIMIT 500
    ) c
    """,
    lambda key, caller, now: [key, caller],
)
PING = (FULL, OPEN, WAITING, OVERDUE, REPEATS)

# WITH: PostgreSQL may run a plain subquery more than once and so exceed its LIMIT.
_EXPIRE = """
WITH due AS (
  SELECT uuid FROM reservations_reservation
  WHERE status IN ('reserved', 'confirmed') AND expires_at <= %s {held}
  ORDER BY {order} LIMIT %s {lock}
)
UPDATE reservations_reservation SET status = 'expired', closed_at = %s
WHERE uuid IN (SELECT uuid FROM due) AND status IN ('reserved', 'confirmed') RETURNING hold_id
"""


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open reservation of the caller, as OPEN reads it."""

    uuid: UUID
    scope: str
    inbound_number: str
    expires_at: datetime


def used_of(rows: Sequence[Row]) -> dict[tuple[str, str], int]:
    """Return the rows of FULL as (owner, kind) → used."""
    return {(owner or "", kind or ""): int(used or 0) for owner, kind, used, *_ in rows}


def open_rows(rows: Sequence[Row]) -> list[OpenRow]:
    """Return the rows of OPEN."""
    far = datetime.max.replace(tzinfo=UTC)
    return [
        OpenRow(UUID(uuid), scope or "", number or "", parse_moment(until) or far)
        for uuid, scope, number, until, *_ in rows
    ]


def waiting_tags(rows: Sequence[Row], *, campaign_pk: int) -> dict[str, str]:
    """Return the stored tags that the campaign may see; of two values the later wins."""
    scopes = ("", f"campaign:{campaign_pk}")
    visible = sorted(
        (at or "", name or "", value or "")
        for scope, name, value, at, *_ in rows
        if scope in scopes
    )
    return {name: value for _, name, value in visible}


def repeats_of(rows: Sequence[Row], campaign: CampaignSnapshot, *, now: datetime) -> Duplicates:
    """Return the buyers that refuse the caller as a duplicate, by the campaign's settings."""
    conversions = [(int(row or 0), parse_moment(at) or now) for row, at, *_ in rows]
    return duplicates.duplicates_among(
        conversions, dedupe_seconds=campaign.dedupe_seconds, duplicates=campaign.duplicates, now=now
    )


def expire(*, now: datetime, limit: int, company_pk: int | None = None) -> list[int | None]:
    """Close at most `limit` due reservations; return the hold of each, or None.

    Rows that another sweep has locked are left to it. With a company, only its reservations with
    places are closed, and another sweep's locks are waited for: the counters are read next.
    """
    moment = connection.ops.adapt_datetimefield_value(now)
    if company_pk is None:
        sql = _EXPIRE.format(held="", order="expires_at", lock=_lock(waits=False))
        values = [moment, limit, moment]
    else:  # two sweeps that wait take their locks in one order
        sql = _EXPIRE.format(
            held="AND hold_id IS NOT NULL AND company_id = %s",
            order="expires_at, uuid",
            lock=_lock(waits=True),
        )
        values = [moment, company_pk, limit, moment]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [hold for (hold,) in cursor.fetchall()]


def _lock(*, waits: bool) -> str:
    if not connection.features.has_select_for_update_skip_locked:
        return ""
    return "FOR UPDATE" if waits else "FOR UPDATE SKIP LOCKED"
