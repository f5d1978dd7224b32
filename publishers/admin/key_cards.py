"""Cards of keys: ready URL, state and use. Readers see only the last four characters."""

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
from django.utils.translation import gettext as _

from campaigns.admin_base import ago_text
from publishers.instructions.page import key_requests, ready_url
from publishers.keys.types import find_key_type, key_type_label
from publishers.models import InstructionsLink, Key, LogEntry

_MAX_COUNTED = 1000
_MAX_LINKS = 3  # on a card; the key's own page lists all


class KeyCard(NamedTuple):
    """A card in the list of an owner's keys."""

    row: Any
    title: str
    key_type: str
    summary: str
    state: str
    color: str
    address: SafeString
    last_used: str
    today: str
    log: str
    links: list[Any]
    more_links: int  # links beyond the listed ones
    may_add_link: bool


def with_use(request: HttpRequest, keys: QuerySet[Key]) -> QuerySet[Key]:
    """Annotate each key with its last request, today's requests, and the base URL for this user.

    Today begins at midnight in the page's time zone.
    """
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    newest = LogEntry.objects.filter(key_pk=OuterRef(OuterRef("pk"))).order_by("-id").values("id")
    # At most `_MAX_COUNTED` rows are read, however long the key's log is.
    oldest_counted = Coalesce(Subquery(newest[_MAX_COUNTED - 1 : _MAX_COUNTED]), 0)
    rows = LogEntry.objects.filter(key_pk=OuterRef("pk"), id__gte=oldest_counted, at__gte=midnight)
    today = rows.order_by().values("key_pk").annotate(requests=Count("pk")).values("requests")
    last = LogEntry.objects.filter(key_pk=OuterRef("pk")).order_by("-id").values("at")[:1]
    base_url = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/")
    return keys.annotate(
        last_used=Subquery(last),
        today=Coalesce(Subquery(today), 0),
        base_url=Value(base_url, output_field=CharField()),
    )


def with_live_links(keys: QuerySet[Key]) -> QuerySet[Key]:
    """Prefetch each key's live instructions links."""
    live = InstructionsLink.objects.live().select_related("publisher").order_by("pk")
    return keys.prefetch_related(Prefetch("instructions_links", live, to_attr="live_links"))


def key_cards(keys: Iterable[Any]) -> list[KeyCard]:
    """Return the cards of keys from `with_use` and `with_live_links`."""
    log = reverse("admin:publishers_logentry_changelist")
    return [
        KeyCard(
            row=key,
            title=str(key_title(key)),
            key_type=key_type_label(key.type),
            summary=key_summary(key),
            state=key_state(key)[1],
            color=key.state(now=timezone.now()).color,
            address=key_address(key),
            last_used=ago_text(key.last_used),
            today=requests_today(key),
            log=f"{log}?key_pk={key.pk}",
            links=key.live_links[:_MAX_LINKS],
            more_links=max(0, len(key.live_links) - _MAX_LINKS),
            may_add_link=key.retired_at is None and bool(key.campaign_id or not key.live_links),
        )
        for key in keys
    ]


def key_title(key: Key) -> str:
    return key.name or f"…{key.key[-4:]}"


def key_summary(key: Key) -> str:
    key_type = find_key_type(key.type)
    return key_type.summary(key_type.full(key.settings)) if key_type else ""


def key_state(key: Key) -> tuple[str, str]:
    """Return the state of a key now, for its color, and its text."""
    state = key.state(now=timezone.now())
    until = f"{timezone.localtime(key.retired_at):%b %-d, %H:%M %Z}" if key.retired_at else ""
    return state, str(state.label) % {"when": until}


def key_address(key: Any) -> SafeString:
    """Return the ready URL with a copy button and its parameters, for a key from `with_use`."""
    url = ready_url(key=key, base_url=key.base_url)
    shown = url if key.clear else url.replace(key.key, f"…{key.key[-4:]}")
    requests = key_requests(key)
    main = requests[0] if requests else None
    context = {"key": key, "url": shown, "request_example": main, "may_copy": key.clear}
    return render_to_string("publishers/keys/url.html", context)


def requests_today(key: Any) -> str:
    return (
        _("%(count)d or more") % {"count": key.today}
        if key.today >= _MAX_COUNTED
        else str(key.today)
    )
