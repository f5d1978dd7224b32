"""Immutable snapshots of a company's settings, built once per version and process."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from campaigns.models import Campaign, CatalogueVersion, Company, Webhook
from campaigns.routing.engine import Condition, Pool
from campaigns.routing.snapshot import pools_of

from .keys.types import key_type_of
from .models import Conversion, InboundNumber, Key, Publisher


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """A key as it was when the snapshot was made; `settings` include the type's defaults."""

    row: int
    end: str
    type: str
    campaign_pk: int | None
    publisher_pk: int | None
    buyer_pk: int | None
    group_pk: int | None
    settings: Mapping[str, Any]
    paused: bool
    retired_at: datetime | None
    owner_is_gone: bool
    requests_per_second: int | None
    burst: int | None
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublisherSnapshot:
    row: int
    publisher_id: str
    paused: bool


@dataclass(frozen=True, slots=True)
class NumberSnapshot:
    number: str
    campaign_pk: int
    publisher_pk: int | None
    tags: Mapping[str, str]
    in_pool: bool


@dataclass(frozen=True, slots=True)
class ConversionSnapshot:
    seconds: int
    payout: Decimal
    revenue: Decimal
    publisher_pk: int | None
    buyer_pk: int | None
    conditions: tuple[Condition, ...]
    pk: int | None = None  # null: a quoted conversion that was deleted since
    quoted: bool = False  # the amounts are those that a reservation quoted


