"""The keys of a campaign, publisher, buyer, group or company, at the bottom of its page."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.desk import CatalogueInline, ago, link, mine
from publishers.kinds import KeyKind, all_kinds
from publishers.models import Key

from . import key_display
from .keys import OWNERS


class KeysInline(CatalogueInline):
    """A list with a link for each kind of key that can be added; the key itself is edited on its own page."""

    model = Key
    owner = ""
    fields = readonly_fields = ["title", "kind", "address", "state", "last_used"]
    can_delete = False
    max_num = 0
    hide_title = True
    verbose_name_plural = "keys"
    template_after = "admin/add_keys.html"

    class Media:
        js = ["publishers/copy.js"]

    def kinds(self) -> list[type[KeyKind]]:
        return [kind for kind in all_kinds() if self.owner in kind.owners]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        working = Q(retired_at=None) | Q(retired_at__gt=timezone.now())
        rows = mine(request, super().get_queryset(request)).filter(working)
        if self.owner == "company":
            rows = rows.filter(campaign=None, publisher=None, buyer=None, group=None)
        return key_display.with_use(request, rows).order_by("pk")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="name")
    def title(self, key: Key) -> SafeString | str:
        return link(key)

    @display(description="type")
    def kind(self, key: Key) -> SafeString:
        """With what tells it from its like."""
        return format_html('{}<div class="text-xs">{}</div>', key_display.kind_label(key.type), key_display.gist(key))

    @display(description="ready URL")
    def address(self, key: Key) -> SafeString:
        return key_display.address(key)

    def state(self, key: Key) -> str:
        return key_display.state(key)

    def last_used(self, key: Any) -> str:
        return ago(key.last_used)


def keys_of(owner: str) -> type[KeysInline]:
    return type(f"{owner.capitalize()}KeysInline", (KeysInline,), {"owner": owner, "fk_name": owner})


def add_keys_to_pages() -> None:
    for owner, model in OWNERS.items():
        page: Any = admin.site.get_model_admin(model)
        page.inlines = [*page.inlines, keys_of(owner)]
