"""Cards of instructions links: URL, subject and creation."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaigns.admin_base import admin_link, moment_text
from publishers.keys.types import key_type_label
from publishers.models import InstructionsLink


class LinkCard(NamedTuple):
    """A card in the list of a key's or publisher's links."""

    row: Any
    recipient: Any
    key_type: str
    address: SafeString
    created: str


def link_cards(links: Iterable[Any]) -> list[LinkCard]:
    return [
        LinkCard(
            link,
            link.publisher or link.key.owner,
            key_type_label(link.key.type),
            link_address(link),
            link_creation(link),
        )
        for link in links
    ]


def with_links(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate each link with the base URL for this user, its creator and its last renewer."""
    history: Any = InstructionsLink.history.filter(id=OuterRef("pk")).order_by("history_id")
    renewed = history.filter(renewed_at=OuterRef("renewed_at"))
    base_url = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/")
    return rows.annotate(
        base_url=Value(base_url.rstrip("/"), output_field=CharField()),
        created_by=Subquery(history.values("history_user__username")[:1]),
        renewed_by=Subquery(renewed.values("history_user__username")[:1]),
    )


def link_url(link: Any) -> str:
    return f"{link.base_url}{reverse('instructions', args=[link.token])}"


def link_address(link: Any) -> SafeString:
    """Return the URL with buttons to copy and to open it."""
    return render_to_string(
        "publishers/instructions_links/url.html", {"link": link, "url": link_url(link)}
    )


def link_subject(link: InstructionsLink) -> SafeString:
    """Return the key and its type, with the campaign that shares it."""
    key = link.key
    campaign = format_html(" · {}", admin_link(key.campaign)) if key.campaign else ""
    return format_html(
        '<span class="key-line">{} · {}{}</span>',
        admin_link(key),
        key_type_label(key.type),
        campaign,
    )


def link_creation(link: Any) -> str:
    """Return the time and the user of the link's creation and of its renewal."""
    created = _time_and_user(link.created_at, link.created_by)
    if not link.renewed_at:
        return created
    renewed = _time_and_user(link.renewed_at, link.renewed_by)
    return _("%(created)s; renewed %(renewed)s") % {"created": created, "renewed": renewed}


def _time_and_user(at: Any, user: str | None) -> str:
    when = moment_text(at)
    return _("%(when)s by %(user)s") % {"when": when, "user": user} if user else when
