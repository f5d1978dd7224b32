"""What is known of a caller: totals, live calls and reservations, tags, and past conversions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.expressions import RawSQL

from callcontrol.models import Call
from campaigns.models import Campaign, ConvertedCaller
from publishers.models import StoredTag
from reservations.models import Reservation

from .history import CallerHistory

PINGS = Q(type__in=("rtb", "call_reservation"), method="POST")
_MAX_TAGS = 100
_MAX_LIVE = 10
# The statuses are literals as in the partial index: SQLite does not use it with parameters. The
# company is a sum so that no index of its reservations is walked.
_OPEN_RESERVATIONS = (
    "SELECT uuid FROM reservations_reservation"
    " WHERE company_id + 0 = %s AND caller_number = %s AND status IN ('reserved', 'confirmed')"
)


def caller_profile(caller: CallerHistory, *, now: datetime) -> dict[str, Any]:
    """Return the profile as the template shows it; money in the company's currency."""
    requests = caller.requests().aggregate(
        pings=Count("pk", filter=PINGS), first=Min("at"), last=Max("at")
    )
    calls = caller.calls().aggregate(
        calls=Count("pk"),
        connected=Count("connected_at"),
        conversions=Count("converted_at"),
        payout=Sum("payout", default=Decimal(0)),
        revenue=Sum("revenue", default=Decimal(0)),
        first=Min("started_at"),
        last=Max("started_at"),
    )
    live = caller.calls().filter(ended_at=None).select_related("campaign", "buyer")
    live_calls = list(live.order_by("-started_at")[:_MAX_LIVE])
    open_reservations = RawSQL(_OPEN_RESERVATIONS, [caller.company.pk, caller.number])  # noqa: S611
    held = Reservation.objects.filter(pk__in=open_reservations, expires_at__gt=now)
    reservations = list(held.select_related("campaign", "buyer", "publisher")[:_MAX_LIVE])
    tags = sorted(_tags(caller, live_calls, reservations, now), key=attrgetter("written_at"))
    latest = {tag.name: tag for tag in tags}
    campaigns = Campaign.objects.filter(company=caller.company).in_bulk()
    paid = ConvertedCaller.objects.filter(
        campaign__in=campaigns, caller_number=caller.number, paid=True
    )
    past_conversions = []
    for pk, at in paid.values_list("campaign_id").annotate(at=Max("converted_at")).order_by("-at"):
        # Until then, the caller's calls on the campaign are duplicates.
        until = at + timedelta(seconds=campaigns[pk].dedupe_seconds)
        past = {"converted_at": at, "until": until, "is_duplicate": until > now}
        past_conversions.append({"campaign": campaigns[pk], **past})
    return {
        **requests,
        **calls,
        "first": min(filter(None, (requests["first"], calls["first"])), default=None),
        "last": max(filter(None, (requests["last"], calls["last"])), default=None),
        "live_calls": live_calls,
        "live_reservations": reservations,
        "tags": sorted(latest.values(), key=lambda tag: tag.name.casefold())[:_MAX_TAGS],
        "past_conversions": past_conversions,
        "last_ping": caller.requests().exclude(trace=None).order_by("-pk").only("pk").first(),
    }


def _tags(
    caller: CallerHistory, live: list[Call], reservations: list[Reservation], now: datetime
) -> Iterator[Any]:
    """Yield the tags that wait, those of live reservations, and those of the live or last call."""
    waiting = StoredTag.objects.filter(
        company=caller.company, caller_number=caller.number, expires_at__gt=now
    )
    yield from waiting.select_related("publisher")[:_MAX_TAGS]
    for row in reservations:
        source = {"publisher": row.publisher, "written_at": row.created_at, "reservation": row}
        for name, value in row.tags.items():
            yield SimpleNamespace(name=name, value=value, **source)
    call = live[0] if live else caller.calls().order_by("-started_at").first()
    for written in (call.tags, call.late_tags) if call else ():
        yield from written.select_related("publisher").order_by("pk")[:_MAX_TAGS]
