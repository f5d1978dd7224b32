"""A request of the postback log, tried again: decided as it was then, as it would be with today's settings, and now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.errors import Refusal
from campaigns.models import Buyer, Company
from campaigns.routing import explain
from campaigns.routing.engine import Verdict, buyers_in_trace, replay
from config.http.api_error import ApiError
from config.http.parameters import Parameters
from publishers.models import LogEntry
from publishers.snapshot import CampaignSnapshot, KeySnapshot, current_snapshot

from . import engine
from .engine import BuyerStanding, DryRunResult

_STATUS = frozenset({"status"})  # reserved where a reservation is confirmed


class NotReplayable(Refusal):
    """Nobody can be asked with this row's data; `ping` is the row of the ping that was decided upon, if that is known."""

    def __init__(self, text: str, ping: int | None = None) -> None:
        super().__init__(text)
        self.ping = ping


@dataclass(frozen=True, slots=True)
class ReplayQuestion:
    """What a logged request asked: `lost` are the names of tags whose values the log does not keep."""

    entry: LogEntry
    key: KeySnapshot
    campaign: CampaignSnapshot
    publisher_id: str | None
    tags: Mapping[str, str]
    lost: tuple[str, ...]

    def missing(self) -> list[str]:
        """The tags that its key wants by now, and that it did not bring."""
        sent = Parameters(self.entry.parameters)
        return [
            name for name in self.key.settings.get("required_tags", []) if sent.value(name) is None
        ]


@dataclass(frozen=True, slots=True)
class BuyerComparison:
    """One buyer then, with today's settings at that moment, and now; None where it was not on the campaign."""

    row: int
    name: str
    then: BuyerStanding | None
    settings: BuyerStanding | None
    now: BuyerStanding | None
    change: str


@dataclass(frozen=True, slots=True)
class Replay:
    """`then` are the stored verdicts in the order that was drawn, None when nobody was looked for."""

    question: ReplayQuestion
    then: list[BuyerStanding] | None
    settings: DryRunResult
    now: DryRunResult
    compared: list[BuyerComparison]


def replay_question(entry: LogEntry, *, company: Company) -> ReplayQuestion:
    """What a row of the company's log asked. Raises CannotBeAsked, which says why not."""
    snapshot = current_snapshot(company.pk)
    key = snapshot.keys.get(entry.key_pk or 0)
    if key is None or key.campaign_pk is None:
        raise NotReplayable("Its key belongs to no campaign, so no buyer is looked for with it.")
    campaign = snapshot.campaigns.get(key.campaign_pk)
    if campaign is None:
        raise NotReplayable("Its campaign was retired, so nobody can be asked any more.")
    if entry.trace is None and (earlier := _decided_before(entry)) is not None:
        raise NotReplayable(
            "No buyer was looked for: it is about a reservation that an earlier ping made.", earlier
        )
    said = Parameters(entry.parameters)
    try:
        tags, publisher_id = (
            said.tags(_STATUS if entry.method in ("PUT", "PATCH") else frozenset()),
            said.publisher(),
        )
    except ApiError as error:
        raise NotReplayable(f"What it asked can't be understood: {error.text}.") from None
    lost = _lost(tags)
    prefix = key.settings.get("tag_prefix", "")
    return ReplayQuestion(
        entry,
        key,
        campaign,
        publisher_id,
        {prefix + name: tags[name] for name in tags if name not in lost},
        lost,
    )


def _decided_before(entry: LogEntry) -> int | None:
    """The row of the ping whose reservation this request is about."""
    if entry.reservation_uuid is None:
        return None
    rows = LogEntry.objects.filter(
        reservation_uuid=entry.reservation_uuid, company_pk=entry.company_pk, pk__lt=entry.pk
    )
    return rows.exclude(trace=None).order_by("pk").values_list("pk", flat=True).first()


def _lost(names: Collection[str]) -> tuple[str, ...]:
    """The names whose values the log masks."""
    text = "any longer text"
    shown = Parameters(dict.fromkeys(names, text)).masked()
    return tuple(name for name in names if shown.get(name) != text)


def replay_request(asked: ReplayQuestion, *, company: Company, now: datetime) -> Replay:
    """Tries it at its own moment and now, both with the settings of now and with the draw that it had."""
    trace = asked.entry.trace
    told: dict[str, Any] = {
        "company": company,
        "campaign_id": asked.campaign.campaign_id,
        "now": now,
        "caller_number": asked.entry.caller_number,
        "publisher_id": asked.publisher_id,
        "tags": asked.tags,
        "seed": trace["seed"] if trace else None,
    }
    settings, at_present = engine.dry_run(**told, at=asked.entry.at), engine.dry_run(**told)
    then = (
        stored_standings(trace, _names(trace, company), asked.campaign.time_zone) if trace else None
    )
    return Replay(
        asked,
        then,
        settings,
        at_present,
        _compared(then, settings.standings(), at_present.standings()),
    )


def stored_standings(
    trace: Mapping[str, Any], names: Mapping[int, str], time_zone: str
) -> list[BuyerStanding]:
    """A stored decision as it was, the eligible in the order that was drawn."""

    def one(row: int, place: int | None, reason: str | None, detail: Any) -> BuyerStanding:
        return engine.standings_of(
            row,
            Verdict("", names.get(row, f"Buyer number {row}"), place, reason, detail),
            time_zone,
        )

    eligible = [one(row, place, None, None) for place, row in enumerate(replay(trace), 1)]
    refused = [
        one(row, None, reason, detail)
        for reason, groups in trace["refused"].items()
        for detail, rows in groups
        for row in rows
    ]
    return eligible + refused


def _names(trace: Mapping[str, Any], company: Company) -> dict[int, str]:
    return dict(
        Buyer.objects.filter(company=company, pk__in=buyers_in_trace(trace)).values_list(
            "pk", "name"
        )
    )


# --- what differs -------------------------------------------------------------------------------------------
def _compared(
    then: Sequence[BuyerStanding] | None,
    settings: Sequence[BuyerStanding],
    now: Sequence[BuyerStanding],
) -> list[BuyerComparison]:
    """Each buyer once: as they stand now, then those that are gone."""
    before, between, after = (
        {one.row: one for one in each} for each in (then or [], settings, now)
    )
    names = {row: one.name for each in (before, between, after) for row, one in each.items()}
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
    """`was closed, is eligible now`; blank when nothing has changed but the words."""
    if before is None or after is None:
        return "new on the campaign" if after else "no longer on the campaign"
    return (
        ""
        if before.state == after.state
        else f"was {_short(before.state)}, is {_short(after.state)} now"
    )


def _short(state: str) -> str:
    return "full" if state.endswith("-cap") else explain.reason_summary(state)
