"""Places in caps: taken all or none, given back once, never one too many and never refused while one is free.

A hold takes one place in each of the five counters of a buyer and of its groups, whether or not a cap is set. Every
statement writes counters in one sorted order, so that transactions never wait for each other in a circle. That holds as
long as a transaction keeps what one take, one give_back or one end has written; a refused take keeps nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from campaigns.errors import Refusal
from campaigns.models import CapCounter, CapHold
from campaigns.routing.engine import CappedOwner

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)  # every time zone's hour begins on one
_ROWS_A_STATEMENT = 1000
Place = tuple[str, str, str]  # owner, kind, window
Window = tuple[str, str, datetime]  # kind, window, end

FULL_SQL = (
    # Parameters: the company's row, and the moment through `connection.ops.adapt_datetimefield_value`.
    "SELECT owner, kind, used FROM campaigns_capcounter WHERE company_id = %s AND ends_at > %s AND used >= cap"
)
_INSERT = 'INSERT INTO campaigns_capcounter (company_id, owner, kind, "window", used, cap, ends_at) VALUES '
_ON_CONFLICT = ' ON CONFLICT (owner, kind, "window") DO UPDATE SET '
# A cap that is stored stays as it is: the taker's settings may be older than those of the row.
_TAKE = (
    "used = campaigns_capcounter.used + 1 WHERE excluded.cap IS NULL OR campaigns_capcounter.used < excluded.cap"
    ' RETURNING owner, kind, "window"'
)
# How many come back stands in the column `cap`: the row must pass the check `used >= 0` before the conflict is seen.
_GIVE = "used = CASE WHEN campaigns_capcounter.used > excluded.cap THEN campaigns_capcounter.used - excluded.cap ELSE 0 END"
_SET = "cap = excluded.cap, ends_at = excluded.ends_at"


class CapFull(Refusal):
    """No place is free under a cap: `owner` is "buyer:12" or "group:3", `kind` one of CAP_KINDS."""

    def __init__(self, owner: str, kind: str) -> None:
        super().__init__(
            f"the {kind} cap of its group is full"
            if owner.startswith("group:")
            else f"its {kind} cap is full"
        )
        self.owner = owner
        self.kind = kind


@dataclass(frozen=True, slots=True)
class _Row:
    """A counter as a statement writes it."""

    company_id: int
    place: Place
    used: int
    cap: int | None
    ends_at: datetime


def windows(capped: CappedOwner, now: datetime) -> tuple[Window, ...]:
    """(kind, window, end) of the five counters that `now` falls into, by the calendar of the owner's time zone."""
    into = timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
    return _windows(capped.time_zone, now - into)


@lru_cache(maxsize=4096)
def _windows(time_zone: str, quarter: datetime) -> tuple[Window, ...]:
    zone = ZoneInfo(time_zone)
    local = quarter.astimezone(zone)
    hour_end = quarter + _QUARTER
    while hour_end.astimezone(zone).minute >= 15:
        hour_end += _QUARTER
    day = local.replace(hour=0, minute=0, fold=0)
    month_end = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (
        ("concurrency", "", FOREVER),
        ("hourly", f"{local:%Y-%m-%dT%H%z}", hour_end.astimezone(UTC)),  # an hour told twice is two
        ("daily", f"{local:%Y-%m-%d}", (day + timedelta(days=1)).astimezone(UTC)),
        ("monthly", f"{local:%Y-%m}", month_end.astimezone(UTC)),
        ("hard", "", FOREVER),
    )


# --- take -------------------------------------------------------------------------------------------------
def take_places(
    *, company_id: int, buyer_pk: int, capped: Sequence[CappedOwner], now: datetime
) -> CapHold:
    """One place in every cap of the buyer and its groups, all or none. Raises CapFull, which leaves the transaction usable."""
    rows, counts = _rows(company_id, capped, now)
    for row in rows:
        if row.cap is not None and row.cap <= 0:
            raise CapFull(row.place[0], row.place[1])
    full: list[_Row] = []
    try:
        with (
            transaction.atomic()
        ):  # inside a larger transaction: rolled back to here, a refused take lets its locks go
            taken = set(_write(rows, _TAKE))
            full = [row for row in rows if row.place not in taken]
            if full:
                raise CapFull(full[0].place[0], full[0].place[1])
            places = [[*row.place, counts[row.place[0]]] for row in rows]
            return CapHold.objects.create(
                company_id=company_id, buyer_pk=buyer_pk, places=places, taken_at=now
            )
    except CapFull:
        transaction.on_commit(partial(_tell_caps, full), robust=True)
        raise


