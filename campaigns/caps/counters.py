"""Places in caps: taken all or none, released once, never beyond a cap, never refused while free.

A hold takes one place in each of the five counters of a buyer and of its groups, whether or not a
cap is set. Every statement writes counters in one sorted order, so that transactions never wait for
each other in a circle. This holds as long as a transaction contains one take, one release or one
end; a refused take keeps nothing.
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
_QUARTER = timedelta(minutes=15)  # the hours of every time zone begin on a quarter
_STATEMENT_ROWS = 1000
Place = tuple[str, str, str]  # owner, kind, window
Window = tuple[str, str, datetime]  # kind, window, end

FULL_SQL = (
    # Parameters: the company's key, and the time through
    # `connection.ops.adapt_datetimefield_value`.
    "SELECT owner, kind, used FROM campaigns_capcounter "
    "WHERE company_id = %s AND ends_at > %s AND used >= cap"
)
_INSERT = (
    "INSERT INTO campaigns_capcounter "
    '(company_id, owner, kind, "window", used, cap, ends_at) VALUES '
)
_ON_CONFLICT = ' ON CONFLICT (owner, kind, "window") DO UPDATE SET '
# The stored cap stays as it is: the settings of this process may be older than those of the row.
_TAKE = (
    "used = campaigns_capcounter.used + 1 "
    "WHERE excluded.cap IS NULL OR campaigns_capcounter.used < excluded.cap "
    'RETURNING owner, kind, "window"'
)
# The number of released places is in the column `cap`: the row must pass the check `used >= 0`
# before the database detects the conflict.
_RELEASE = (
    "used = CASE WHEN campaigns_capcounter.used > excluded.cap "
    "THEN campaigns_capcounter.used - excluded.cap ELSE 0 END"
)
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
    """Return (kind, window, end) of the five counters of `now`, in the owner's time zone."""
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
        # The offset in the hourly window separates the two hours when daylight saving time ends.
        ("concurrency", "", FOREVER),
        ("hourly", f"{local:%Y-%m-%dT%H%z}", hour_end.astimezone(UTC)),
        ("daily", f"{local:%Y-%m-%d}", (day + timedelta(days=1)).astimezone(UTC)),
        ("monthly", f"{local:%Y-%m}", month_end.astimezone(UTC)),
        ("hard", "", FOREVER),
    )


# --- take --------------------------------------------------------------------------------------
def take_places(
    *, company_id: int, buyer_pk: int, capped: Sequence[CappedOwner], now: datetime
) -> CapHold:
    """Take one place in every cap of the buyer and its groups, all or none.

    Raises CapFull, which leaves the transaction usable.
    """
    owners = {owner.owner: owner for owner in capped}
    rows = [
        _Row(company_id, (owner.owner, kind, window), 1, cap, ends_at)
        for owner in owners.values()
        for (kind, window, ends_at), cap in zip(windows(owner, now), owner.caps, strict=True)
    ]
    for row in rows:
        if row.cap is not None and row.cap <= 0:
            raise CapFull(row.place[0], row.place[1])
    full: list[_Row] = []
    try:
        # A savepoint inside a larger transaction: rolled back, a refused take releases its locks.
        with transaction.atomic():
            taken = set(_write(rows, _TAKE))
            full = [row for row in rows if row.place not in taken]
            if full:
                raise CapFull(full[0].place[0], full[0].place[1])
            places = [[*row.place, owners[row.place[0]].counts] for row in rows]
            return CapHold.objects.create(
                company_id=company_id, buyer_pk=buyer_pk, places=places, taken_at=now
            )
    except CapFull:
        transaction.on_commit(partial(write_refusing_caps, full), robust=True)
        raise


def _write(rows: Iterable[_Row], on_conflict: str) -> list[Place]:
    """Write the counters in their one order; return the places that the statement returns."""
    ordered = sorted(rows, key=lambda row: row.place)
    returned: list[Place] = []
    for start in range(0, len(ordered), _STATEMENT_ROWS):
        batch = ordered[start : start + _STATEMENT_ROWS]
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


def write_refusing_caps(full: Sequence[_Row]) -> None:
    """Write the cap that refused on its counter, so that the next decision finds the counter full.

    One row per transaction.
    """
    for row in full:
        owner, kind, window = row.place
        stale = CapCounter.objects.filter(owner=owner, kind=kind, window=window).exclude(
            cap=row.cap, ends_at=row.ends_at
        )
        stale.update(cap=row.cap, ends_at=row.ends_at)


