"""Snapshots of a company's settings: complete, of the current version, and of one version."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.models import CatalogueVersion
from campaigns.routing.engine import Condition
from publishers import snapshot
from publishers.models import ConversionFilter, Key
from publishers.snapshot import (
    ConversionSnapshot,
    NumberSnapshot,
    PublisherSnapshot,
    Snapshot,
    WebhookSnapshot,
    current_snapshot,
    snapshot_of,
)
from tests.factories import (
    make_buyer,
    make_campaign,
    make_company,
    make_conversion,
    make_group,
    make_key,
    make_number,
    make_publisher,
    make_ready_key,
    make_route,
    make_webhook,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 6, 25, tzinfo=UTC)


@pytest.fixture
def key() -> Key:
    return make_ready_key()


def current(key: Key) -> Snapshot:
    return current_snapshot(key.company_id)


def version(key: Key) -> int:
    return CatalogueVersion.objects.get(company=key.company).version


# --- when it is built -----------------------------------------------------------------------------
def test_a_snapshot_is_built_once_per_version(key: Key) -> None:
    first = current(key)
    with CaptureQueriesContext(connection) as captured:
        again = snapshot_of(key.company_id, first.version)
    assert again is first
    assert len(captured) == 0


def test_another_version_is_read_again(key: Key) -> None:
    first = current(key)
    key.name = "renamed"
    key.save()
    assert (current(key) is first) is False
    assert current(key).version == version(key)


def test_an_outdated_version_returns_the_current_snapshot(key: Key) -> None:
    assert snapshot_of(key.company_id, version(key) + 1).version == version(key)


def test_a_rolled_back_change_is_not_in_the_snapshot(key: Key) -> None:
    with transaction.atomic():
        key.campaign.paused = True
        key.campaign.save()
        assert current(key).campaigns[key.campaign.pk].paused is True
        transaction.set_rollback(True)
    assert current(key).campaigns[key.campaign.pk].paused is False


def test_a_change_during_the_reading_is_read_again(key: Key) -> None:
    changed: list[int] = []

    def change_once(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if 'FROM "publishers_publisher"' in sql and not changed:
            changed.append(make_publisher(key.company, publisher_id="new").pk)
        return found

    with connection.execute_wrapper(change_once):
        facts = current(key)
    assert [*facts.publishers] == changed
    assert facts.version == version(key)


def test_another_companys_change_leaves_the_version(key: Key) -> None:
    before = version(key)
    make_ready_key()
    assert version(key) == before


# --- its contents ---------------------------------------------------------------------------------
def test_the_company(key: Key) -> None:
    company = make_company(name="Acme", region="GB", time_zone="Europe/London", rtb_enabled=False)
    facts = current_snapshot(company.pk)
    assert facts.name == "Acme"
    assert facts.region == "GB"
    assert facts.time_zone == "Europe/London"
    assert facts.retired is False
    assert facts.switches == {
        "rtb_enabled": False,
        "call_reservations_enabled": True,
        "call_data_writing_enabled": True,
        "call_control_enabled": True,
    }


def test_a_key_has_its_types_defaults_for_missing_settings(key: Key) -> None:
    Key.objects.filter(pk=key.pk).update(settings={"ttl_seconds": 7, "forgotten": 1})
    assert current(key).keys[key.pk].settings == {
        "ttl_seconds": 7,
        "count_on_reserve": False,
        "route_only_to_reserved_buyer": False,
        "required_tags": [],
        "tag_prefix": "",
        "shield_scope": "key",
        "allow_no_caller_number": False,
        "inbound_number": "",
        "return_sip_address": False,
    }


@pytest.mark.parametrize("owner", ["campaign", "publisher", "buyer", "group"])
def test_a_key_of_a_retired_owner(owner: str) -> None:
    row = {
        "campaign": make_campaign,
        "publisher": make_publisher,
        "buyer": make_buyer,
        "group": make_group,
    }[owner]()
    key = make_key(
        "call_data_writing" if owner in ("campaign", "publisher") else "call_control",
        **{owner: row},
    )
    row.retire(now=NOW)
    facts = current(key).keys[key.pk]
    assert facts.owner_is_gone is True
    assert getattr(facts, f"{owner}_pk") == row.pk


def test_numbers_fixed_and_of_the_pool() -> None:
    campaign = make_campaign()
    publisher = make_publisher(campaign.company)
    fixed = make_number(campaign, publisher=publisher, tags={"site": "a"})
    pooled = [make_number(campaign, in_pool=True).number for _ in range(2)]
    make_number(campaign).retire(now=NOW)
    facts = current_snapshot(campaign.company_id)
    assert facts.numbers[fixed.number] == NumberSnapshot(
        fixed.number, campaign.pk, publisher.pk, {"site": "a"}, False
    )
    found = facts.campaigns[campaign.pk]
    assert found.fixed_numbers == (fixed.number,)
    assert found.pool_numbers == tuple(sorted(pooled))


def test_publishers_by_row_and_by_their_id() -> None:
    publisher = make_publisher(publisher_id="alpha", paused=True)
    make_publisher(publisher.company, publisher_id="gone").retire(now=NOW)
    facts = current_snapshot(publisher.company_id)
    known = PublisherSnapshot(publisher.pk, "alpha", True)
    assert facts.publishers == {publisher.pk: known}
    assert facts.publishers_by_id == {"alpha": known}


def test_a_campaign_with_its_conversions_in_order() -> None:
    campaign = make_campaign(dedupe_seconds=60, duplicates="refuse")
    publisher = make_publisher(campaign.company)
    second = make_conversion(campaign, position=2)
    first = make_conversion(campaign, position=1, publisher=publisher, seconds=30)
    ConversionFilter.objects.create(conversion=first, key="zip", operator="==", value="90210")
    facts = current_snapshot(campaign.company_id).campaigns[campaign.pk]
    pay = Decimal("90.0000"), Decimal("120.0000")
    conditions = (Condition("zip", "==", "90210"),)
    assert facts.conversions == (
        ConversionSnapshot(30, *pay, publisher.pk, None, conditions, first.pk),
        ConversionSnapshot(120, *pay, None, None, (), second.pk),
    )
    assert facts.dedupe_seconds == 60
    assert facts.duplicates == "refuse"
    assert facts.time_zone == "UTC"


def test_a_campaign_with_its_webhooks_by_name() -> None:
    campaign = make_campaign()
    second = make_webhook(
        campaign, name="Z", trigger="ended", method="GET", deadline_ms=500, values={"zip": "a.b"}
    )
    first = make_webhook(campaign, [("zip", "==", "90210")], name="A")
    found = current_snapshot(campaign.company_id).campaigns[campaign.pk].webhooks
    url, conditions = "https://hooks.example.com/lead", (Condition("zip", "==", "90210"),)
    assert found == (
        WebhookSnapshot(first.pk, "A", "start", "POST", url, {}, 2.0, first.secret, conditions),
        WebhookSnapshot(
            second.pk, "Z", "ended", "GET", url, {"zip": "a.b"}, 0.5, second.secret, ()
        ),
    )


def test_the_url_and_secret_of_a_webhook_are_not_in_tracebacks() -> None:
    hook = make_webhook(url="https://a.example/?key=f382")
    (facts,) = current_snapshot(hook.company_id).campaigns[hook.campaign_id].webhooks
    assert (hook.secret in repr(facts)) is False
    assert ("f382" in repr(facts)) is False


def test_a_retired_campaign_is_left_out() -> None:
    campaign = make_campaign()
    campaign.retire(now=NOW)
    assert current_snapshot(campaign.company_id).campaigns == {}


def test_reading_takes_as_many_queries_for_more_rows(key: Key) -> None:
    def cost() -> int:
        snapshot._cache.clear()
        with CaptureQueriesContext(connection) as captured:
            current(key)
        return len(captured)

    make_conversion(key.campaign)
    make_webhook(key.campaign)
    before = cost()
    make_route(key.owner)
    make_conversion(key.owner)
    make_webhook(key.owner, name="Another")
    make_number(key.owner)
    make_key(campaign=key.owner)
    assert cost() == before