def _rows(
    company_id: int, capped: Sequence[CappedOwner], now: datetime
) -> tuple[list[_Row], dict[str, str]]:
    """A place in each counter, in the order in which reasons count, and what each owner's caps count."""
    owners = {one.owner: one for one in capped}
    rows = [
        _Row(company_id, (one.owner, kind, window), 1, cap, ends_at)
        for one in owners.values()
        for (kind, window, ends_at), cap in zip(windows(one, now), one.caps, strict=True)
    ]
    return rows, {owner: one.counts for owner, one in owners.items()}


def _write(rows: Iterable[_Row], on_conflict: str) -> list[Place]:
    """Writes the counters in their one order; the places that the statement returns."""
    ordered = sorted(rows, key=lambda row: row.place)
    returned: list[Place] = []
    for start in range(0, len(ordered), _ROWS_A_STATEMENT):
        batch = ordered[start : start + _ROWS_A_STATEMENT]
        values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(batch))
        moment = connection.ops.adapt_datetimefield_value
        parameters = [
            value
            for row in batch
            for value in (row.company_id, *row.place, row.used, row.cap, moment(row.ends_at))
        ]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT + values + _ON_CONFLICT + on_conflict, parameters)
            if cursor.description:
                returned += [tuple(row) for row in cursor.fetchall()]
    return returned


def _tell_caps(full: Sequence[_Row]) -> None:
    """A counter that refused gets the cap it refused by, so that the next decision finds it full. One row a transaction."""
    for row in full:
        owner, kind, window = row.place
        stale = CapCounter.objects.filter(owner=owner, kind=kind, window=window).exclude(
            cap=row.cap, ends_at=row.ends_at
        )
        stale.update(cap=row.cap, ends_at=row.ends_at)


# --- give back and end ------------------------------------------------------------------------------------
def release_places(*, hold_ids: Sequence[int], now: datetime) -> int:
    """Gives every place of these holds back, in the window it came from; how many holds. A hold that is over counts as none."""
    with transaction.atomic(savepoint=False):
        held = (
            CapHold.objects.select_for_update()
            .filter(pk__in=hold_ids, status=CapHold.Status.HELD)
            .order_by("pk")
        )
        holds = list(held)
        if holds:
            over = CapHold.objects.filter(pk__in=[hold.pk for hold in holds])
            over.update(status=CapHold.Status.RELEASED, places=[], ended_at=now)
            _give([(hold.company_id, place) for hold in holds for place in hold.places], now)
    return len(holds)


def end_hold(*, hold_id: int, converted: bool | None, now: datetime) -> bool:
    """The call of a hold ended: its concurrency places go back, and if it is unconverted the places that count conversions.

    `converted` None: not known yet; a later end says so, or gives all back. False when the hold was over already.
    """
    with transaction.atomic(savepoint=False):
        hold = (
            CapHold.objects.select_for_update()
            .filter(pk=hold_id, status=CapHold.Status.HELD)
            .first()
        )
        if hold is None or (converted is None and hold.ended_at):
            return False
        back = [
            place
            for place in hold.places
            if place[1] == "concurrency" or (converted is False and place[3] == "conversion")
        ]
        stay = [place for place in hold.places if place not in back]
        hold.status = CapHold.Status.HELD if converted is None else CapHold.Status.ENDED
        hold.places, hold.ended_at = stay, hold.ended_at or now
        hold.save(update_fields=["status", "places", "ended_at"])
        _give([(hold.company_id, place) for place in back], now)
    return True


def _give(places: Iterable[tuple[int, Sequence[str]]], now: datetime) -> None:
    """Takes each company's places off their counters. A counter that was swept away comes back empty and over."""
    counted = Counter(
        (company_id, (owner, kind, window)) for company_id, (owner, kind, window, _) in places
    )
    _write(
        [
            _Row(company_id, place, 0, number, now)
            for (company_id, place), number in counted.items()
        ],
        _GIVE,
    )


