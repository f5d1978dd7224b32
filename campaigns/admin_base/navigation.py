"""The sidebar of the admin."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Item = dict[str, Any]


def _list(title: Promise, icon: str, name: str, permission: str = "is_member") -> Item:
    """Return the entry of a model's list."""
    return _page(title, icon, f"admin:{name}_changelist", permission)


def _page(title: Promise, icon: str, name: str, permission: str = "is_member") -> Item:
    permission = f"campaigns.admin_base.{permission}"
    return {"title": title, "icon": icon, "link": reverse_lazy(name), "permission": permission}


def sidebar(_request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar, for UNFOLD's `navigation`."""
    return [
        {
            "title": _("Today"),
            "items": [
                _page(_("Dashboard"), "monitoring", "dashboard"),
                _page(_("One caller"), "contact_phone", "caller"),
                _page(_("Dry run"), "science", "dry-run"),
                _page(_("Softphone"), "dialer_sip", "softphone"),
            ],
        },
        {
            "title": _("Demand"),
            "items": [
                _list(_("Campaigns"), "campaign", "campaigns_campaign"),
                _list(_("Buyers"), "support_agent", "campaigns_buyer"),
                _list(_("Groups"), "groups", "campaigns_buyergroup"),
            ],
        },
        {
            "title": _("Supply"),
            "items": [
                _list(_("Publishers"), "podcasts", "publishers_publisher"),
                _list(_("Numbers"), "dialpad", "publishers_inboundnumber"),
                _list(_("Keys"), "key", "publishers_key"),
            ],
        },
        {
            "title": _("Activity"),
            "items": [
                _list(_("Postback log"), "receipt_long", "publishers_logentry"),
                _list(_("Reservations"), "event_available", "reservations_reservation"),
                _list(_("Calls"), "phone_in_talk", "callcontrol_call"),
            ],
        },
        {
            "title": _("Settings"),
            "items": [
                _list(_("Company"), "apartment", "campaigns_company"),
                _page(_("Changes"), "history", "changes", "is_editor"),
                _list(_("People"), "group", "campaigns_member", "is_owner"),
                _list(_("Accounts"), "manage_accounts", "auth_user", "is_superuser"),
                {
                    "title": _("My password"),
                    "icon": "password",
                    "link": reverse_lazy("admin:password_change"),
                },
            ],
        },
    ]
