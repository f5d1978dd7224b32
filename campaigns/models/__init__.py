"""The models of demand: companies, members, campaigns, buyers, groups, hours, filters and caps."""

from .buyer import Buyer, BuyerGroup, GroupMember
from .campaign import Campaign, Route
from .caps import CapCounter, CapHold, CapKind
from .catalogue import CatalogueRow, CatalogueVersion, Retirable, new_short_id
from .choices import ActiveStatus, ColoredChoices
from .company import Company, Member
from .conditions import BusinessHours, ClosedDate, Filter, FilterRow, SpecialHours
from .converted_caller import ConvertedCaller
from .lease import Lease
from .webhook import Webhook, WebhookFilter

__all__ = [
    "ActiveStatus",
    "BusinessHours",
    "Buyer",
    "BuyerGroup",
    "Campaign",
    "CapCounter",
    "CapHold",
    "CapKind",
    "CatalogueRow",
    "CatalogueVersion",
    "ClosedDate",
    "ColoredChoices",
    "Company",
    "ConvertedCaller",
    "Filter",
    "FilterRow",
    "GroupMember",
    "Lease",
    "Member",
    "Retirable",
    "Route",
    "SpecialHours",
    "Webhook",
    "WebhookFilter",
    "new_short_id",
]
