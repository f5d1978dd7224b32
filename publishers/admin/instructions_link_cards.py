"""How posting instructions are shown: the link to copy, what they are about, and who made them when."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.admin_base import admin_link, moment_text
from publishers.keys.types import key_type_label
from publishers.models import InstructionsLink


class LinkCard(NamedTuple):
    """A page among those of its key, or of its publisher."""

    row: Any
    whom: Any
    key_type: str
    address: SafeString
    made: str


def link_cards(links: Iterable[Any]) -> list[LinkCard]:
    return [
        LinkCard(
            one,
            one.publisher or one.key.owner,
            key_type_label(one.key.type),
            link_address(one),
            link_creation(one),
        )
        for one in links
    ]


def with_links(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Each page with the installation's address as this user sees it, and who made it and who renewed it last."""
    history: Any = InstructionsLink.history.filter(id=OuterRef("pk")).order_by("history_id")
    renewed = history.filter(renewed_at=OuterRef("renewed_at"))
    base_url = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/")
    return rows.annotate(
        base_url=Value(base_url.rstrip("/"), output_field=CharField()),
        made_by=Subquery(history.values("history_user__username")[:1]),
        renewed_by=Subquery(renewed.values("history_user__username")[:1]),
    )


def link_url(link: Any) -> str:
    return f"{link.base_url}{reverse('instructions', args=[link.token])}"


def link_address(link: Any) -> SafeString:
    """The link, with a button that copies it and one that opens the page."""
    return render_to_string(
        "publishers/instructions_links/url.html", {"link": link, "url": link_url(link)}
    )


def link_subject(link: InstructionsLink) -> SafeString:
    """The key, and whose it is where that is not said by whom the page is for."""
    key = link.key
    whose = format_html(" · {}", admin_link(key.campaign)) if key.campaign else ""
    return format_html(
        '<span class="key-line">{} · {}{}</span>',
        admin_link(key),
        key_type_label(key.type),
        whose,
    )


def link_creation(link: Any) -> str:
    told = _by(link.made_by, link.created_at)
    return f"{told}; renewed {_by(link.renewed_by, link.renewed_at)}" if link.renewed_at else told


def _by(person: str | None, at: Any) -> str:
    return f"{moment_text(at)}{f' by {person}' if person else ''}"
