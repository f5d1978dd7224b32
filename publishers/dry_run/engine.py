"""A dry run: who would get this caller at this moment, and why not the others. Nothing is written or taken."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from campaigns import duplicates, phone
from campaigns.caps import counters
from campaigns.duplicates import Duplicates
from campaigns.errors import NotFound, Refusal
from campaigns.models import CapCounter, Company, ConvertedCaller
from campaigns.routing import engine, explain
from campaigns.routing.engine import Candidate, Decision, Detail, Pool, Verdict
from publishers import conversions
from publishers.keys.types import all_key_types
from publishers.models import StoredTag
from publishers.snapshot import CampaignSnapshot, PublisherSnapshot, Snapshot, current_snapshot

_MOST_CONVERSIONS = (
    500  # of one caller: a number that a thousand callers share would cost a thousand rows
)
_AS_KNOWN = ("publisher_id", "campaign_id", "caller_number")  # filters know them without a tag
CHOSEN, ELIGIBLE = "chosen", "eligible"


@dataclass(frozen=True, slots=True)
class QuotedPay:
    """What a ping is told that a buyer's call pays, and what the buyer pays; in the company's currency."""

    payout: Decimal
    revenue: Decimal
    seconds: int


@dataclass(frozen=True, slots=True)
class BuyerStanding:
    """One buyer in a decision: its `place`, or the `reason` why not, which `why` tells in words.

    `chance` is how likely it is to be the first, from 0 to 1. Of a stored decision there are neither quotes nor chances.
    """

    row: int
    name: str
    place: int | None
    reason: str | None
    why: str
    chance: float = 0
    quote: QuotedPay | None = None

    @property
    def state(self) -> str:
        return self.reason or (CHOSEN if self.place == 1 else ELIGIBLE)


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """What was tried and decided; `paused` is what would turn a ping away before anybody is asked, blank when nothing does.

    `off` are the kinds of keys that the company has switched off, `waiting` the tags that wait for the caller and count,
    `placed` what the caller's number itself tells. `converted_at` is when the caller last converted on the campaign, if
    another conversion then is a repeat, and `counts_from` when it no longer is one. `elsewhen`: another moment than now.
    """

    campaign: CampaignSnapshot
    publisher: PublisherSnapshot | None
    ping: engine.Ping
    decision: Decision
    paused: str
    off: tuple[str, ...]
    waiting: Mapping[str, str]
    placed: Mapping[str, str]
    converted_at: datetime | None
    elsewhen: bool

    @property
    def result(self) -> str:
        """What a ping would be answered."""
        return "rejected" if self.paused else "reserved" if self.decision.order else "no-target"

    @property
    def counts_from(self) -> datetime | None:
        return self.converted_at and self.converted_at + timedelta(
            seconds=self.campaign.dedupe_seconds
        )

    def lines(self) -> list[str]:
        """One sentence for each buyer, times in the campaign's time zone; first what is paused."""
        before = (
            [f"The {self.paused} is paused: a ping is rejected, a call finds no buyer."]
            if self.paused
            else []
        )
        return before + explain.decision_lines(self.decision, self.campaign.time_zone)

    def standings(self) -> list[BuyerStanding]:
        """Each buyer on the campaign: the eligible by place, then the refused by reason."""
        chances, zone = first_chances(self.decision.order), self.campaign.time_zone
        eligible = [
            replace(
                standings_of(one.row, _verdict(one, place=place), zone),
                chance=chances.get(one.row, 0),
                quote=self.quote(one),
            )
            for place, one in enumerate(self.decision.order, 1)
        ]
        refused = [
            standings_of(one.row, _verdict(one, reason=reason, detail=detail), zone)
            for reason, pairs in self.decision.refused.items()
            for one, detail in pairs
        ]
        return eligible + refused

    def quote(self, buyer: Candidate) -> QuotedPay:
        """What a ping is told when this buyer is reserved."""
        publisher_pk = self.publisher.row if self.publisher else None
        applying = conversions.applying_conversions(
            self.campaign.conversions,
            publisher_pk=publisher_pk,
            buyer_pk=buyer.row,
            holds=lambda conditions: engine.conditions_hold(conditions, self.ping),
        )
        return QuotedPay(*conversions.quote_of(applying))


def first_chances(order: tuple[Candidate, ...]) -> dict[int, float]:
    """How likely each buyer is to come first, from 0 to 1, by row: those of the first priority share it by their weights.

    Exact: whoever runs a race of exponential times wins it in proportion to the rate.
    """
    first = [one for one in order if one.priority == order[0].priority]
    return {one.row: one.weight / sum(each.weight for each in first) for one in first}


def standings_of(row: int, verdict: Verdict, time_zone: str) -> BuyerStanding:
    """A verdict; the reason in words, times in `time_zone`."""
    why = explain.refusal_text(verdict.reason, verdict.detail, time_zone) if verdict.reason else ""
    return BuyerStanding(row, verdict.name, verdict.place, verdict.reason, why)


def _verdict(
    one: Candidate,
    *,
    place: int | None = None,
    reason: str | None = None,
    detail: Detail | None = None,
) -> Verdict:
    return Verdict(one.buyer_id, one.name, place, reason, detail)


