"""How a key is shown: its address to copy, its state, its last use. Whoever may not edit sees its last four characters."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from publishers.instructions import ready_url
from publishers.kinds import all_kinds
from publishers.models import Key, LogEntry

_COUNTED = 1000
# The classes are those that unfold ships.
_CODE = "desk-code bg-base-50 border border-base-200 px-2 py-1 rounded-default text-xs dark:bg-base-800 dark:border-base-700"
_BUTTON = "border border-base-200 cursor-pointer font-medium px-2 py-1 rounded-default text-xs dark:border-base-700"


def with_use(request: HttpRequest, keys: QuerySet[Key]) -> QuerySet[Key]:
    """Each key with the moment of its last request, and the installation's address as this user sees it."""
    last = LogEntry.objects.filter(key_row=OuterRef("pk")).order_by("-id").values("at")[:1]
    base_url = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/")
    return keys.annotate(last_used=Subquery(last), base_url=Value(base_url, output_field=CharField()))


def kind_label(slug: str) -> str:
    return next((kind.label for kind in all_kinds() if kind.slug == slug), slug)


def gist(key: Key) -> str:
    kind = next((kind for kind in all_kinds() if kind.slug == key.type), None)
    return kind.gist(kind.full(key.settings)) if kind else ""


def state(key: Key) -> str:
    if key.is_dead(now=timezone.now()):
        return "Revoked"
    if key.retired_at:
        return f"Valid until {timezone.localtime(key.retired_at):%b %-d, %H:%M %Z}"
    return "Paused" if key.paused else "Active"


def address(key: Any) -> SafeString:
    """The ready address with a button that copies it; `key` comes from `with_use` and `desk.mine`."""
    url = ready_url(key=key, base_url=key.base_url)
    if not url:
        return format_html("{}", "This key may do nothing yet: choose its actions.")
    if not key.clear:
        return format_html('<code class="{}">{}</code>', _CODE, url.replace(key.key, f"…{key.key[-4:]}"))
    return format_html(
        '<div class="flex flex-row gap-2 items-center"><button type="button" class="{}" data-copy="{}">Copy</button>'
        '<code class="{}">{}</code></div>',
        _BUTTON,
        url,
        _CODE,
        url,
    )


def requests_today(key: Key, *, now: datetime) -> str:
    """How many requests there were since midnight in the company's time zone; beyond a thousand they are not counted."""
    midnight = now.astimezone(ZoneInfo(key.company.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    newest = LogEntry.objects.filter(key_row=key.pk, at__gt=now - timedelta(days=2)).order_by("-id").values_list("at", flat=True)
    count = sum(at >= midnight for at in newest[:_COUNTED])
    return f"{count} or more" if count == _COUNTED else str(count)
