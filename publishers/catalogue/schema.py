"""What a catalogue file is made of: which lists hold which rows, and by which fields. Everything
else reads it from here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from campaigns.models import (
    BusinessHours,
    Buyer,
    BuyerGroup,
    Campaign,
    ClosedDate,
    Company,
    Filter,
    GroupMember,
    Route,
    SpecialHours,
    Webhook,
    WebhookFilter,
)
from publishers.models import Conversion, ConversionFilter, InboundNumber, Key, Publisher

from . import fields
from .fields import Reader, column


@dataclass(frozen=True)
class Shape:
    """A list of the file and the rows that it stands for."""

    name: str  # what the file calls the list
    noun: str  # what we call one of its items
    model: type[models.Model]
    columns: Mapping[str, Reader] = field(default_factory=dict)
    references: Mapping[str, str] = field(
        default_factory=dict
    )  # foreign key -> noun of what it names by its id
    required: tuple[str, ...] = ()
    id: str = ""  # the column that identifies a row within its company
    bare: str = ""  # an item may be a plain text instead of a mapping: this field
    same: tuple[
        str, ...
    ] = ()  # columns that identify an item of a nested list; empty: its position does
    once: bool = True  # two such items are a mistake
    made: tuple[
        str, ...
    ] = ()  # columns that get a generated value in a new row; a file may leave them out
    lists: tuple["Shape", ...] = ()

    @property
    def owner(self) -> str:
        """The foreign key to what holds the list."""
        return str(getattr(self.model, "belongs_to", "") or "")


def _columns(
    model: type[models.Model], names: str, readers: Mapping[str, Reader] | None = None
) -> dict[str, Reader]:
    return {name: column(model, name, (readers or {}).get(name)) for name in names.split()}


def _filters(model: type[models.Model]) -> Shape:
    # A value is compared as a text: an unquoted `null` there means these four letters.
    columns = _columns(model, "key operator value", {"value": fields.text})
    return Shape(
        "filters",
        "filter",
        model,
        columns,
        required=("key",),
        same=("key", "operator", "value"),
        once=False,
    )


HOURS = Shape(
    "business_hours",
    "business hours",
    BusinessHours,
    _columns(BusinessHours, "day open close"),
    required=("day", "open", "close"),
    same=("day", "open"),
)
CLOSED = Shape(
    "closed_dates",
    "closed date",
    ClosedDate,
    _columns(ClosedDate, "date"),
    required=("date",),
    bare="date",
    same=("date",),
)
SPECIAL = Shape(
    "special_hours",
    "special hours",
    SpecialHours,
    _columns(SpecialHours, "date open close"),
    required=("date", "open", "close"),
    same=("date", "open"),
)
MEMBERS = Shape(
    "buyers",
    "member",
    GroupMember,
    {},
    {"buyer": "buyer"},
    required=("buyer",),
    bare="buyer",
    same=("buyer",),
)
ROUTES = Shape(
    "routes",
    "route",
    Route,
    _columns(Route, "priority weight"),
    {"buyer": "buyer", "group": "group"},
    same=("buyer", "group"),
)
CONVERSIONS = Shape(
    "conversions",
    "conversion",
    Conversion,
    _columns(Conversion, "seconds payout revenue"),
    {"publisher": "publisher", "buyer": "buyer"},
    lists=(_filters(ConversionFilter),),
)
WEBHOOKS = Shape(
    "webhooks",
    "webhook",
    Webhook,
    _columns(Webhook, "name trigger method url values deadline_ms secret", {"values": fields.tags}),
    required=("name", "trigger", "url"),
    same=("name",),
    made=("secret",),
    lists=(_filters(WebhookFilter),),
)

_CAPS = "concurrency_cap hourly_cap daily_cap monthly_cap hard_cap cap_counts"
_COMPANY = (
    "company_id name time_zone region currency rtb_enabled call_reservations_enabled"
    " call_data_writing_enabled call_control_enabled dial_prefixes static_caller_numbers"
)
_BUYER = (
    "buyer_id name number sip_username sip_password send_digits inband_signals priority weight"
    " timeout_seconds paused time_zone acceptance acceptance_seconds caller_id"
)

COMPANY = Shape(
    "company",
    "company",
    Company,
    _columns(
        Company,
        _COMPANY,
        {
            "dial_prefixes": fields.list_of(fields.prefix),
            "static_caller_numbers": fields.list_of(fields.read_phone),
        },
    ),
    required=("name",),
    id="company_id",
    bare="name",
)
PUBLISHERS = Shape(
    "publishers",
    "publisher",
    Publisher,
    _columns(Publisher, "publisher_id name paused"),
    required=("name",),
    id="publisher_id",
)
BUYERS = Shape(
    "buyers",
    "buyer",
    Buyer,
    _columns(
        Buyer, f"{_BUYER} {_CAPS}", {"number": fields.read_dialable, "caller_id": fields.caller_id}
    ),
    required=("name", "number"),
    id="buyer_id",
    lists=(HOURS, CLOSED, SPECIAL, _filters(Filter)),
)
GROUPS = Shape(
    "buyer_groups",
    "group",
    BuyerGroup,
    _columns(BuyerGroup, f"group_id name {_CAPS}"),
    required=("name",),
    id="group_id",
    lists=(MEMBERS,),
)
CAMPAIGNS = Shape(
    "campaigns",
    "campaign",
    Campaign,
    _columns(Campaign, "campaign_id name paused time_zone dedupe_seconds duplicates"),
    required=("name",),
    id="campaign_id",
    lists=(ROUTES, CONVERSIONS, WEBHOOKS),
)
NUMBERS = Shape(
    "numbers",
    "number",
    InboundNumber,
    _columns(
        InboundNumber,
        "number tags ask_caller_number",
        {"number": fields.read_phone, "tags": fields.tags},
    ),
    {"publisher": "publisher"},
    required=("number",),
    id="number",
    bare="number",
)
KEYS = Shape(
    "postback_keys",
    "key",
    Key,
    _columns(
        Key,
        "key type name paused requests_per_second burst allowed_networks",
        {"key": fields.key, "allowed_networks": fields.list_of(fields.network)},
    ),
)

# In this order they are written: what is named comes before what names it.
SECTIONS = (PUBLISHERS, BUYERS, GROUPS, CAMPAIGNS)


def nested(shapes: Iterable[Shape] = SECTIONS) -> list[Shape]:
    """Every nested list, the inner ones after the outer."""
    outer = [inner for shape in shapes for inner in shape.lists]
    return outer + (nested(outer) if outer else [])


def default(shape: Shape, name: str) -> Any:
    """Return the default of a field."""
    model_field: Any = shape.model._meta.get_field(name)
    return model_field.get_default()