# --- trying ---------------------------------------------------------------------------------------------------
def dry_run(
    *,
    company: Company,
    campaign_id: str,
    now: datetime,
    at: datetime | None = None,
    caller_number: str | None = None,
    publisher_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> DryRunResult:
    """Decides as for a ping: waiting tags and conversions count, and nothing is taken. The same seed draws the same order.

    At another moment than now (`at`) the caps of hours, days and months are those of that moment's, as they are counted
    by now; calls at once and hard caps, which have no time, are as they are. Raises NotFound for an unknown campaign, and
    Refusal for a caller that is no number. An unknown publisher is a tag.
    """
    snapshot = current_snapshot(company.pk)
    campaign = next(
        (facts for facts in snapshot.campaigns.values() if facts.campaign_id == campaign_id), None
    )
    if campaign is None:
        raise NotFound(f"no campaign {campaign_id}")
    moment = at or now
    caller = _caller(caller_number, snapshot)
    publisher = snapshot.publishers_by_id.get(publisher_id or "")
    given = dict(tags or {}) | (
        {"publisher_id": publisher_id} if publisher_id and publisher is None else {}
    )
    waiting = _waiting(campaign, caller, company, moment)
    conversions = _conversions(campaign, caller, now=now, moment=moment)
    earlier = _earlier(campaign, conversions, moment)
    ping = engine.Ping(
        now=moment,
        campaign_id=campaign_id,
        caller_number=caller,
        tags=waiting | given,
        publisher_id=publisher.publisher_id if publisher else None,
        converted_buyers=earlier.converted_with,
        duplicate_refused=earlier.refused,
    )
    used = _used(campaign.buyers, company.pk, moment)
    seed = random.getrandbits(53) if seed is None else seed
    return DryRunResult(
        campaign=campaign,
        publisher=publisher,
        ping=ping,
        decision=engine.decide(campaign.buyers, ping, used, seed=seed),
        paused="campaign"
        if campaign.paused
        else "publisher"
        if publisher and publisher.paused
        else "",
        off=_switched_off(snapshot),
        waiting={name: value for name, value in waiting.items() if name not in given},
        placed={
            name: value
            for name, value in _placed(caller).items()
            if not ping.tags.get(name, "").strip()
        },
        converted_at=_last_repeated(campaign, conversions, moment),
        elsewhen=at is not None,
    )


def _caller(written: str | None, snapshot: Snapshot) -> str | None:
    if not written or phone.is_withheld(written):
        return None
    number = phone.to_e164(written, snapshot.region)
    if number is None:
        raise Refusal("caller_number must be a phone number of 7 to 15 digits")
    return number


def _placed(caller: str | None) -> dict[str, str]:
    return phone.place(caller) if caller else {}


def _waiting(
    campaign: CampaignSnapshot, caller: str | None, company: Company, moment: datetime
) -> dict[str, str]:
    """The tags that wait for this caller's next call, the later value of a name over the earlier; they go on waiting."""
    if caller is None:
        return {}
    scopes = ["", f"campaign:{campaign.row}"]
    rows = StoredTag.objects.filter(
        company=company, caller_number=caller, scope__in=scopes, expires_at__gt=moment
    )
    return dict(
        rows.filter(written_at__lte=moment).order_by("written_at").values_list("name", "value")
    )


def _conversions(
    campaign: CampaignSnapshot, caller: str | None, *, now: datetime, moment: datetime
) -> list[tuple[int, datetime]]:
    """(buyer's row, moment) of the caller's paid conversions, the newest first; those that were known at a moment in the past."""
    if caller is None or not campaign.dedupe_seconds:
        return []
    rows = ConvertedCaller.objects.filter(campaign_id=campaign.row, caller_number=caller, paid=True)
    known = rows.filter(converted_at__lte=moment) if moment < now else rows
    return list(
        known.order_by("-converted_at").values_list("buyer_pk", "converted_at")[:_MOST_CONVERSIONS]
    )


def _earlier(
    campaign: CampaignSnapshot, conversions: list[tuple[int, datetime]], moment: datetime
) -> Duplicates:
    """What it means that the caller has converted."""
    return duplicates.duplicates_among(
        conversions,
        dedupe_seconds=campaign.dedupe_seconds,
        duplicates=campaign.duplicates,
        now=moment,
    )


def _last_repeated(
    campaign: CampaignSnapshot, conversions: list[tuple[int, datetime]], moment: datetime
) -> datetime | None:
    """The newest conversion that makes the caller a repeat."""
    reach = timedelta(seconds=campaign.dedupe_seconds)
    return next((at for _, at in conversions if abs(moment - at) < reach), None)


def _used(pool: Pool, company_pk: int, moment: datetime) -> dict[tuple[str, str], int]:
    """(owner, kind) → used of every counter that the moment falls into, whether its window is now, over or to come."""
    owners = {capped.owner: capped for one in pool.candidates for capped in (one.own, *one.groups)}
    wanted = {
        (owner, kind, window)
        for owner, one in owners.items()
        for kind, window, _ in counters.windows(one, moment)
    }
    in_windows = CapCounter.objects.filter(
        company_id=company_pk, window__in={window for _, _, window in wanted}
    )
    rows = in_windows.values_list("owner", "kind", "window", "used")
    return {
        (owner, kind): used for owner, kind, window, used in rows if (owner, kind, window) in wanted
    }


def _switched_off(snapshot: Snapshot) -> tuple[str, ...]:
    """The kinds of a campaign's keys whose requests the company refuses."""
    kinds = [kind for kind in all_key_types() if kind.switch and "campaign" in kind.owners]
    return tuple(str(kind.label) for kind in kinds if not snapshot.switches.get(str(kind.switch), True))


# --- what may be asked ------------------------------------------------------------------------------------------
def asked_tags(campaign: CampaignSnapshot) -> list[str]:
    """The names of the tags that this campaign's buyers and conversions look at, in the order of the alphabet."""
    return sorted(
        {name for name in _looked_at(campaign) if name not in _AS_KNOWN}, key=str.casefold
    )


def _looked_at(campaign: CampaignSnapshot) -> Iterator[str]:
    for one in campaign.buyers.candidates:
        yield from (condition.key for condition in one.conditions)
        yield from one.needs
    for facts in campaign.conversions:
        yield from (condition.key for condition in facts.conditions)
