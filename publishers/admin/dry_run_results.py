"""Texts and rows of the dry run's page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.admin_base import moment_text
from campaigns.models import Campaign
from campaigns.money import money_text
from campaigns.routing import explain
from publishers.dry_run.engine import CHOSEN, ELIGIBLE, BuyerStanding, DryRunResult, QuotedPay
from publishers.dry_run.replay import BuyerComparison, LoggedRequest, Replay

Mask = Callable[[str], str]
_LEAST_PERCENT = 0.01


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A buyer in the table: `percent` is the chance of the first place, blank without one."""

    name: str
    url: str
    label: str
    color: str
    sentence: str
    percent: str = ""
    width: float = 0
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A buyer in the three decisions of a replay."""

    name: str
    url: str
    then: ResultRow | None
    settings: ResultRow | None
    now: ResultRow | None
    change: str


def result_row(standing: BuyerStanding, *, currency: str, mask: Mask) -> ResultRow:
    label, color = state_label(standing.state)
    chance, sentence = standing.chance, standing.sentence
    if standing.place == 1:
        sentence = _("gets the caller")
    elif standing.place:
        sentence = _("place %(place)d: tried if those before it fail") % {"place": standing.place}
    percent = f"{chance:.0%}" if chance >= _LEAST_PERCENT else _("below 1%") if chance else ""
    return ResultRow(
        name=standing.name,
        url=_buyer_url(standing.row),
        label=label,
        color=color,
        sentence=mask(sentence),
        percent=percent,
        width=round(chance * 100, 1),
        quote=quote_text(standing.quote, currency) if standing.quote else "",
    )


def comparison_rows(comparisons: Sequence[BuyerComparison], *, mask: Mask) -> list[ComparisonRow]:
    def side(standing: BuyerStanding | None) -> ResultRow | None:
        if standing is None:
            return None
        label, color = state_label(standing.state)
        # A sentence that only repeats the label is left out.
        sentence = "" if standing.sentence == standing.state else standing.sentence
        if standing.place:
            sentence = _("place %(place)d") % {"place": standing.place}
        return ResultRow(standing.name, _buyer_url(standing.row), label, color, mask(sentence))

    return [
        ComparisonRow(
            name=each.name,
            url=_buyer_url(each.row),
            then=side(each.then),
            settings=side(each.settings),
            now=side(each.now),
            change=each.change,
        )
        for each in comparisons
    ]


def state_label(state: str) -> tuple[str, str]:
    """Return the label of a standing's state, and its color."""
    if state == CHOSEN:
        return _("Chosen"), "success"
    if state == ELIGIBLE:
        return _("Eligible"), "info"
    routing_filter = explain.routing_filter(state)
    return explain.reason_label(state), routing_filter.color if routing_filter else "warning"


def _buyer_url(row: int) -> str:
    return reverse("admin:campaigns_buyer_change", args=[row])


def quote_text(quote: QuotedPay, currency: str) -> str:
    """Return what a ping is quoted, and what the buyer pays."""
    if not quote.payout and not quote.revenue:
        return _("No conversion applies: nothing is paid")
    text = _("%(payout)s to the publisher at once, %(revenue)s from the buyer")
    if quote.seconds:
        text = _(
            "%(payout)s to the publisher after %(seconds)d seconds, %(revenue)s from the buyer"
        )
    return text % {
        "payout": f"{money_text(quote.payout)} {currency}",
        "revenue": f"{money_text(quote.revenue)} {currency}",
        "seconds": quote.seconds,
    }


def result_sentence(result: DryRunResult) -> str:
    if result.paused == "campaign":
        return _("The campaign is paused: no buyer is tried.")
    if result.paused:
        return _("The publisher is paused: no buyer is tried.")
    if result.decision.order:
        return _("%(buyer)s gets the caller.") % {"buyer": result.decision.order[0].name}
    if result.decision.pool.candidates:
        return _("No buyer takes this caller.")
    return _("The campaign has no buyer. Add a route on its page.")


def past_sentence(replay: Replay) -> str:
    """Return the outcome of the stored decision."""
    if replay.then is None:
        return _("No buyer was looked for.")
    first = next((each.name for each in replay.then if each.place == 1), None)
    if first is None:
        return _("No buyer took the caller.")
    return _("%(buyer)s was chosen.") % {"buyer": first}


def warnings(result: DryRunResult) -> list[str]:
    """Return what would stop the ping or the payment, whichever buyer is chosen."""
    texts = [
        _("%(feature)s is switched off for the company: its requests are refused with 403.")
        % {"feature": label}
        for label in result.disabled_types
    ]
    if result.converted_at is not None:
        match result.campaign.duplicates:
            case Campaign.Duplicates.PAY_ONCE:
                effect = _("the call is routed, but pays nothing")
            case Campaign.Duplicates.EXCLUDE_BUYER:
                effect = _("the call does not go to the same buyer")
            case _other:
                effect = _("no buyer takes the call")
        texts.append(
            _(
                "Duplicate caller: converted on this campaign on %(when)s."
                " Until %(until)s, %(effect)s."
            )
            % {
                "when": moment_text(result.converted_at),
                "until": moment_text(result.duplicate_until),
                "effect": effect,
            }
        )
    return texts


def key_warnings(request: LoggedRequest, *, now: datetime) -> list[str]:
    """Return what would stop the same request by the same key, and what the log hides of it."""
    texts = []
    if request.key.retired_at is not None and request.key.retired_at <= now:
        texts.append(_("Its key is revoked: requests with it are refused."))
    elif request.key.paused:
        texts.append(_("Its key is paused: requests with it are refused."))
    if missing := request.missing_tags():
        texts.append(
            _("Its key requires tags that were not sent: %(names)s. Such pings are refused.")
            % {"names": ", ".join(missing)}
        )
    if request.masked_tags:
        texts.append(
            _(
                "The log masks the values of %(names)s."
                " Filters on these tags may decide differently."
            )
            % {"names": ", ".join(request.masked_tags)}
        )
    return texts


def inputs(result: DryRunResult, *, mask: Mask) -> list[str]:
    """Return what the decision used beside the request."""
    texts = []
    if not result.ping.caller_number:
        texts.append(_("The number is withheld: it has no place and no stored tags."))
    if result.number_tags:
        texts.append(
            _("From the caller's number: %(tags)s.") % {"tags": _pairs(result.number_tags)}
        )
    if result.stored_tags:
        texts.append(
            mask(_("Stored for the next call: %(tags)s.") % {"tags": _pairs(result.stored_tags)})
        )
    if result.at_other_time:
        texts.append(
            _(
                "Hourly, daily and monthly caps are those of that moment, with their present "
                "counts. Concurrency and hard caps are as of now."
            )
        )
    return texts


def _pairs(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value or _('blank')}" for name, value in tags.items())
