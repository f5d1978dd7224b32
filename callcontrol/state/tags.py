"""Tags that are written on a call after it came in: when they land on it, and which of them count for its money.

Whoever comes here holds the call's lock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from callcontrol.models import Call, CallTag, LateTag

_MOMENT = timedelta(microseconds=1)


def write_call_tags(
    call: Call, tags: Mapping[str, str], *, publisher_pk: int | None, now: datetime
) -> None:
    """Writes tags on a call that has ended at once; on a live one they wait until they `land`.

    What is written after the end bears a later moment than the end, whatever the clocks say.
    """
    at = max(now, call.clock)
    if call.ended_at is None:
        rows = [
            LateTag(
                call=call, name=name, value=tags[name], publisher_id=publisher_pk, written_at=at
            )
            for name in tags
        ]
        LateTag.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["call", "name"],
            update_fields=["value", "publisher", "written_at"],
        )
        return
    at = max(at, call.ended_at + _MOMENT)
    _put(
        call,
        [
            CallTag(
                call=call, name=name, value=tags[name], publisher_id=publisher_pk, written_at=at
            )
            for name in tags
        ],
    )


def apply_late_tags(call: Call) -> None:
    """Puts what was written since the last decision on the call: before the next one, and at the end."""
    late = list(LateTag.objects.filter(call=call))
    if late:
        _put(call, [CallTag(call=call, **_written(row)) for row in late])
        LateTag.objects.filter(call=call).delete()


def _written(row: LateTag) -> dict[str, object]:
    return {
        "name": row.name,
        "value": row.value,
        "publisher_id": row.publisher_id,
        "written_at": row.written_at,
    }


def known_tags(call: Call) -> dict[str, str]:
    """What is known of the caller; of a call that has ended, what was known at its end."""
    if call.ended_at is None:
        return dict(call.tags.values_list("name", "value"))
    counting = (
        (tag.name, tag.value_before if _is_after_the_end(tag, call) else tag.value)
        for tag in call.tags.all()
    )
    return {name: value for name, value in counting if value is not None}


def _put(call: Call, rows: Iterable[CallTag]) -> None:
    """The later value of a name wins; the earlier one is kept beside it as long as it may count."""
    rows = list(rows)
    standing = {tag.name: tag for tag in call.tags.filter(name__in=[row.name for row in rows])}
    for row in rows:
        before = standing.get(row.name)
        if before is not None:
            row.value_before = (
                before.value_before if _is_after_the_end(before, call) else before.value
            )
    CallTag.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["call", "name"],
        update_fields=["value", "value_before", "publisher", "written_at"],
    )


def _is_after_the_end(tag: CallTag, call: Call) -> bool:
    """What came with the call never is, though carriers may tell of an end before the beginning."""
    return call.ended_at is not None and tag.written_at > max(call.ended_at, call.started_at)
