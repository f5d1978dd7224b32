"""The keys of an owner, at the bottom of its page."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.admin_base import CatalogueFormSet, CatalogueInline, visible_to
from publishers.keys.types import KeyType, all_key_types
from publishers.models import Key, Publisher

from . import key_cards
from .instructions_links import KeyLinkInline, PublisherLinkInline
from .keys import OWNERS


class KeysFormSet(CatalogueFormSet):
    """Read-only keys; each is edited on its own page."""

    @property
    def cards(self) -> list[key_cards.KeyCard]:
        return key_cards.key_cards(form.instance for form in self.initial_forms)


class KeysInline(CatalogueInline):
    """A card for each key, and a link for each type that can be added."""

    model = Key
    owner = ""
    formset = KeysFormSet
    template = "publishers/keys/cards.html"
    fields = ()
    can_delete = False
    max_num = 0
    verbose_name_plural = _("keys")

    class Media:
        css = {"all": ["publishers/keys.css"]}
        js = ["publishers/copy.js", "publishers/keys.js"]

    def key_types(self) -> list[type[KeyType]]:
        return [key_type for key_type in all_key_types() if self.owner in key_type.owners]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        working = Q(retired_at=None) | Q(retired_at__gt=timezone.now())
        rows = (
            visible_to(request, super().get_queryset(request))
            .filter(working)
            .select_related("company")
        )
        if self.owner == "company":
            rows = rows.filter(campaign=None, publisher=None, buyer=None, group=None)
        return key_cards.with_live_links(key_cards.with_use(request, rows)).order_by("pk")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def keys_of(owner: str) -> type[KeysInline]:
    return type(
        f"{owner.capitalize()}KeysInline", (KeysInline,), {"owner": owner, "fk_name": owner}
    )


def add_keys_to_pages() -> None:
    """Add keys to their owners' pages, and instructions links to those of keys and publishers."""
    ends: list[tuple[Any, type[CatalogueInline]]] = [
        (model, keys_of(owner)) for owner, model in OWNERS.items()
    ]
    ends += [(Key, KeyLinkInline), (Publisher, PublisherLinkInline)]
    for model, inline in ends:
        page: Any = admin.site.get_model_admin(model)
        page.inlines = [*page.inlines, inline]
