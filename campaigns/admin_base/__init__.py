"""Bases of the admin's pages: whose rows a person sees, what their role lets them do, and records that nobody edits."""

from .access import EDITORS, OWNERS, companies, is_editor, is_member, is_owner, is_superuser, may_edit, mine, roles, row_number
from .catalogue import AskForm, CatalogueAdmin, CatalogueInline, PausableAdmin
from .filters import CompanyFilter, RowFilter, TimeFilter
from .forms import (
    CatalogueForm,
    CatalogueFormSet,
    LinesField,
    OwnAutocomplete,
    PairsField,
    TimeZoneWidget,
    in_house_style,
    narrow,
)
from .pages import DeskPage
from .records import ReadOnlyAdmin, ReadOnlyInline, ago, host_of, link, mask_text, moment, money, pre, pretty

__all__ = [
    "EDITORS",
    "OWNERS",
    "AskForm",
    "CatalogueAdmin",
    "CatalogueForm",
    "CatalogueFormSet",
    "CatalogueInline",
    "CompanyFilter",
    "DeskPage",
    "LinesField",
    "OwnAutocomplete",
    "PairsField",
    "PausableAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "RowFilter",
    "TimeFilter",
    "TimeZoneWidget",
    "ago",
    "companies",
    "host_of",
    "in_house_style",
    "is_editor",
    "is_member",
    "is_owner",
    "is_superuser",
    "link",
    "mask_text",
    "may_edit",
    "mine",
    "moment",
    "money",
    "narrow",
    "pre",
    "pretty",
    "roles",
    "row_number",
]
