"""Tags written after a call arrived: when they apply to it, and which count for its money.

Every function needs the call's lock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from callcontrol.models import Call, CallTag, LateTag

_TICK = timedelta(microseconds=1)


def write_call_tags(
    call: Call, tags: Mapping[str, str], *, publisher_pk: int | None, now: datetime
) -> None:
    """Write tags: at once on an ended call; on a live one they wait for `apply_late_tags`."""
    at = max(now, call.clock)
    if call.ended_at is None:
        LateTag.objects.bulk_create(
            [
                LateTag(call=call, name=name, value=value, publisher_id=publisher_pk, written_at=at)
                for name, value in tags.items()
            ],
            update_conflicts=True,
            unique_fields=["call", "name"],
            update_fields=["value", "publisher", "written_at"],
        )
        return
    # Whatever the clocks say, a tag that is written after the end has a later time than the end.
    at = max(at, call.ended_at + _TICK)
    _merge(
        call,
        [
            CallTag(call=call, name=name, value=value, publisher_id=publisher_pk, written_at=at)
            for name, value in tags.items()
        ],
    )


def apply_late_tags(call: Call) -> None:
    """Apply the waiting tags: before a routing decision, and at the end of the call."""
    late = list(LateTag.objects.filter(call=call))
    if late:
        _merge(
            call,
            [
                CallTag(
                    call=call,
                    name=tag.name,
                    value=tag.value,
                    publisher_id=tag.publisher_id,
                    written_at=tag.written_at,
                )
                for tag in late
            ],
        )
        LateTag.objects.filter(call=call).delete()


def known_tags(call: Call) -> dict[str, str]:
    """Return the tags of a call; of an ended call, as they were at its end."""
    if call.ended_at is None:
        return dict(call.tags.values_list("name", "value"))
    known = (
        (tag.name, tag.value_before if _is_after_end(tag, call) else tag.value)
        for tag in call.tags.all()
    )
    return {name: value for name, value in known if value is not None}


def _merge(call: Call, tags: Iterable[CallTag]) -> None:
    """Overwrite the tags of the same names, keeping the earlier value while it may count."""
    tags = list(tags)
    existing = {tag.name: tag for tag in call.tags.filter(name__in=[tag.name for tag in tags])}
    for tag in tags:
        before = existing.get(tag.name)
        if before is not None:
            is_after_end = _is_after_end(before, call)
            tag.value_before = before.value_before if is_after_end else before.value
    CallTag.objects.bulk_create(
        tags,
        update_conflicts=True,
        unique_fields=["call", "name"],
        update_fields=["value", "value_before", "publisher", "written_at"],
    )


def _is_after_end(tag: CallTag, call: Call) -> bool:
    # A carrier may report an end before the arrival: tags that arrived with the call always count.
    return call.ended_at is not None and tag.written_at > max(call.ended_at, call.started_at)
