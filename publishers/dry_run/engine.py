"""Dry run: decide as for a ping at any moment, without writing or taking anything."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from campaigns import duplicates, phone
from campaigns.caps import counters
from campaigns.errors import NotFound, Refusal
from campaigns.models import CapCounter, Company, ConvertedCaller
from campaigns.routing import engine, explain
from campaigns.routing.engine import Candidate, Decision, Pool, Verdict
from publishers import conversions
from publishers.keys.types import all_key_types
from publishers.models import StoredTag
from publishers.snapshot import CampaignSnapshot, PublisherSnapshot, Snapshot, current_snapshot

_MAX_CONVERSIONS = 500  # of one caller, because thousands of callers may share a number
_PING_FIELDS = ("publisher_id", "campaign_id", "caller_number")  # filters read them without a tag
CHOSEN, ELIGIBLE = "chosen", "eligible"
Conversions = list[tuple[int, datetime]]  # (buyer, moment), the newest first


@dataclass(frozen=True, slots=True)
class QuotedPay:
    """Payout, revenue and seconds that a ping is quoted, in the company's currency."""

    payout: Decimal
    revenue: Decimal
    seconds: int


@dataclass(frozen=True, slots=True)
class BuyerStanding:
    """A buyer in a decision: its `place`, or the `reason` of its refusal with a sentence.

    `chance` is the probability of the first place. A stored decision has neither chances nor
    quotes.
    """

    row: int
    name: str
    place: int | None
    reason: str | None
    sentence: str
    chance: float = 0
    quote: QuotedPay | None = None

    @property
    def state(self) -> str:
        return self.reason or (CHOSEN if self.place == 1 else ELIGIBLE)


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """The ping, its decision, and everything else that went into it.

    - `paused`: "campaign" or "publisher" if a ping would be rejected, else blank.
    - `disabled_types`: labels of the campaign's key types that the company has switched off.
    - `stored_tags`: tags that wait for the caller's call.
    - `number_tags`: the place that the caller's number belongs to.
    - `converted_at`: the caller's last conversion, if another one would be a duplicate.
    - `at_other_time`: the moment is not the present.
    """

    campaign: CampaignSnapshot
    publisher: PublisherSnapshot | None
    ping: engine.Ping
    decision: Decision
    paused: str
    disabled_types: tuple[str, ...]
    stored_tags: Mapping[str, str]
    number_tags: Mapping[str, str]
    converted_at: datetime | None
    at_other_time: bool

    @property
    def result(self) -> str:
        """The result of the ping, as the log writes it."""
        return "rejected" if self.paused else "reserved" if self.decision.order else "no-target"

    @property
    def duplicate_until(self) -> datetime | None:
        if self.converted_at is None:
            return None
        return self.converted_at + timedelta(seconds=self.campaign.dedupe_seconds)

    def lines(self) -> list[str]:
        """Return a line for a pause, and one for each buyer, in the campaign's time zone."""
        lines = explain.decision_lines(self.decision, self.campaign.time_zone)
        if self.paused:
            lines.insert(
                0, f"The {self.paused} is paused: pings are rejected, calls find no buyer."
            )
        return lines

    def standings(self) -> list[BuyerStanding]:
        """Return the eligible buyers by place, then the refused by reason."""
        chances, zone = first_chances(self.decision.order), self.campaign.time_zone
        eligible = [
            replace(
                buyer_standing(
                    buyer.row, Verdict(buyer.buyer_id, buyer.name, place, None, None), zone
                ),
                chance=chances.get(buyer.row, 0),
                quote=self.quote(buyer),
            )
            for place, buyer in enumerate(self.decision.order, 1)
        ]
        refused = [
            buyer_standing(
                buyer.row, Verdict(buyer.buyer_id, buyer.name, None, reason, detail), zone
            )
            for reason, pairs in self.decision.refused.items()
            for buyer, detail in pairs
        ]
        return eligible + refused

    def quote(self, buyer: Candidate) -> QuotedPay:
        """Return the quote of a ping that reserves this buyer."""
        applying = conversions.applying_conversions(
            self.campaign.conversions,
            publisher_pk=self.publisher.row if self.publisher else None,
            buyer_pk=buyer.row,
            holds=lambda conditions: engine.conditions_hold(conditions, self.ping),
        )
        return QuotedPay(*conversions.quote_of(applying))


def first_chances(order: tuple[Candidate, ...]) -> dict[int, float]:
    """Return each buyer's probability of the first place, by row.

    The draw is a race of exponential times, which buyers of the first priority win in exact
    proportion to their weights.
    """
    first = [buyer for buyer in order if buyer.priority == order[0].priority]
    total = sum(buyer.weight for buyer in first)
    return {buyer.row: buyer.weight / total for buyer in first}


