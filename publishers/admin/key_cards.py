"""How a key is shown: its address to copy, its state, its use. Whoever may not edit sees its last four characters."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import CharField, Count, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from campaigns.admin_base import ago_text
from publishers.instructions.page import key_requests, ready_url
from publishers.keys.types import find_key_type, key_type_label
from publishers.models import InstructionsLink, Key, LogEntry

_COUNTED = 1000
_SHOWN = 3  # handed out pages that a key's card names; more are on the key's own page


class KeyCard(NamedTuple):
    """A key among its owner's."""

    row: Any
    title: str
    key_type: str
    summary: str
    state: str
    address: SafeString
    last_used: str
    today: str
    log: str
    links: list[Any]
    more_links: int  # pages that it was handed out by, and that are not named
    may_add_link: bool


# --- what is read with the keys ---------------------------------------------------------------------------
def with_use(request: HttpRequest, keys: QuerySet[Key]) -> QuerySet[Key]:
    """Each key with its last request, how many there were today, and the installation's address as this user sees it.

    Today is the day on the clocks of the page; beyond a thousand requests nobody counts.
    """
    base_url = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/")
    last = LogEntry.objects.filter(key_pk=OuterRef("pk")).order_by("-id").values("at")[:1]
    return keys.annotate(
        last_used=Subquery(last),
        today=Coalesce(Subquery(_since_midnight()), 0),
        base_url=Value(base_url, output_field=CharField()),
    )


def _since_midnight() -> QuerySet[Any, Any]:
    """How many of a key's newest requests came today: as many rows are read as are counted, however long its log is."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    newest = LogEntry.objects.filter(key_pk=OuterRef(OuterRef("pk"))).order_by("-id").values("id")
    oldest_counted = Coalesce(Subquery(newest[_COUNTED - 1 : _COUNTED]), 0)
    rows = LogEntry.objects.filter(key_pk=OuterRef("pk"), id__gte=oldest_counted, at__gte=midnight)
    return rows.order_by().values("key_pk").annotate(requests=Count("pk")).values("requests")


def with_live_links(keys: QuerySet[Key]) -> QuerySet[Key]:
    """Each key with the live pages of posting instructions for it."""
    live = InstructionsLink.objects.live().select_related("publisher").order_by("pk")
    return keys.prefetch_related(Prefetch("instructions_links", live, to_attr="live_links"))


# --- how it is shown --------------------------------------------------------------------------------------
def key_cards(keys: Iterable[Any]) -> list[KeyCard]:
    """For keys with their use and links."""
    log = reverse("admin:publishers_logentry_changelist")
    return [
        KeyCard(
            row=key,
            title=str(key_title(key)),
            key_type=key_type_label(key.type),
            summary=key_summary(key),
            state=key_state(key),
            address=key_address(key),
            last_used=ago_text(key.last_used),
            today=requests_today(key),
            log=f"{log}?key_pk={key.pk}",
            links=key.live_links[:_SHOWN],
            more_links=max(0, len(key.live_links) - _SHOWN),
            may_add_link=key.retired_at is None and bool(key.campaign_id or not key.live_links),
        )
        for key in keys
    ]


def key_title(key: Key) -> str:
    return key.name or f"…{key.key[-4:]}"


def key_summary(key: Key) -> str:
    key_type = find_key_type(key.type)
    return key_type.summary(key_type.full(key.settings)) if key_type else ""


def key_state(key: Key) -> str:
    if key.is_dead(now=timezone.now()):
        return "Revoked"
    if key.retired_at:
        return f"Valid until {timezone.localtime(key.retired_at):%b %-d, %H:%M %Z}"
    return "Paused" if key.paused else "Active"


def key_address(key: Any) -> SafeString:
    """The ready address with a button that copies it, and what its capitals stand for; from `with_use` and `desk.mine`."""
    url = ready_url(key=key, base_url=key.base_url)
    shown = url if key.clear else url.replace(key.key, f"…{key.key[-4:]}")
    told = key_requests(key)
    context = {"key": key, "url": shown, "told": told[0] if told else None, "may_copy": key.clear}
    return render_to_string("publishers/keys/url.html", context)


def requests_today(key: Any) -> str:
    return f"{key.today} or more" if key.today >= _COUNTED else str(key.today)
