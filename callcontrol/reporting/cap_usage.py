"""Current usage of all caps, the fullest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.caps.counters import FOREVER, windows
from campaigns.models import Buyer, BuyerGroup, CapCounter, CapKind, Company, Route
from campaigns.routing.engine import CAP_KINDS, CappedOwner
from campaigns.routing.snapshot import capped_of

from .metrics import MetricsScope

_NEARLY_FULL = 80  # percent
_MAX_OWNERS = 500  # in one statement


@dataclass(frozen=True, slots=True)
class CapBar:
    """One cap: `used` of `cap` places; resets at `ends_at` (None: not by time)."""

    kind: str
    used: int
    cap: int
    ends_at: datetime | None

    @property
    def percent(self) -> int:
        """Rounded down, so that only a full cap shows 100; a cap of 0 is full."""
        return 100 if self.used >= self.cap else self.used * 100 // self.cap

    @property
    def state(self) -> str:
        if self.percent == 100:
            return "full"
        return "nearly" if self.percent >= _NEARLY_FULL else "free"

    @property
    def label(self) -> str:
        return str(CapKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class CapUsage:
    """A buyer or group (`type`) with its caps, the fullest first."""

    name: str
    url: str
    type: str
    bars: tuple[CapBar, ...]
    time_zone: str

    def reset_text(self, bar: CapBar, *, now: datetime) -> str:
        """Return when a cap resets: `resets in 2 hours (15:00 EDT)`."""
        if bar.kind == CapKind.CONCURRENCY:
            return _("a place is free again when its call ends")
        if bar.ends_at is None:
            return _("does not reset by itself")
        zone = ZoneInfo(self.time_zone)
        local, today = bar.ends_at.astimezone(zone), now.astimezone(zone).date()
        # The midnight at the end of today needs no date either.
        ends_tonight = local.date() - today == timedelta(days=1) and not local.hour
        time = f"{local:%H:%M %Z}"
        if local.date() != today and not ends_tonight:
            time = f"{local:%H:%M %Z, %b %-d}"
        return _("resets in %(span)s (%(time)s)") % {"span": _span(bar.ends_at - now), "time": time}


def cap_bars(company: Company, *, scope: MetricsScope, now: datetime) -> list[CapUsage]:
    """Return the buyers and groups that have a cap and that the scope's campaign or buyer uses."""
    buyers = _scope_buyers(scope)
    groups = BuyerGroup.objects.of(company).unretired().prefetch_related("memberships")
    rows: list[Buyer | BuyerGroup] = [*Buyer.objects.of(company).unretired(), *groups]
    capped = []
    for row in rows:
        if isinstance(row, Buyer):
            row_buyers = {row.pk}
        else:
            row_buyers = {member.buyer_id for member in row.memberships.all()}
        has_cap = any(getattr(row, f"{kind}_cap") is not None for kind in CAP_KINDS)
        if has_cap and (buyers is None or row_buyers & buyers):
            capped.append((row, capped_of(row, company)))
    current = {owner.owner: windows(owner, now) for __, owner in capped}
    windows_now = {window[1] for each in current.values() for window in each}
    owners, used = list(current), {}
    for start in range(0, len(owners), _MAX_OWNERS):
        # The windows are named so that the index finds them among the ended ones of two months.
        counters = CapCounter.objects.filter(
            owner__in=owners[start : start + _MAX_OWNERS],
            kind__in=CAP_KINDS,
            window__in=windows_now,
        )
        for owner, kind, window, count in counters.values_list("owner", "kind", "window", "used"):
            used[owner, kind, window] = count
    found = [_usage(row, owner, used, now) for row, owner in capped]
    return sorted(found, key=lambda row: (-row.bars[0].percent, row.name.lower(), row.type))


def _scope_buyers(scope: MetricsScope) -> set[int] | None:
    """Return the primary keys of the scope's buyers; None: all."""
    chosen = {scope.buyer} if scope.buyer else None
    if not scope.campaign:
        return chosen
    routes = Route.objects.filter(campaign_id=scope.campaign).values_list(
        "buyer_id", "group__memberships__buyer_id"
    )
    reached = {buyer for pair in routes for buyer in pair if buyer}
    return reached if chosen is None else reached & chosen


def _usage(
    row: Buyer | BuyerGroup,
    capped: CappedOwner,
    used: dict[tuple[str, str, str], int],
    now: datetime,
) -> CapUsage:
    bars = [
        CapBar(
            kind, used.get((capped.owner, kind, window), 0), cap, None if end == FOREVER else end
        )
        for (kind, window, end), cap in zip(windows(capped, now), capped.caps, strict=True)
        if cap is not None
    ]
    return CapUsage(
        name=capped.name,
        url=reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk]),
        type="buyer" if isinstance(row, Buyer) else "group",
        bars=tuple(sorted(bars, key=lambda bar: -bar.percent)),
        time_zone=capped.time_zone,
    )


def _span(left: timedelta) -> str:
    """Return `2 days`, `5 hours` or `30 minutes`."""
    minutes = int(left.total_seconds()) // 60
    days, hours = minutes // (24 * 60), minutes // 60
    if days >= 2:
        return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
    if hours >= 2:
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    if minutes < 1:
        return _("less than a minute")
    return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