def buyer_standing(row: int, verdict: Verdict, time_zone: str) -> BuyerStanding:
    """Return a verdict with its reason as a sentence; times are in `time_zone`."""
    sentence = (
        explain.refusal_text(verdict.reason, verdict.detail, time_zone) if verdict.reason else ""
    )
    return BuyerStanding(row, verdict.name, verdict.place, verdict.reason, sentence)


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
    """Decide as for a ping with the stored tags and conversions. Equal seeds draw equal orders.

    At another moment (`at`), hourly, daily and monthly caps are those of that moment, with their
    present counts; concurrency and hard caps, which have no window, are as of now. An unknown
    publisher becomes a tag. Raises NotFound for an unknown campaign and Refusal for an invalid
    caller number.
    """
    snapshot, moment = current_snapshot(company.pk), at or now
    campaign = _find_campaign(snapshot, campaign_id)
    caller = _parse_caller(caller_number, snapshot.region)
    publisher = snapshot.publishers_by_id.get(publisher_id or "")
    sent = dict(tags or {})
    if publisher_id and publisher is None:
        sent["publisher_id"] = publisher_id
    stored = _stored_tags(company, campaign, caller, moment)
    converted = _conversions(campaign, caller, now=now, moment=moment)
    earlier = duplicates.duplicates_among(
        converted,
        dedupe_seconds=campaign.dedupe_seconds,
        duplicates=campaign.duplicates,
        now=moment,
    )
    ping = engine.Ping(
        now=moment,
        campaign_id=campaign_id,
        caller_number=caller,
        tags=stored | sent,
        publisher_id=publisher.publisher_id if publisher else None,
        converted_buyers=earlier.converted_with,
        duplicate_refused=earlier.refused,
    )
    used = _used_caps(campaign.buyers, company.pk, moment)
    seed = random.getrandbits(53) if seed is None else seed
    place = phone.place(caller) if caller else {}
    reach = timedelta(seconds=campaign.dedupe_seconds)
    publisher_paused = publisher is not None and publisher.paused
    return DryRunResult(
        campaign=campaign,
        publisher=publisher,
        ping=ping,
        decision=engine.decide(campaign.buyers, ping, used, seed=seed),
        paused="campaign" if campaign.paused else "publisher" if publisher_paused else "",
        disabled_types=_disabled_types(snapshot),
        stored_tags={name: value for name, value in stored.items() if name not in sent},
        number_tags={n: value for n, value in place.items() if not ping.tags.get(n, "").strip()},
        converted_at=next((made for _, made in converted if abs(moment - made) < reach), None),
        at_other_time=at is not None,
    )


def _find_campaign(snapshot: Snapshot, campaign_id: str) -> CampaignSnapshot:
    for campaign in snapshot.campaigns.values():
        if campaign.campaign_id == campaign_id:
            return campaign
    raise NotFound(f"no campaign {campaign_id}")


def _parse_caller(text: str | None, region: str) -> str | None:
    if not text or phone.is_withheld(text):
        return None
    number = phone.to_e164(text, region)
    if number is None:
        raise Refusal("caller_number must be a phone number of 7 to 15 digits")
    return number


def _stored_tags(
    company: Company, campaign: CampaignSnapshot, caller: str | None, moment: datetime
) -> dict[str, str]:
    """Return the tags that wait for the caller's next call; later values replace earlier ones."""
    if caller is None:
        return {}
    rows = StoredTag.objects.filter(
        company=company,
        caller_number=caller,
        scope__in=["", f"campaign:{campaign.row}"],
        written_at__lte=moment,
        expires_at__gt=moment,
    )
    return dict(rows.order_by("written_at").values_list("name", "value"))


def _conversions(
    campaign: CampaignSnapshot, caller: str | None, *, now: datetime, moment: datetime
) -> Conversions:
    """Return the caller's paid conversions; at a past moment, those that existed then."""
    if caller is None or not campaign.dedupe_seconds:
        return []
    rows = ConvertedCaller.objects.filter(campaign_id=campaign.row, caller_number=caller, paid=True)
    if moment < now:
        rows = rows.filter(converted_at__lte=moment)
    newest = rows.order_by("-converted_at").values_list("buyer_pk", "converted_at")
    return list(newest[:_MAX_CONVERSIONS])


def _used_caps(pool: Pool, company_pk: int, moment: datetime) -> dict[tuple[str, str], int]:
    """Return the use of each (owner, cap) in the window of the moment, past or future."""
    owners = {
        capped.owner: capped for each in pool.candidates for capped in (each.own, *each.groups)
    }
    wanted = {
        (owner, cap, window)
        for owner, capped in owners.items()
        for cap, window, _limit in counters.windows(capped, moment)
    }
    rows = CapCounter.objects.filter(
        company_id=company_pk, window__in={window for _owner, _cap, window in wanted}
    )
    return {
        (owner, cap): used
        for owner, cap, window, used in rows.values_list("owner", "kind", "window", "used")
        if (owner, cap, window) in wanted
    }


def _disabled_types(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(
        str(key_type.label)
        for key_type in all_key_types()
        if key_type.switch
        and "campaign" in key_type.owners
        and not snapshot.switches.get(key_type.switch, True)
    )


def routing_tags(campaign: CampaignSnapshot) -> list[str]:
    """Return the names of the tags that the campaign's buyers and conversions read, sorted."""
    names: set[str] = set()
    for buyer in campaign.buyers.candidates:
        names.update(condition.key for condition in buyer.conditions)
        names.update(buyer.needs)
    for conversion in campaign.conversions:
        names.update(condition.key for condition in conversion.conditions)
    return sorted(names.difference(_PING_FIELDS), key=str.casefold)
