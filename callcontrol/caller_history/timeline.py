"""One caller's time line: six kinds of rows, each read from its own place on, merged newest first and cut into pages."""

import heapq
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from callcontrol.models import Call, Delivery
from campaigns.admin_base import parse_pk
from campaigns.models import Company
from publishers.models import LogEntry, StoredTag

PAGE = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"([wpactr])(\d{1,18})_([0-9a-f]{32}|\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CallerHistory:
    """A number in one company, E.164."""

    company: Company
    number: str

    def calls(self) -> QuerySet[Call]:
        return Call.objects.filter(company=self.company, caller_number=self.number)

    def requests(self) -> QuerySet[LogEntry]:
        """Those that name the number."""
        return LogEntry.objects.filter(company_pk=self.company.pk, caller_number=self.number)

    def is_known(self) -> bool:
        return self.requests().exists() or self.calls().exists()


@dataclass(frozen=True, slots=True)
class TimelinePosition:
    """Where a kind of rows goes on: behind so many microseconds since 1970, and at them behind the row with this key."""

    microseconds: int
    key: str

    @property
    def at(self) -> datetime:
        return _EPOCH + self.microseconds * _MICROSECOND


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One row, where it stands in time, and its place among its kind."""

    at: datetime
    kind: str
    place: TimelinePosition
    row: Any


def _by_no_index(column: str) -> Coalesce:
    """The column, as no index knows it: of all rows of the company in its order a planner would look for the caller's."""
    return Coalesce(F(column), F(column))


class RowSource:
    """A kind of rows. `letter` names its place in an address, `column` is when they happened."""

    letter: ClassVar[str]
    column: ClassVar[str] = "at"

    @classmethod
    def rows(cls, caller: CallerHistory) -> QuerySet[Any]:
        raise NotImplementedError

    @classmethod
    def newest(
        cls, caller: CallerHistory, behind: TimelinePosition | None, limit: int
    ) -> list[FoundRow]:
        """At most so many, the newest first; of one moment in the order of their keys."""
        rows = cls.rows(caller)
        if behind is not None:
            earlier, beside = (
                {f"{cls.column}__lt": behind.at},
                {cls.column: behind.at, "pk__lt": cls._key(behind)},
            )
            rows = rows.filter(Q(**earlier) | Q(**beside))
        ordered = rows.order_by(_by_no_index(cls.column).desc(), "-pk")[:limit]
        return [cls._found(row, getattr(row, cls.column)) for row in ordered]

    @classmethod
    def _found(cls, row: Any, at: datetime) -> FoundRow:
        key = row.pk.hex if isinstance(row.pk, UUID) else str(row.pk)
        return FoundRow(at, cls.letter, TimelinePosition((at - _EPOCH) // _MICROSECOND, key), row)

    @classmethod
    def _key(cls, place: TimelinePosition) -> Any:
        """ValueError for what is no key of this kind."""
        return UUID(place.key)


class DeliverySource(RowSource):
    letter, column = "w", "created_at"

    @classmethod
    def rows(cls, caller: CallerHistory) -> QuerySet[Any]:
        return Delivery.objects.filter(
            call__company=caller.company, call__caller_number=caller.number
        )


class ConversionSource(RowSource):
    letter, column = "p", "converted_at"

    @classmethod
    def rows(cls, caller: CallerHistory) -> QuerySet[Any]:
        converted = (
            caller.calls()
            .alias(converted=_by_no_index("converted_at"))
            .filter(converted__isnull=False)
        )
        return converted.select_related("campaign", "publisher", "buyer")


class CallSource(RowSource):
    letter, column = "c", "started_at"

    @classmethod
    def rows(cls, caller: CallerHistory) -> QuerySet[Any]:
        related = caller.calls().select_related("campaign", "publisher", "buyer", "company")
        return related.prefetch_related("legs__buyer", "transfers")


class KeyRequestSource(RowSource):
    """Requests that name one of the caller's calls and not the number."""

    letter = "a"

    @classmethod
    def rows(cls, caller: CallerHistory) -> QuerySet[Any]:
        # No word of the company, which its calls say already: a planner might walk through all that it ever logged.
        return LogEntry.objects.filter(
            caller_number=None, call_uuid__in=caller.calls().values("pk")
        )

    @classmethod
    def _key(cls, place: TimelinePosition) -> Any:
        return _number(place.key)


class StoredTagSource(RowSource):
    """Tags that wait for the caller's next call."""

    letter, column = "t", "written_at"

    @classmethod
    def rows(cls, caller: CallerHistory) -> QuerySet[Any]:
        rows = StoredTag.objects.filter(company=caller.company, caller_number=caller.number)
        return rows.filter(expires_at__gt=timezone.now()).select_related("publisher")

    @classmethod
    def _key(cls, place: TimelinePosition) -> Any:
        return _number(place.key)


class RequestSource(RowSource):
    """Requests that name the number."""

    letter = "r"

    @classmethod
    def rows(cls, caller: CallerHistory) -> QuerySet[Any]:
        return caller.requests()

    @classmethod
    def _key(cls, place: TimelinePosition) -> Any:
        return _number(place.key)


def _number(key: str) -> int:
    row = parse_pk(key)
    if row is None:
        raise ValueError(key)
    return row


# At one moment the later comes first: what a ping led to stands above it.
KINDS: tuple[type[RowSource], ...] = (
    DeliverySource,
    ConversionSource,
    KeyRequestSource,
    StoredTagSource,
    CallSource,
    RequestSource,
)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Some rows, newest first; `older` says in an address where the next page begins, blank behind the last."""

    found: list[FoundRow]
    older: str


def timeline_page(
    caller: CallerHistory, *, behind: Mapping[str, TimelinePosition], limit: int = PAGE
) -> TimelinePage:
    """The newest rows behind these places."""
    ways = [kind.newest(caller, behind.get(kind.letter), limit + 1) for kind in KINDS]
    merged = list(heapq.merge(*ways, key=lambda one: one.at, reverse=True))
    shown = merged[:limit]
    if len(merged) == len(shown):
        return TimelinePage(shown, "")
    reached = dict(behind) | {one.kind: one.place for one in shown}
    return TimelinePage(shown, write_cursor(reached))


def write_cursor(places: Mapping[str, TimelinePosition]) -> str:
    """Places as an address has them."""
    return ".".join(f"{letter}{place.microseconds}_{place.key}" for letter, place in places.items())


def read_cursor(text: str) -> dict[str, TimelinePosition]:
    """The places in an address; none, which is the newest page, when it was not written here."""
    try:
        return dict(map(_read, text.split(".")[: len(KINDS)])) if text else {}
    except (ValueError, OverflowError):
        return {}


def _read(piece: str) -> tuple[str, TimelinePosition]:
    """ValueError or OverflowError for what is no place."""
    found = _PLACE.fullmatch(piece)
    if found is None:
        raise ValueError(piece)
    kind = next(kind for kind in KINDS if kind.letter == found[1])
    place = TimelinePosition(int(found[2]), found[3])
    kind._key(place)
    place.at.isoformat()
    return kind.letter, place