# --- release and end ---------------------------------------------------------------------------
def release_places(*, hold_ids: Sequence[int], now: datetime) -> int:
    """Release the places of these holds; return the number of holds that were held."""
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
            _release([(hold.company_id, place) for hold in holds for place in hold.places], now)
    return len(holds)


def end_hold(*, hold_id: int, converted: bool | None, now: datetime) -> bool:
    """End the hold of an ended call; return False when the hold was over before.

    Releases the concurrency places and, if `converted` is False, the places that count conversions.
    `converted` is None while the conversion is open; a second call then closes the hold.
    """
    with transaction.atomic(savepoint=False):
        hold = (
            CapHold.objects.select_for_update()
            .filter(pk=hold_id, status=CapHold.Status.HELD)
            .first()
        )
        if hold is None or (converted is None and hold.ended_at):
            return False
        released = [
            place
            for place in hold.places
            if place[1] == "concurrency" or (converted is False and place[3] == "conversion")
        ]
        stay = [place for place in hold.places if place not in released]
        hold.status = CapHold.Status.HELD if converted is None else CapHold.Status.ENDED
        hold.places, hold.ended_at = stay, hold.ended_at or now
        hold.save(update_fields=["status", "places", "ended_at"])
        _release([(hold.company_id, place) for place in released], now)
    return True


def _release(places: Iterable[tuple[int, Sequence[str]]], now: datetime) -> None:
    """Subtract the places from their counters; a deleted counter returns empty and ended."""
    counted = Counter(
        (company_id, (owner, kind, window)) for company_id, (owner, kind, window, _) in places
    )
    _write(
        [
            _Row(company_id, place, 0, number, now)
            for (company_id, place), number in counted.items()
        ],
        _RELEASE,
    )


# --- read --------------------------------------------------------------------------------------
def full_counters(company_id: int, now: datetime) -> dict[tuple[str, str], int]:
    """Return the use of the full counters by (owner, kind), according to the caps in their rows."""
    with connection.cursor() as cursor:
        cursor.execute(FULL_SQL, [company_id, connection.ops.adapt_datetimefield_value(now)])
        return {(owner, kind): used for owner, kind, used in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter with another use than the places of the holds."""

    owner: str
    kind: str
    window: str
    used: int
    held: int


def recount(*, company_id: int, now: datetime) -> list[Drift]:
    """Return the counters that differ from the places of the holds.

    Reads all holds of the company, for a nightly job. Of ended windows, only hard caps count, over
    all their resets.
    """
    with transaction.atomic():
        # Counters and holds of one moment: a call that takes a place meanwhile is not a drift.
        if connection.vendor == "postgresql" and not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        held = Counter(_without_reset(place) for place in _held_places(company_id))
        used: Counter[Place] = Counter()
        live = CapCounter.objects.filter(company_id=company_id)
        for owner, kind, window, number, ends_at in live.values_list(
            "owner", "kind", "window", "used", "ends_at"
        ):
            if ends_at > now or kind == "hard":
                used[_without_reset((owner, kind, window))] += number
    return [
        Drift(*place, used[place], held[place])
        for place in sorted(used)
        if used[place] != held[place]
    ]


def _held_places(company_id: int) -> Iterator[Place]:
    holds = CapHold.objects.filter(company_id=company_id).exclude(status=CapHold.Status.RELEASED)
    for places in holds.values_list("places", flat=True).iterator(chunk_size=1000):
        yield from ((owner, kind, window) for owner, kind, window, _ in places)


def _without_reset(place: Place) -> Place:
    """Return the place of a hard cap without the window that a reset gave it."""
    return (place[0], "hard", "") if place[1] == "hard" else place


# --- maintenance -------------------------------------------------------------------------------
def reset_hard(*, owner: str, now: datetime | None = None) -> None:
    """Restart a hard cap from the calls held now; a closed counter keeps the former use."""
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
    """Write the caps in force on the owners' live counters; end windows of a former time zone."""
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
    """Delete at most `limit` counters that ended before a time; return how many. Hard caps stay."""
    ended = CapCounter.objects.filter(ends_at__lt=before).exclude(kind="hard").values("pk")[:limit]
    return CapCounter.objects.filter(pk__in=ended).delete()[0]
