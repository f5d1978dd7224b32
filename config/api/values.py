"""How a moment is written, in both formats."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """An aware moment in UTC with milliseconds: `2026-05-05T06:25:08.295Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