# --- read -------------------------------------------------------------------------------------------------
def full_counters(company_id: int, now: datetime) -> dict[tuple[str, str], int]:
    """(owner, kind) → used of the counters that are full, as far as the cap in their row tells; what a decision needs."""
    with connection.cursor() as cursor:
        cursor.execute(FULL_SQL, [company_id, connection.ops.adapt_datetimefield_value(now)])
        return {(owner, kind): used for owner, kind, used in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter that is not what the holds say it should be."""

    owner: str
    kind: str
    window: str
    used: int
    held: int


def recount(*, company_id: int, now: datetime) -> list[Drift]:
    """Counters whose use differs from the places of the holds; reads all holds of the company, meant for the night.

    Of ended windows only hard caps are looked at, over all their resets. Both are read as of one moment: a call that
    takes a place meanwhile is no drift.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql" and not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        held = Counter(_counted_as(place) for place in _places_held(company_id))
        used: Counter[Place] = Counter()
        live = CapCounter.objects.filter(company_id=company_id)
        for owner, kind, window, number, ends_at in live.values_list(
            "owner", "kind", "window", "used", "ends_at"
        ):
            if ends_at > now or kind == "hard":
                used[_counted_as((owner, kind, window))] += number
    return [
        Drift(*place, used[place], held[place])
        for place in sorted(used)
        if used[place] != held[place]
    ]


def _places_held(company_id: int) -> Iterator[Place]:
    holds = CapHold.objects.filter(company_id=company_id).exclude(status=CapHold.Status.RELEASED)
    for places in holds.values_list("places", flat=True).iterator(chunk_size=1000):
        yield from ((owner, kind, window) for owner, kind, window, _ in places)


def _counted_as(place: Place) -> Place:
    return (place[0], "hard", "") if place[1] == "hard" else place


# --- upkeep -----------------------------------------------------------------------------------------------
def reset_hard(*, owner: str, now: datetime | None = None) -> None:
    """The button: the hard cap counts anew, from the calls that are held at this moment. What was used stays on record."""
    now = now or timezone.now()
    with transaction.atomic():
        counter = (
            CapCounter.objects.select_for_update()
            .filter(owner=owner, kind="hard", window="")
            .first()
        )
        if counter is None:
            return
        holds = CapHold.objects.filter(company_id=counter.company_id, status=CapHold.Status.HELD)
        held = sum(
            [owner, "hard", ""] in [place[:3] for place in places]
            for places in holds.values_list("places", flat=True)
        )
        CapCounter.objects.create(
            company_id=counter.company_id,
            owner=owner,
            kind="hard",
            window=f"until {now.astimezone(UTC).isoformat()}",
            used=counter.used - held,
            ends_at=now,
        )
        counter.used = held
        counter.save(update_fields=["used"])


def sync_caps(*, company_id: int, capped: Mapping[str, CappedOwner], now: datetime) -> None:
    """Writes the caps in force on the live counters of these owners, and ends the windows of a time zone that was left."""
    live = CapCounter.objects.filter(company_id=company_id, owner__in=capped, ends_at__gt=now)
    changed = []
    for counter in live:
        owner = capped[counter.owner]
        current = {
            (kind, window): (cap, end)
            for (kind, window, end), cap in zip(windows(owner, now), owner.caps, strict=True)
        }
        cap, ends_at = current.get((counter.kind, counter.window), (counter.cap, now))
        if (cap, ends_at) != (counter.cap, counter.ends_at):
            changed.append(
                _Row(company_id, (counter.owner, counter.kind, counter.window), 0, cap, ends_at)
            )
    if changed:
        with transaction.atomic():
            _write(changed, _SET)


def forget_ended(*, before: datetime, limit: int) -> int:
    """Deletes up to `most` counters whose windows ended before a moment; how many. Resets of hard caps stay on record."""
    ended = CapCounter.objects.filter(ends_at__lt=before).exclude(kind="hard").values("pk")[:limit]
    return CapCounter.objects.filter(pk__in=ended).delete()[0]
