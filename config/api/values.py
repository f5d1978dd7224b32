"""How a moment is written, in both formats."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(moment: datetime) -> str:
    """An aware moment in UTC with milliseconds: `2026-05-05T06:25:08.295Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def milliseconds(moment: datetime) -> int:
    """An aware moment as whole milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
