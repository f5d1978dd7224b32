"""A dry run: who would get this caller at this moment, and why not the others. Nothing is written or taken."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns import caps, phone, repeats, routing, words
from campaigns.models import Company
from campaigns.refusals import NotFound, Refusal
from campaigns.repeats import Repeats
from campaigns.routing import Decision

from .models import StoredTag
from .snapshot import CampaignFacts, PublisherFacts, Snapshot, current_snapshot


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried and decided; `paused` is what would turn a ping away before anybody is asked, blank when nothing does."""

    campaign: CampaignFacts
    ping: routing.Ping
    decision: Decision
    paused: str

    def lines(self) -> list[str]:
        """One sentence for each buyer, times in the campaign's time zone; first what is paused."""
        before = [f"The {self.paused} is paused: a ping is rejected, a call finds no buyer."] if self.paused else []
        return before + words.lines(self.decision, self.campaign.time_zone)


def run(
    *,
    company: Company,
    campaign_id: str,
    now: datetime,
    caller_number: str | None = None,
    publisher_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> Trial:
    """Decides as for a ping: waiting tags and conversions count, the caps are as used now. The same seed draws the same order.

    Raises NotFound for an unknown campaign, and Refusal for a caller that is no number. An unknown publisher is a tag.
    """
    snapshot = current_snapshot(company.pk)
    campaign = next((facts for facts in snapshot.campaigns.values() if facts.campaign_id == campaign_id), None)
    if campaign is None:
        raise NotFound(f"no campaign {campaign_id}")
    caller = _caller(caller_number, snapshot)
    publisher = snapshot.publishers_by_id.get(publisher_id or "")
    known = _waiting(campaign, caller, company, now) | dict(tags or {})
    if publisher_id and publisher is None:
        known["publisher_id"] = publisher_id
    earlier = _earlier(campaign, caller, now)
    ping = routing.Ping(
        now=now,
        campaign_id=campaign_id,
        caller_number=caller,
        tags=known,
        publisher_id=publisher.publisher_id if publisher else None,
        converted_with=earlier.converted_with,
        repeat_refused=earlier.refused,
    )
    used = caps.full_counters(company.pk, now)
    seed = random.getrandbits(53) if seed is None else seed
    return Trial(campaign, ping, routing.decide(campaign.buyers, ping, used, seed=seed), _paused(campaign, publisher))


def _caller(written: str | None, snapshot: Snapshot) -> str | None:
    if not written or phone.is_withheld(written):
        return None
    number = phone.to_e164(written, snapshot.region)
    if number is None:
        raise Refusal("caller_number must be a phone number of 7 to 15 digits")
    return number


def _waiting(campaign: CampaignFacts, caller: str | None, company: Company, now: datetime) -> dict[str, str]:
    """The tags that wait for this caller's next call, the later value of a name over the earlier; they go on waiting."""
    if caller is None:
        return {}
    scopes = ["", f"campaign:{campaign.row}"]
    rows = StoredTag.objects.filter(company=company, caller_number=caller, scope__in=scopes, expires_at__gt=now)
    return dict(rows.order_by("written_at").values_list("name", "value"))


def _earlier(campaign: CampaignFacts, caller: str | None, now: datetime) -> Repeats:
    """What it means that the caller has converted."""
    return repeats.before(
        campaign_row=campaign.row,
        caller_number=caller,
        dedupe_seconds=campaign.dedupe_seconds,
        duplicates=campaign.duplicates,
        now=now,
    )


def _paused(campaign: CampaignFacts, publisher: PublisherFacts | None) -> str:
    return "campaign" if campaign.paused else "publisher" if publisher and publisher.paused else ""
