"""How full every cap is at this moment, the fullest first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from campaigns.caps.counters import FOREVER, windows
from campaigns.models import Buyer, BuyerGroup, CapCounter, CapKind, Company, Route
from campaigns.routing.engine import CAP_KINDS, CappedOwner
from campaigns.routing.snapshot import capped_of

from .metrics import MetricsScope

_NEARLY_FULL = 80  # percent
_OWNERS_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class CapBar:
    """One cap: `used` of `cap` places, counted anew at `ends_at` (None: never by itself)."""

    kind: str
    used: int
    cap: int
    ends_at: datetime | None

    @property
    def percent(self) -> int:
        """Rounded down, so that only what is full is told to be; a cap of 0 is full."""
        return 100 if self.used >= self.cap else self.used * 100 // self.cap

    @property
    def state(self) -> str:
        return (
            "full" if self.percent == 100 else "nearly" if self.percent >= _NEARLY_FULL else "free"
        )

    @property
    def words(self) -> str:
        return str(CapKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class CapUsage:
    """A buyer or group with its caps, the fullest first."""

    name: str
    url: str
    what: str
    bars: tuple[CapBar, ...]
    time_zone: str

    @property
    def fullness(self) -> int:
        return self.bars[0].percent

    def resets(self, bar: CapBar, *, now: datetime) -> str:
        """When a cap counts anew, in words."""
        if bar.ends_at is None:
            return (
                "each place comes back when its call ends"
                if bar.kind == "concurrency"
                else "until somebody resets it"
            )
        return f"anew in {_in_words(bar.ends_at - now)}, at {_by_its_clocks(bar.ends_at, self.time_zone, now)}"


def cap_bars(company: Company, *, asked: MetricsScope, now: datetime) -> list[CapUsage]:
    """Every buyer and group that has a cap, of those whom the asked-for campaign or buyer concerns."""
    wanted = _wanted(asked)
    capped = [
        (row, capped_of(row, company))
        for row in _capped_rows(company)
        if wanted is None or _buyers_of(row) & wanted
    ]
    present = {one.owner: windows(one, now) for _, one in capped}
    used = _used(list(present), {window for each in present.values() for _, window, _ in each})
    found = [_filled(row, one, used, now) for row, one in capped]
    return sorted(found, key=lambda each: (-each.fullness, each.name.lower(), each.what))


def _wanted(asked: MetricsScope) -> set[int] | None:
    """The rows of the buyers that are asked for; None: all."""
    one = {asked.buyer} if asked.buyer else None
    if not asked.campaign:
        return one
    routes = Route.objects.filter(campaign_id=asked.campaign).values_list(
        "buyer_id", "group__memberships__buyer_id"
    )
    reached = {buyer for pair in routes for buyer in pair if buyer}
    return reached if one is None else reached & one


def _capped_rows(company: Company) -> list[Buyer | BuyerGroup]:
    groups = BuyerGroup.objects.of(company).unretired().prefetch_related("memberships")
    rows: list[Buyer | BuyerGroup] = [*Buyer.objects.of(company).unretired(), *groups]
    return [
        row for row in rows if any(getattr(row, f"{kind}_cap") is not None for kind in CAP_KINDS)
    ]


def _buyers_of(row: Buyer | BuyerGroup) -> set[int]:
    return (
        {row.pk}
        if isinstance(row, Buyer)
        else {member.buyer_id for member in row.memberships.all()}
    )


def _used(owners: Sequence[str], present: Collection[str]) -> dict[tuple[str, str, str], int]:
    """The counters of the windows that it is now, found by their index: the ended ones of two months lie beside them."""
    found: dict[tuple[str, str, str], int] = {}
    for start in range(0, len(owners), _OWNERS_A_STATEMENT):
        some = owners[start : start + _OWNERS_A_STATEMENT]
        counters = CapCounter.objects.filter(owner__in=some, kind__in=CAP_KINDS, window__in=present)
        for owner, kind, window, used in counters.values_list("owner", "kind", "window", "used"):
            found[owner, kind, window] = used
    return found


def _filled(
    row: Buyer | BuyerGroup,
    capped: CappedOwner,
    used: dict[tuple[str, str, str], int],
    now: datetime,
) -> CapUsage:
    each = [
        CapBar(
            kind, used.get((capped.owner, kind, window), 0), cap, None if end == FOREVER else end
        )
        for (kind, window, end), cap in zip(windows(capped, now), capped.caps, strict=True)
        if cap is not None
    ]
    url = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    fullest = tuple(sorted(each, key=lambda bar: -bar.percent))
    return CapUsage(
        capped.name, url, "buyer" if isinstance(row, Buyer) else "group", fullest, capped.time_zone
    )


def _in_words(left: timedelta) -> str:
    minutes = int(left.total_seconds()) // 60
    days, hours = minutes // (24 * 60), minutes // 60
    if minutes < 1:
        return "less than a minute"
    number, word = (
        (days, "day") if days >= 2 else (hours, "hour") if hours >= 2 else (minutes, "minute")
    )
    return f"{number} {word}{'' if number == 1 else 's'}"


def _by_its_clocks(moment: datetime, time_zone: str, now: datetime) -> str:
    """`15:00 EDT`, and with the day if that is neither today nor the midnight that ends it."""
    zone = ZoneInfo(time_zone)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today or (local.date() - today == timedelta(days=1) and not local.hour):
        return f"{local:%H:%M %Z}"
    return f"{local:%H:%M %Z on %b %-d}"
