"""Immutable snapshots of a company's settings, built once per version in each process."""

import threading
from collections import defaultdict
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
    """A key; `settings` include the type's defaults, and `end` is the last part of its text."""

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
    pk: int | None = None  # None for a quoted conversion that has been deleted
    quoted: bool = False  # whether the amounts are those that a reservation quoted


@dataclass(frozen=True, slots=True)
class WebhookSnapshot:
    """A webhook: `url` has its [tokens], and `values` maps tags to paths in the answer."""

    row: int
    name: str
    trigger: str
    method: str
    url: str = field(repr=False)  # like the secret, kept out of tracebacks
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
    """The settings of a company that a decision needs.

    Dictionaries are by primary key, `publishers_by_id` by ID and `numbers` by number.
    """

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


_cache: dict[int, Snapshot] = {}
_building = threading.Lock()


def snapshot_of(company_pk: int, version: int) -> Snapshot:
    """Return the company's settings at this version, or newer."""
    snapshot = _cache.get(company_pk)
    if snapshot is not None and snapshot.version == version:
        return snapshot
    with _building:
        # Another thread may have built it while this one waited for the lock.
        snapshot = _cache.get(company_pk)
        if snapshot is not None and snapshot.version == version:
            return snapshot
        # Read again if the version has changed meanwhile: the snapshot could hold half of a change.
        versions = CatalogueVersion.objects.filter(company_id=company_pk)
        while True:
            version = versions.get().version
            snapshot = _read(Company.objects.get(pk=company_pk), version)
            if versions.filter(version=version).exists():
                _cache[company_pk] = snapshot
                return snapshot


def current_snapshot(company_pk: int) -> Snapshot:
    """Return the current settings; reads their version from the database."""
    return snapshot_of(company_pk, CatalogueVersion.objects.get(company_id=company_pk).version)


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
        # Revoked keys too: their error differs from that of a key with a deleted owner.
        keys={
            row.pk: _key_snapshot(row)
            for row in Key.objects.of(company).select_related(
                "campaign", "publisher", "buyer", "group"
            )
        },
        campaigns=_campaigns(company, numbers),
        publishers=publishers,
        publishers_by_id={row.publisher_id: row for row in publishers.values()},
        numbers=numbers,
    )


def _key_snapshot(row: Key) -> KeySnapshot:
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
    # In the order of their models: conversions by position, webhooks by name.
    conversions: dict[int, list[ConversionSnapshot]] = defaultdict(list)
    for conversion in Conversion.objects.of(company).prefetch_related("filters"):
        conversions[conversion.campaign_id].append(conversion_snapshot(conversion))
    webhooks: dict[int, list[WebhookSnapshot]] = defaultdict(list)
    for webhook in Webhook.objects.of(company).prefetch_related("filters"):
        webhooks[webhook.campaign_id].append(webhook_snapshot(webhook))
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
            conversions=tuple(conversions[row.pk]),
            webhooks=tuple(webhooks[row.pk]),
        )
        for row in Campaign.objects.of(company).unretired()
    }


def _numbers_of(
    campaign: Campaign, numbers: Mapping[str, NumberSnapshot], *, in_pool: bool
) -> tuple[str, ...]:
    rows = [row for row in numbers.values() if row.campaign_pk == campaign.pk]
    return tuple(sorted(row.number for row in rows if row.in_pool == in_pool))


def conversion_snapshot(row: Conversion) -> ConversionSnapshot:
    return ConversionSnapshot(
        seconds=row.seconds,
        payout=row.payout,
        revenue=row.revenue,
        publisher_pk=row.publisher_id,
        buyer_pk=row.buyer_id,
        conditions=_conditions(row),
        pk=row.pk,
    )


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