@dataclass(frozen=True, slots=True)
class WebhookSnapshot:
    """`url` with its [tokens]; it and `secret` are kept out of tracebacks. `values`: which path
    becomes which tag."""

    row: int
    name: str
    trigger: str
    method: str
    url: str = field(repr=False)
    values: Mapping[str, str]
    seconds: float
    secret: str = field(repr=False)
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    row: int
    campaign_id: str
    paused: bool
    time_zone: str
    dedupe_seconds: int
    duplicates: str
    buyers: Pool
    pool_numbers: tuple[str, ...]
    fixed_numbers: tuple[str, ...]
    conversions: tuple[ConversionSnapshot, ...]
    webhooks: tuple[WebhookSnapshot, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a decision needs of a company; dictionaries by row, publishers also by
    their id."""

    company_pk: int
    version: int
    company_id: str
    name: str
    region: str
    time_zone: str
    retired: bool
    switches: Mapping[str, bool]
    keys: Mapping[int, KeySnapshot]
    campaigns: Mapping[int, CampaignSnapshot]
    publishers: Mapping[int, PublisherSnapshot]
    publishers_by_id: Mapping[str, PublisherSnapshot]
    numbers: Mapping[str, NumberSnapshot]


_held: dict[int, Snapshot] = {}
_building = threading.Lock()


def snapshot_of(company_pk: int, version: int) -> Snapshot:
    """Return the company's settings at this version, or newer."""
    held = _held.get(company_pk)
    if held is not None and held.version == version:
        return held
    with _building:
        held = _held.get(company_pk)
        if held is None or held.version != version:
            held = _held[company_pk] = _build(company_pk)
    return held


def current_snapshot(company_pk: int) -> Snapshot:
    """Return the current settings, after a query for their version."""
    return snapshot_of(company_pk, CatalogueVersion.objects.get(company_id=company_pk).version)


def _build(company_pk: int) -> Snapshot:
    """Read until the version is the same before and after, so that no change is read by halves."""
    while True:
        version = CatalogueVersion.objects.get(company_id=company_pk).version
        snapshot = _read(Company.objects.get(pk=company_pk), version)
        if CatalogueVersion.objects.filter(company_id=company_pk, version=version).exists():
            return snapshot


def _read(company: Company, version: int) -> Snapshot:
    publishers = {
        row.pk: PublisherSnapshot(row.pk, row.publisher_id, row.paused)
        for row in Publisher.objects.of(company).unretired().only("publisher_id", "paused")
    }
    numbers = {
        row.number: NumberSnapshot(
            row.number, row.campaign_id, row.publisher_id, row.tags, row.in_pool
        )
        for row in InboundNumber.objects.of(company).unretired()
    }
    return Snapshot(
        company_pk=company.pk,
        version=version,
        company_id=company.company_id,
        name=company.name,
        region=company.region,
        time_zone=company.time_zone,
        retired=company.retired_at is not None,
        switches={
            name: value for name, value in vars(company).items() if name.endswith("_enabled")
        },
        keys=_keys(company),
        campaigns=_campaigns(company, numbers),
        publishers=publishers,
        publishers_by_id={facts.publisher_id: facts for facts in publishers.values()},
        numbers=numbers,
    )


def _keys(company: Company) -> dict[int, KeySnapshot]:
    """All keys, the revoked too: a revoked key is answered differently from a deleted owner's."""
    rows = Key.objects.of(company).select_related("campaign", "publisher", "buyer", "group")
    return {row.pk: _key_facts(row) for row in rows}


def _key_facts(row: Key) -> KeySnapshot:
    owners = [row.campaign, row.publisher, row.buyer, row.group]
    return KeySnapshot(
        row=row.pk,
        end=row.key[-4:],
        type=row.type,
        campaign_pk=row.campaign_id,
        publisher_pk=row.publisher_id,
        buyer_pk=row.buyer_id,
        group_pk=row.group_id,
        settings=key_type_of(row.type).full(row.settings),
        paused=row.paused,
        retired_at=row.retired_at,
        owner_is_gone=any(owner is not None and owner.retired_at is not None for owner in owners),
        requests_per_second=row.requests_per_second,
        burst=row.burst,
        networks=tuple(row.allowed_networks),
    )


def _campaigns(
    company: Company, numbers: Mapping[str, NumberSnapshot]
) -> dict[int, CampaignSnapshot]:
    pools = pools_of(company)
    conversions, webhooks = _conversions(company), _webhooks(company)
    return {
        row.pk: CampaignSnapshot(
            row=row.pk,
            campaign_id=row.campaign_id,
            paused=row.paused,
            time_zone=row.time_zone or company.time_zone,
            dedupe_seconds=row.dedupe_seconds,
            duplicates=row.duplicates,
            buyers=pools[row.pk],
            pool_numbers=_numbers_of(row, numbers, in_pool=True),
            fixed_numbers=_numbers_of(row, numbers, in_pool=False),
            conversions=tuple(conversions.get(row.pk, ())),
            webhooks=tuple(webhooks.get(row.pk, ())),
        )
        for row in Campaign.objects.of(company).unretired()
    }


def _numbers_of(
    campaign: Campaign, numbers: Mapping[str, NumberSnapshot], *, in_pool: bool
) -> tuple[str, ...]:
    return tuple(
        sorted(
            facts.number
            for facts in numbers.values()
            if facts.campaign_pk == campaign.pk and facts.in_pool == in_pool
        )
    )


def _conversions(company: Company) -> dict[int, list[ConversionSnapshot]]:
    found: dict[int, list[ConversionSnapshot]] = {}
    for row in Conversion.objects.of(company).prefetch_related("filters"):
        facts = ConversionSnapshot(
            seconds=row.seconds,
            payout=row.payout,
            revenue=row.revenue,
            publisher_pk=row.publisher_id,
            buyer_pk=row.buyer_id,
            conditions=_conditions(row),
            pk=row.pk,
        )
        found.setdefault(row.campaign_id, []).append(facts)
    return found


def _webhooks(company: Company) -> dict[int, list[WebhookSnapshot]]:
    """By campaign, in the order of their names."""
    found: dict[int, list[WebhookSnapshot]] = {}
    for row in Webhook.objects.of(company).prefetch_related("filters"):
        facts = webhook_snapshot(row)
        found.setdefault(row.campaign_id, []).append(facts)
    return found


def webhook_snapshot(row: Webhook) -> WebhookSnapshot:
    return WebhookSnapshot(
        row=row.pk,
        name=row.name,
        trigger=row.trigger,
        method=row.method,
        url=row.url,
        values=row.values,
        seconds=row.deadline_ms / 1000,
        secret=row.secret,
        conditions=_conditions(row),
    )


def _conditions(row: Conversion | Webhook) -> tuple[Condition, ...]:
    return tuple(Condition(item.key, item.operator, item.value) for item in row.filters.all())
