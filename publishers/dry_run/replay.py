"""Replay of a logged request: as decided then, with today's settings, and now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.errors import Refusal
from campaigns.models import Buyer, Company
from campaigns.routing import explain
from campaigns.routing.engine import Verdict, buyers_in_trace, replay
from config.http.api_error import ApiError
from config.http.parameters import Parameters
from publishers.models import LogEntry
from publishers.snapshot import CampaignSnapshot, KeySnapshot, current_snapshot

from . import engine
from .engine import CHOSEN, ELIGIBLE, BuyerStanding, DryRunResult

_CONFIRMATION_FIELDS = frozenset({"status"})
_PROBE = "any longer text"
_SUMMARIES: dict[str, str | Promise] = {
    CHOSEN: gettext_lazy("chosen"),
    ELIGIBLE: gettext_lazy("eligible"),
}


class NotReplayable(Refusal):
    """Refusal to replay a row; `ping` is the row of the ping that was decided, if there is one."""

    def __init__(self, text: str, ping: int | None = None) -> None:
        super().__init__(text)
        self.ping = ping


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """What a logged request sent. `masked_tags` are names of tags whose values the log hides."""

    entry: LogEntry
    key: KeySnapshot
    campaign: CampaignSnapshot
    publisher_id: str | None
    tags: Mapping[str, str]
    masked_tags: tuple[str, ...]

    def missing_tags(self) -> list[str]:
        """Return the tags that the key requires now and the request did not send."""
        sent = Parameters(self.entry.parameters)
        required = self.key.settings.get("required_tags", [])
        return [name for name in required if sent.value(name) is None]


@dataclass(frozen=True, slots=True)
class BuyerComparison:
    """A buyer then, with today's settings at that moment, and now; None off the campaign."""

    row: int
    name: str
    then: BuyerStanding | None
    settings: BuyerStanding | None
    now: BuyerStanding | None
    change: str


@dataclass(frozen=True, slots=True)
class Replay:
    """`then` is the stored decision in its drawn order; None if no buyer was looked for."""

    request: LoggedRequest
    then: list[BuyerStanding] | None
    settings: DryRunResult
    now: DryRunResult
    comparisons: list[BuyerComparison]


def read_request(entry: LogEntry, *, company: Company) -> LoggedRequest:
    """Return what a row of the company's log sent. Raises NotReplayable with the reason."""
    snapshot = current_snapshot(company.pk)
    key = snapshot.keys.get(entry.key_pk or 0)
    if key is None or key.campaign_pk is None:
        raise NotReplayable(_("Its key does not belong to a campaign, so it looks for no buyer."))
    campaign = snapshot.campaigns.get(key.campaign_pk)
    if campaign is None:
        raise NotReplayable(_("Its campaign was retired. Retired campaigns cannot be replayed."))
    if entry.trace is None and entry.reservation_uuid is not None:
        pings = LogEntry.objects.filter(
            reservation_uuid=entry.reservation_uuid, company_pk=entry.company_pk, pk__lt=entry.pk
        ).exclude(trace=None)
        if ping := pings.order_by("pk").values_list("pk", flat=True).first():
            text = _("No buyer was looked for: it is about the reservation of an earlier ping.")
            raise NotReplayable(text, ping)
    sent = Parameters(entry.parameters)
    confirms = entry.method in ("PUT", "PATCH")
    try:
        tags = sent.tags(_CONFIRMATION_FIELDS if confirms else frozenset())
        publisher_id = sent.publisher()
    except ApiError as error:
        raise NotReplayable(
            _("Its parameters cannot be read: %(error)s.") % {"error": error.text}
        ) from None
    # Masking a probe under each name shows which values the log has hidden.
    masked = Parameters(dict.fromkeys(tags, _PROBE)).masked()
    hidden = tuple(name for name in tags if masked.get(name) != _PROBE)
    prefix = key.settings.get("tag_prefix", "")
    kept = {prefix + name: tags[name] for name in tags if name not in hidden}
    return LoggedRequest(entry, key, campaign, publisher_id, kept, hidden)


def replay_request(request: LoggedRequest, *, company: Company, now: datetime) -> Replay:
    """Decide at the logged moment and now, with today's settings and the logged seed."""
    trace = request.entry.trace
    arguments: dict[str, Any] = {
        "company": company,
        "campaign_id": request.campaign.campaign_id,
        "now": now,
        "caller_number": request.entry.caller_number,
        "publisher_id": request.publisher_id,
        "tags": request.tags,
        "seed": trace["seed"] if trace else None,
    }
    settings = engine.dry_run(**arguments, at=request.entry.at)
    current = engine.dry_run(**arguments)
    then = None
    if trace:
        buyers = Buyer.objects.filter(company=company, pk__in=buyers_in_trace(trace))
        names = dict(buyers.values_list("pk", "name"))
        then = stored_standings(trace, names, request.campaign.time_zone)
    comparisons = compare_standings(then, settings.standings(), current.standings())
    return Replay(request, then, settings, current, comparisons)


def stored_standings(
    trace: Mapping[str, Any], names: Mapping[int, str], time_zone: str
) -> list[BuyerStanding]:
    """Return a stored decision, the eligible in their drawn order."""

    def standing(row: int, place: int | None, reason: str | None, detail: Any) -> BuyerStanding:
        name = names.get(row) or _("Buyer number %(row)s") % {"row": row}
        return engine.buyer_standing(row, Verdict("", name, place, reason, detail), time_zone)

    eligible = [standing(row, place, None, None) for place, row in enumerate(replay(trace), 1)]
    refused = [
        standing(row, None, reason, detail)
        for reason, groups in trace["refused"].items()
        for detail, rows in groups
        for row in rows
    ]
    return eligible + refused


def compare_standings(
    then: Sequence[BuyerStanding] | None,
    settings: Sequence[BuyerStanding],
    now: Sequence[BuyerStanding],
) -> list[BuyerComparison]:
    """Return each buyer once, in the present order, with removed buyers at the end."""
    before, between, after = (
        {each.row: each for each in standings} for standings in (then or [], settings, now)
    )
    names = {row: each.name for side in (before, between, after) for row, each in side.items()}
    return [
        BuyerComparison(
            row,
            names[row],
            before.get(row),
            between.get(row),
            after.get(row),
            standing_change(before.get(row), after.get(row)) if then is not None else "",
        )
        for row in dict.fromkeys((*after, *between, *before))
    ]


def standing_change(before: BuyerStanding | None, after: BuyerStanding | None) -> str:
    """Return `was closed, now eligible`; blank for the same state with another sentence."""
    if before is None or after is None:
        return _("new on the campaign") if after else _("no longer on the campaign")
    if before.state == after.state:
        return ""
    return _("was %(before)s, now %(after)s") % {
        "before": _SUMMARIES.get(before.state) or explain.reason_summary(before.state),
        "after": _SUMMARIES.get(after.state) or explain.reason_summary(after.state),
    }
