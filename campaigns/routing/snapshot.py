"""Builds the pools of a company from its rows, in a constant number of queries."""

from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

from campaigns.models import Buyer, BuyerGroup, Campaign, Company, GroupMember, Route
from campaigns.models.conditions import Day

from .conditions import Condition
from .engine import CAP_KINDS, Candidate, CappedOwner, Pool, parts_of
from .hours import Hours, Opening

_DAYS = {day: number for number, day in enumerate(Day.values)}
_DETAILS = ("business_hours", "closed_dates", "special_hours", "filters")


def pools_of(company: Company) -> dict[int, Pool]:
    """Return the pool of each unretired campaign by its key, without retired rows."""
    buyers = {
        row.pk: row for row in Buyer.objects.of(company).unretired().prefetch_related(*_DETAILS)
    }
    members = memberships_of(company, buyers)
    candidates = {
        row.pk: _candidate(row, company, members.groups_of.get(row.pk, []))
        for row in buyers.values()
    }
    routes: dict[int, list[Route]] = {}
    for route in Route.objects.of(company).order_by("pk"):
        routes.setdefault(route.campaign_id, []).append(route)
    campaigns = Campaign.objects.of(company).unretired().values_list("pk", flat=True)
    return {
        pk: Pool(_routed(routes.get(pk, []), candidates, members.buyers_of)) for pk in campaigns
    }


def capped_of(row: Buyer | BuyerGroup, company: Company) -> CappedOwner:
    """Return the caps of a buyer or a group from its settings."""
    is_buyer = isinstance(row, Buyer)
    return CappedOwner(
        owner=f"buyer:{row.pk}" if is_buyer else f"group:{row.pk}",
        label=row.buyer_id if isinstance(row, Buyer) else row.group_id,
        name=row.name,
        time_zone=(row.time_zone if isinstance(row, Buyer) else "") or company.time_zone,
        counts=row.cap_counts,
        caps=tuple(getattr(row, f"{kind}_cap") for kind in CAP_KINDS),
    )


class Memberships:
    """The groups of each buyer, and the buyers of each group."""

    def __init__(self) -> None:
        self.groups_of: dict[int, list[CappedOwner]] = {}
        self.buyers_of: dict[int, list[int]] = {}


def memberships_of(company: Company, buyers: dict[int, Buyer]) -> Memberships:
    found = Memberships()
    groups = {row.pk: capped_of(row, company) for row in BuyerGroup.objects.of(company).unretired()}
    for group, buyer in (
        GroupMember.objects.of(company)
        .order_by("group_id", "buyer_id")
        .values_list("group_id", "buyer_id")
    ):
        if group in groups and buyer in buyers:
            found.groups_of.setdefault(buyer, []).append(groups[group])
            found.buyers_of.setdefault(group, []).append(buyer)
    return found


def _candidate(row: Buyer, company: Company, groups: list[CappedOwner]) -> Candidate:
    return Candidate(
        row=row.pk,
        buyer_id=row.buyer_id,
        name=row.name,
        number=row.number,
        needs=parts_of(row.number),
        paused=row.paused,
        priority=row.priority,
        weight=row.weight,
        hours=_hours(row, row.time_zone or company.time_zone),
        conditions=tuple(
            Condition(each.key.strip(), each.operator, each.value)
            for each in sorted(row.filters.all(), key=attrgetter("pk"))
        ),
        own=capped_of(row, company),
        groups=tuple(groups),
        region=company.region,
        dial_prefixes=tuple(company.dial_prefixes),
    )


def _hours(row: Buyer, time_zone: str) -> Hours | None:
    weekly = tuple(
        sorted(
            (
                Opening(_DAYS[each.day], None, each.open, each.close)
                for each in row.business_hours.all()
            ),
            key=repr,
        )
    )
    closed = frozenset(each.date for each in row.closed_dates.all())
    special = tuple(
        sorted(
            (Opening(None, each.date, each.open, each.close) for each in row.special_hours.all()),
            key=repr,
        )
    )
    return Hours(time_zone, weekly, closed, special) if weekly or closed or special else None


def _routed(
    routes: Iterable[Route], candidates: dict[int, Candidate], buyers_of: dict[int, list[int]]
) -> list[Candidate]:
    """Return each buyer once: by lowest priority, then the direct route, then the older."""
    found: dict[int, tuple[int, bool, int, Candidate]] = {}
    for route in routes:
        for row in [route.buyer_id] if route.buyer_id else buyers_of.get(route.group_id or 0, []):
            if row not in candidates:
                continue
            buyer = candidates[row]
            candidate = replace(
                buyer,
                priority=route.priority or buyer.priority,
                weight=route.weight or buyer.weight,
            )
            option = (candidate.priority, route.buyer_id is None, route.pk, candidate)
            found[row] = min(found.get(row, option), option, key=lambda each: each[:3])
    return [candidate for *_, candidate in found.values()]
