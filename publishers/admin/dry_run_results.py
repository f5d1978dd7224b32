"""A dry run in words: the answer, what was taken into account, and each buyer with a label."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from campaigns.admin_base import moment_text, money_text
from campaigns.models import Campaign
from campaigns.routing import explain
from publishers.dry_run.engine import CHOSEN, ELIGIBLE, BuyerStanding, DryRunResult, QuotedPay
from publishers.dry_run.replay import BuyerComparison, Replay, ReplayQuestion
from publishers.request_log import labels
from publishers.snapshot import KeySnapshot

Masks = Callable[[str], str]
_COLORS = {CHOSEN: "success", ELIGIBLE: "info"}
_REPEATS = {
    Campaign.Duplicates.PAY_ONCE: "it is routed, but would not pay again",
    Campaign.Duplicates.EXCLUDE_BUYER: "it does not go to the same buyer again",
    Campaign.Duplicates.REFUSE: "nobody takes it again",
}


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A buyer as the page shows it: `percent` is how often it would come first; blank where it could not."""

    name: str
    url: str
    label: str
    color: str
    why: str
    percent: str = ""
    width: float = 0
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonSides:
    """A buyer in three decisions."""

    name: str
    url: str
    then: ResultRow | None
    settings: ResultRow | None
    now: ResultRow | None
    change: str


def result_row(one: BuyerStanding, *, currency: str, mask: Masks) -> ResultRow:
    percent = _percent(one.chance)
    return ResultRow(
        name=one.name,
        url=_buyer(one.row),
        label=explain.reason_label(one.state),
        color=color(one.state),
        why=mask(_next_in_line(one) if one.reason is None else one.why),
        percent=percent,
        width=round(one.chance * 100, 1),
        quoted=quoted_pay(one.quote, currency) if one.quote else "",
    )


def color(state: str) -> str:
    found = explain.routing_filter(state)
    return _COLORS.get(state) or (found.color if found else "warning")


def _next_in_line(one: BuyerStanding) -> str:
    return (
        "gets the caller"
        if one.place == 1
        else f"is number {one.place} in line: asked when those before it fail"
    )


def _percent(chance: float) -> str:
    if not chance:
        return ""
    return f"{chance:.0%}" if chance >= 0.01 else "below 1%"


def _buyer(row: int) -> str:
    return reverse("admin:campaigns_buyer_change", args=[row])


def quoted_pay(quote: QuotedPay, currency: str) -> str:
    """What a ping is told, and what the buyer pays."""
    if not quote.payout and not quote.revenue:
        return "no conversion applies: nothing is paid"
    after = f" after {quote.seconds} seconds" if quote.seconds else " at once"
    return f"{money_text(quote.payout)} {currency} to the publisher{after}, {money_text(quote.revenue)} {currency} from the buyer"


def result_sentence(trial: DryRunResult) -> tuple[str, str, str]:
    """The result as the log says it, its color there, and a sentence."""
    told = {
        "rejected": f"The {trial.paused} is paused: nobody is asked.",
        "no-target": _nobody(trial),
        "reserved": f"{trial.decision.order[0].name} gets the caller."
        if trial.decision.order
        else "",
    }
    return labels.RESULTS[trial.result], labels.COLORS[trial.result], told[trial.result]


def _nobody(trial: DryRunResult) -> str:
    if trial.decision.pool.candidates:
        return "No buyer takes this caller."
    return "No buyer is on this campaign: add a route on its page."


def warnings(trial: DryRunResult) -> list[str]:
    """What stands in the way, whoever would take the caller."""
    off = [
        f"{label} is switched off for the company: such requests are refused with 403."
        for label in trial.off
    ]
    if trial.converted_at is None:
        return off
    until = trial.counts_from
    meaning = _REPEATS[Campaign.Duplicates(trial.campaign.duplicates)]
    return [
        *off,
        f"A repeat caller: converted on this campaign on {moment_text(trial.converted_at)}. Until {moment_text(until)} {meaning}.",
    ]


def of_key(question: ReplayQuestion, *, now: datetime) -> list[str]:
    """What stands in the way of the key that the row came by."""
    key: KeySnapshot = question.key
    told = []
    if key.retired_at is not None and key.retired_at <= now:
        told.append("Its key is revoked: a request with it is refused by now.")
    elif key.paused:
        told.append("Its key is paused: a request with it is refused at present.")
    if missing := question.missing():
        told.append(
            f"Its key wants {', '.join(missing)}, which was not sent: such a ping is refused."
        )
    if question.lost:
        names = ", ".join(question.lost)
        told.append(
            f"The log keeps no secrets, so this was left out: {names}. A filter on it can decide otherwise."
        )
    return told


def account(trial: DryRunResult, *, mask: Masks) -> list[str]:
    """What was taken into account beside what was asked."""
    told = (
        []
        if trial.ping.caller_number
        else ["The number is withheld: nothing is known from it, and no tags wait for it."]
    )
    if trial.placed:
        told.append(f"From the number itself: {_pairs(trial.placed)}.")
    if trial.waiting:
        told.append(mask(f"Waiting for the caller's next call: {_pairs(trial.waiting)}."))
    if trial.elsewhen:
        told.append(
            "Hourly, daily and monthly caps are those of that hour, day and month, as they are counted by now; "
            "calls at once and hard caps are as they are now."
        )
    return told


def _pairs(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value or 'blank'}" for name, value in tags.items())


def past_result(again: Replay) -> str:
    """Who was to get the caller by the stored decision, drawn again from its own seed."""
    if again.then is None:
        return "No buyer was looked for."
    first = next((one.name for one in again.then if one.place == 1), None)
    return f"{first} was to get the caller." if first else "No buyer took the caller."


def comparison_sides(compared: Sequence[BuyerComparison], *, mask: Masks) -> list[ComparisonSides]:
    return [
        ComparisonSides(
            name=one.name,
            url=_buyer(one.row),
            then=_side(one.then, mask),
            settings=_side(one.settings, mask),
            now=_side(one.now, mask),
            change=one.change,
        )
        for one in compared
    ]


def _side(one: BuyerStanding | None, mask: Masks) -> ResultRow | None:
    if one is None:
        return None
    why = f"place {one.place}" if one.place else one.why if one.why != one.state else ""
    return ResultRow(
        one.name, _buyer(one.row), explain.reason_label(one.state), color(one.state), mask(why)
    )
