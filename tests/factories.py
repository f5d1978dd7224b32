"""Rows for tests: each function creates one row, with defaults for what a test leaves out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from campaigns.models import (
    Buyer,
    BuyerGroup,
    Campaign,
    Company,
    Filter,
    GroupMember,
    Route,
    Webhook,
    WebhookFilter,
)
from publishers.keys.types import key_type_of
from publishers.models import Conversion, InboundNumber, Key, LogEntry, Publisher

Row = TypeVar("Row", bound=models.Model)
_counted = count()
_unrecorded: list[bool] = []
_KEY_COLUMNS = {
    "key",
    "name",
    "paused",
    "requests_per_second",
    "burst",
    "allowed_networks",
    "retired_at",
}
_KEY_OWNERS = ("campaign", "publisher", "buyer", "group", "company")


def fresh_phone() -> str:
    """Return an unused fictional number (555-01xx), from area codes that no test names."""
    area, line = divmod(next(_counted), 100)
    return f"+1{500 + area % 299}55501{line:02}"


def _create(model: type[Row], **fields: Any) -> Row:
    row = model(**fields)
    if _unrecorded:
        row.skip_history_when_saving = True  # type: ignore[attr-defined]
    row.save(force_insert=True)
    vars(row).pop("skip_history_when_saving", None)
    return row


@contextmanager
def unrecorded() -> Iterator[None]:
    """Create rows without the history of their creation, which takes half of the time."""
    _unrecorded.append(True)
    try:
        yield
    finally:
        _unrecorded.pop()


def make_company(**fields: Any) -> Company:
    return _create(Company, **{"name": f"Company {next(_counted)}", **fields})


def make_campaign(company: Company | None = None, **fields: Any) -> Campaign:
    return _create(Campaign, company=company or make_company(), **{"name": "Roofing", **fields})


def make_buyer(
    company: Company | None = None, filters: list[tuple[str, str, str]] | None = None, **fields: Any
) -> Buyer:
    """Create a buyer; `filters` are (key, operator, value)."""
    buyer = _create(
        Buyer,
        company=company or make_company(),
        **{"name": "Buyer", "number": fresh_phone(), **fields},
    )
    for key, operator, value in filters or []:
        _create(Filter, buyer=buyer, key=key, operator=operator, value=value)
    return buyer


def make_group(
    company: Company | None = None, buyers: list[Buyer] | None = None, **fields: Any
) -> BuyerGroup:
    company = company or (buyers[0].company if buyers else make_company())
    group = _create(BuyerGroup, company=company, **{"name": "Group", **fields})
    for buyer in buyers or []:
        _create(GroupMember, group=group, buyer=buyer)
    return group


def make_route(campaign: Campaign, to: Buyer | BuyerGroup | None = None, **fields: Any) -> Route:
    """Create a route to `to`, or to a new buyer."""
    to = to or make_buyer(campaign.company)
    return _create(
        Route, campaign=campaign, **{"buyer" if isinstance(to, Buyer) else "group": to}, **fields
    )


def make_publisher(company: Company | None = None, **fields: Any) -> Publisher:
    return _create(Publisher, company=company or make_company(), **{"name": "Publisher", **fields})


def make_number(campaign: Campaign | None = None, **fields: Any) -> InboundNumber:
    return _create(
        InboundNumber, campaign=campaign or make_campaign(), **{"number": fresh_phone(), **fields}
    )


def make_conversion(campaign: Campaign | None = None, **fields: Any) -> Conversion:
    """Create a conversion: payout 90.00 and revenue 120.00 after 120 seconds."""
    pay = {"seconds": 120, "payout": Decimal("90.00"), "revenue": Decimal("120.00")}
    return _create(Conversion, campaign=campaign or make_campaign(), **{**pay, **fields})


def make_webhook(
    campaign: Campaign | None = None,
    filters: list[tuple[str, str, str]] | None = None,
    **fields: Any,
) -> Webhook:
    """Create a start webhook to an outside address; `filters` are (key, operator, value)."""
    usual = {"name": "Lead", "trigger": "start", "url": "https://hooks.example.com/lead"}
    webhook = _create(Webhook, campaign=campaign or make_campaign(), **usual | fields)
    for key, operator, value in filters or []:
        _create(WebhookFilter, webhook=webhook, key=key, operator=operator, value=value)
    return webhook


@unrecorded()
def make_market(*, caps: Sequence[int | None] = (None,), pool: int = 1) -> Campaign:
    """Create a campaign with numbers in its pool, a conversion, and the publisher alpha.

    Each of `caps` is the concurrency cap of a buyer: b1 of the first priority, b2 of the second …
    """
    campaign = make_campaign()
    for place, cap in enumerate(caps, 1):
        buyer = make_buyer(
            campaign.company,
            buyer_id=f"b{place}",
            name=f"Buyer {place}",
            priority=place,
            concurrency_cap=cap,
        )
        make_route(campaign, buyer)
    for _ in range(pool):
        make_number(campaign, in_pool=True)
    make_conversion(campaign)
    make_publisher(campaign.company, publisher_id="alpha")
    return campaign


def make_key(type: str = "rtb", **given: Any) -> Key:
    """Create a key of this type, with a new owner unless one is passed.

    Owners (`campaign=` …) and columns go by name; all else is a setting.
    """
    kind = key_type_of(type)
    owner = {name: given.pop(name) for name in _KEY_OWNERS if name in given} or _new_owner(
        kind.owners[0]
    )
    columns = {name: given.pop(name) for name in list(given) if name in _KEY_COLUMNS}
    return _create(Key, type=type, settings=kind.clean(given), **owner, **columns)


def _new_owner(name: str) -> dict[str, Any]:
    return {name: globals()[f"make_{name}"]()}


@unrecorded()
def make_ready_key(type: str = "rtb", company: Company | None = None, **given: Any) -> Key:
    """Create a key whose pings are answered `reserved`: its buyer takes every caller."""
    campaign = make_campaign(company)
    make_route(campaign)
    make_number(campaign, in_pool=True)
    return make_key(type, campaign=campaign, **given)


def make_entry(company: Company | None = None, **fields: Any) -> LogEntry:
    """Create a log entry of a ping answered `reserved`; without a company its key was refused."""
    shown = {
        "method": "POST",
        "path": "/rtbs.json",
        "status": 200,
        "result": "reserved",
        "duration_ms": 1.5,
        "type": "rtb",
    }
    parameters = {"caller_number": "(202) 555-0142", "caller_zip": "90210"}
    answer = '{"status":"reserved","inbound_number":"+18335550100"}'
    made = {
        "at": timezone.now(),
        "company_pk": company and company.pk,
        "parameters": parameters,
        "response": answer,
    }
    return LogEntry.objects.create(**{**shown, **made, "caller_number": "+12025550142", **fields})
