"""Candidates and pings for tests of the routing decision, with defaults."""

from datetime import UTC, datetime, time
from typing import Any

from campaigns.routing.engine import (
    Candidate,
    CappedOwner,
    Condition,
    Hours,
    Opening,
    Ping,
    Pool,
    decide,
    parts_of,
)

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)  # a Tuesday
NO_CAPS = (None,) * 5


def capped(owner: str = "buyer:1", **fields: Any) -> CappedOwner:
    return CappedOwner(
        **{
            "owner": owner,
            "label": owner,
            "name": owner,
            "time_zone": "UTC",
            "counts": "connection",
            "caps": NO_CAPS,
            **fields,
        }
    )


def candidate(row: int = 1, **fields: Any) -> Candidate:
    number = fields.get("number", "+12025550101")
    defaults = {
        "row": row,
        "buyer_id": f"b{row}",
        "name": f"Buyer {row}",
        "number": number,
        "needs": parts_of(number),
        "paused": False,
        "priority": 1,
        "weight": 1,
        "hours": None,
        "conditions": (),
        "own": capped(f"buyer:{row}"),
        "groups": (),
    }
    return Candidate(**(defaults | fields))


def asks(*rows: tuple[str, str, str]) -> tuple[Condition, ...]:
    return tuple(Condition(*row) for row in rows)


def weekly(*openings: tuple[int, str, str], zone: str = "UTC", **fields: Any) -> Hours:
    """Openings as (day, "09:00", "17:00")."""
    times = tuple(
        Opening(day, None, time.fromisoformat(start), time.fromisoformat(end))
        for day, start, end in openings
    )
    return Hours(
        **{"time_zone": zone, "weekly": times, "closed": frozenset(), "special": (), **fields}
    )


def ping(**fields: Any) -> Ping:
    return Ping(
        **{
            "now": NOON,
            "campaign_id": "roofing",
            "caller_number": None,
            "tags": {},
            "publisher_id": None,
            **fields,
        }
    )


def verdict_on(
    one: Candidate, *, used: dict[tuple[str, str], int] | None = None, **known: Any
) -> tuple[str | None, Any]:
    """Reason and detail for a campaign's only buyer; (None, None) when it is chosen."""
    (verdict,) = decide(Pool([one]), ping(**known), used or {}, seed=1).verdicts()
    return verdict.reason, verdict.detail
