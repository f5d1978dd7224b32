"""Schema of a catalogue file: its lists, the models of their rows, and the fields of each."""

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
    """A list of the file and the model of its rows."""

    name: str  # the name of the list in the file
    noun: str  # the name of an item in labels and errors
    model: type[models.Model]
    columns: Mapping[str, Reader] = field(default_factory=dict)
    # Foreign keys -> the noun of the row that the file names by its ID.
    references: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    id: str = ""  # the column that identifies a row within its company
    bare: str = ""  # the field of an item that is written as text instead of a mapping
    # The columns that identify an item of a nested list; without any, its position does.
    identity: tuple[str, ...] = ()
    unique: bool = True  # whether two items with the same identity are an error
    # The columns that a new row fills with a generated value if the file leaves them out.
    generated: tuple[str, ...] = ()
    lists: tuple["Shape", ...] = ()

    @property
    def owner(self) -> str:
        """Return the foreign key to the row that holds the list."""
        return str(getattr(self.model, "belongs_to", "") or "")


def _columns(
    model: type[models.Model], names: str, readers: Mapping[str, Reader] | None = None
) -> dict[str, Reader]:
    return {name: column(model, name, (readers or {}).get(name)) for name in names.split()}


def _filters(model: type[models.Model]) -> Shape:
    # Calls compare the value as text: an unquoted `null` means these four letters.
    columns = _columns(model, "key operator value", {"value": fields.text})
    return Shape(
        "filters",
        "filter",
        model,
        columns,
        required=("key",),
        identity=("key", "operator", "value"),
        unique=False,
    )


HOURS = Shape(
    "business_hours",
    "business hours",
    BusinessHours,
    _columns(BusinessHours, "day open close"),
    required=("day", "open", "close"),
    identity=("day", "open"),
)
CLOSED = Shape(
    "closed_dates",
    "closed date",
    ClosedDate,
    _columns(ClosedDate, "date"),
    required=("date",),
    bare="date",
    identity=("date",),
)
SPECIAL = Shape(
    "special_hours",
    "special hours",
    SpecialHours,
    _columns(SpecialHours, "date open close"),
    required=("date", "open", "close"),
    identity=("date", "open"),
)
MEMBERS = Shape(
    "buyers",
    "member",
    GroupMember,
    {},
    {"buyer": "buyer"},
    required=("buyer",),
    bare="buyer",
    identity=("buyer",),
)
ROUTES = Shape(
    "routes",
    "route",
    Route,
    _columns(Route, "priority weight"),
    {"buyer": "buyer", "group": "group"},
    identity=("buyer", "group"),
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
    identity=("name",),
    generated=("secret",),
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

# Rows are written in this order: a section comes after the sections that it refers to.
SECTIONS = (PUBLISHERS, BUYERS, GROUPS, CAMPAIGNS)


def nested(shapes: Iterable[Shape] = SECTIONS) -> list[Shape]:
    """Return all nested lists, the inner ones after the outer."""
    outer = [inner for shape in shapes for inner in shape.lists]
    return outer + (nested(outer) if outer else [])


def default(shape: Shape, name: str) -> Any:
    """Return the default of a field."""
    model_field: Any = shape.model._meta.get_field(name)
    return model_field.get_default()
