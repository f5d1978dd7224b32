"""Posting instructions in the admin: handed out from a key or a publisher, listed with their links, renewed, switched off."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.admin_base import (
    EDITORS,
    CatalogueAdmin,
    CatalogueFormSet,
    CatalogueInline,
    CompanyFilter,
    ConfirmForm,
    RowFilter,
    admin_link,
    companies,
    may_edit,
    parse_pk,
    visible_to,
)
from campaigns.errors import Refusal
from publishers.instructions import links
from publishers.keys.types import key_type_label
from publishers.models import InstructionsLink, Key, Publisher

from . import instructions_link_cards


# --- lists on other pages ---------------------------------------------------------------------------------
class LinkFormSet(CatalogueFormSet):
    """Pages that are looked at; what is done with them has pages of its own."""

    @property
    def shown(self) -> list[instructions_link_cards.LinkCard]:
        return instructions_link_cards.link_cards(form.instance for form in self.initial_forms)


class LinkInline(CatalogueInline):
    """The live pages of a key, or of a publisher, on its own page."""

    model = InstructionsLink
    formset = LinkFormSet
    template = "publishers/instructions_links/cards.html"
    can_delete = False
    max_num = 0
    fields = ()

    class Media:
        css = {"all": ["publishers/keys.css"]}
        js = ["publishers/copy.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = links.with_related(InstructionsLink.objects.live())
        return instructions_link_cards.with_links(
            request, visible_to(request, rows).filter(clear=True)
        ).order_by("pk")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and may_edit(request, obj.company_id)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_add_permission = has_change_permission


class KeyLinkInline(LinkInline):
    fk_name = "key"
    owner = "key"
    verbose_name_plural = "posting instructions: who was sent a page for this key"


class PublisherLinkInline(LinkInline):
    fk_name = "publisher"
    owner = "publisher"
    verbose_name_plural = "posting instructions: what this publisher was sent"


# --- what to hand out ---------------------------------------------------------------------------------------
class LinkChoices:
    """What an address wants to hand out: a key, a publisher, or both; each of the user's own, and still of use."""

    def __init__(self, request: HttpRequest) -> None:
        now = timezone.now()
        self.key: Any = _named(
            request,
            "key",
            Key.objects.filter(retired_at=None).select_related("company", "publisher"),
        )
        self.publisher: Any = _named(request, "publisher", Publisher.objects.unretired())
        if self.key is not None and self.key.is_dead(now=now):
            self.key = None
        if self.key is None and self.publisher is None:
            raise Http404("There is no such key or publisher.")

    @property
    def row(self) -> Any:
        return self.key or self.publisher

    def keys(self) -> QuerySet[Any]:
        """The campaigns' keys that this publisher has no page for."""
        shared = Key.objects.filter(
            company=self.row.company_id, retired_at=None, campaign__retired_at=None
        )
        had = InstructionsLink.objects.live().filter(publisher=self.publisher).values("key")
        return (
            shared.exclude(campaign=None)
            .exclude(pk__in=had)
            .select_related("campaign")
            .order_by("campaign__name", "pk")
        )

    def publishers(self) -> QuerySet[Any]:
        """Those of the company that have no page for this key."""
        had = (
            InstructionsLink.objects.live()
            .filter(key=self.key)
            .exclude(publisher=None)
            .values("publisher")
        )
        return (
            Publisher.objects.unretired()
            .filter(company=self.row.company_id)
            .exclude(pk__in=had)
            .order_by("name")
        )


def _named(request: HttpRequest, name: str, rows: QuerySet[Any]) -> Any:
    row = parse_pk(request.GET.get(name, ""))
    found = None if row is None else visible_to(request, rows).filter(pk=row).first()
    return found if found is not None and may_edit(request, found.company_id) else None


class KeyChoice(forms.ModelChoiceField):
    def label_from_instance(self, key: Any) -> str:
        return f"{key.campaign}: {key_type_label(key.type)}{f', {key.name}' if key.name else ''}"


class LinkForm(ConfirmForm):
    """Asks for what the address leaves open: nothing, for a key that is only its owner's."""

    def __init__(self, data: Any, *, offer: LinkChoices) -> None:
        super().__init__(data)
        self.offer = offer
        if offer.key is None:
            self.fields["key"] = KeyChoice(
                offer.keys(),
                empty_label=None,
                widget=UnfoldAdminSelectWidget(),
                help_text="A campaign's keys are shared: each publisher gets a page with its own ID filled in.",
            )
        elif offer.key.campaign_id and offer.publisher is None:
            self.fields["publisher"] = forms.ModelChoiceField(
                offer.publishers(),
                empty_label=None,
                widget=UnfoldAdminSelectWidget(),
                help_text="Its ID will be filled in everywhere on the page, so that its calls are its own.",
            )

    def chosen(self) -> tuple[Key, Publisher | None]:
        return self.cleaned_data.get("key") or self.offer.key, self.cleaned_data.get(
            "publisher"
        ) or self.offer.publisher


# --- the pages of their own ---------------------------------------------------------------------------------
class LinkPublisherFilter(RowFilter):
    title = "publisher"
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_id"


@admin.register(InstructionsLink)
class InstructionsLinkAdmin(CatalogueAdmin):
    """Not edited: made, renewed and switched off. Only who may edit sees any of it."""

    list_display = ["__str__", "about", "state", "made"]
    list_filter = [LinkPublisherFilter, CompanyFilter]
    search_fields = ["key__name", "publisher__name"]
    ordering = ["-pk"]
    fieldsets = [(None, {"fields": ["address", ("whom", "about"), ("state", "made")]})]
    readonly_fields = ["address", "whom", "about", "state", "made"]
    actions_detail = ["renew", "switch_off"]
    hint = "Nobody was sent posting instructions yet. Hand them out on the page of a key or of a publisher."

    class Media:
        css = {"all": ["publishers/keys.css"]}
        js = ["publishers/copy.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = links.with_related(super().get_queryset(request))
        return instructions_link_cards.with_links(request, rows.filter(clear=True))

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows

    def is_over(self, obj: InstructionsLink) -> bool:
        return obj.switched_off_at is not None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_edit(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, None if obj is None else obj.company_id)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_edit_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        row = self.get_object(request, str(object_id))
        return row is not None and may_edit(request, row.company_id) and not self.is_over(row)

    # --- what is shown ---
    @display(description="for")
    def whom(self, link: InstructionsLink) -> SafeString | str:
        return admin_link(link.publisher or link.key.owner)

    @display(description="key")
    def about(self, link: InstructionsLink) -> SafeString:
        return instructions_link_cards.link_subject(link)

    @display(description="state", label={"Live": "success", "Switched off": "danger"})
    def state(self, link: InstructionsLink) -> str:
        return "Switched off" if link.switched_off_at else "Live"

    @display(description="made")
    def made(self, link: Any) -> str:
        return instructions_link_cards.link_creation(link)

    @display(description="link to send")
    def address(self, link: Any) -> SafeString | str:
        return (
            "It was switched off; the link leads nowhere."
            if link.switched_off_at
            else instructions_link_cards.link_address(link)
        )

    # --- what is done ---
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Asks what the address leaves open, and makes the page."""
        if not {"key", "publisher"} & request.GET.keys():
            return self._where(request)
        offer = LinkChoices(request)
        if (has := _standing(offer)) is not None:
            self.message_user(
                request, "These posting instructions were handed out already: here is their link."
            )
            return redirect(self.change_url(has))
        form = LinkForm(request.POST if request.method == "POST" else None, offer=offer)
        if request.method != "POST" or not form.is_valid():
            return self._ask(request, offer, form)
        key, publisher = form.chosen()
        try:
            made = links.create_link(key=key, publisher=publisher, now=timezone.now())
        except Refusal as refusal:
            self.message_user(request, f"{refusal.text[:1].upper()}{refusal.text[1:]}.", "ERROR")
            return redirect(self.change_url(offer.row))
        self.message_user(request, "The page is made. Copy its link, and send it.")
        return redirect(self.change_url(made))

    def _ask(self, request: HttpRequest, offer: LinkChoices, form: LinkForm) -> HttpResponse:
        to = offer.publisher or (None if offer.key.campaign_id else offer.key.owner)
        lines = [
            "A page of its own is made, with a link that nobody can guess. Whoever has the link needs no account.",
            "It shows this key's address, parameters and answers, examples, and a form to try it; nothing else of the company.",
        ]
        if any(not field.queryset.exists() for field in form.fields.values()):  # type: ignore[attr-defined]
            lines = [_nothing_left(offer)]
            return self.page(
                request,
                "publishers/instructions_links/nothing_left.html",
                title="Posting instructions",
                lines=lines,
                back=self.change_url(offer.row),
            )
        title = f"Hand out posting instructions{f' for {offer.key}' if offer.key else ''}{f' to {to}' if to else ''}"
        return self.confirm_page(
            request, offer.row, title=title, label="Make the page", lines=lines, form=form
        )

    def _where(self, request: HttpRequest) -> HttpResponse:
        """Posting instructions begin with a publisher, or with a key."""
        if not self.has_add_permission(request):
            raise Http404
        mine_now = (
            Publisher.objects.unretired()
            .filter(company__in=companies(request, allowed=EDITORS))
            .order_by("name")[:100]
        )
        choices = [
            (f"?{urlencode({'publisher': row.pk})}", row.name, f"Publisher ID {row.publisher_id}")
            for row in mine_now
        ]
        empty = "There is no publisher yet. Add one first; the instructions are made for it."
        return self.page(
            request,
            "admin/choices.html",
            title="Hand out posting instructions: to whom?",
            choices=choices,
            empty=empty,
        )

    @action(description="Renew", url_path="renew", permissions=["edit"], icon="autorenew")
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lines = (
            "A new link is made, and the old one leads nowhere from then on.",
            "The key stays the same.",
        )
        return self._act(
            request,
            object_id,
            links.renew_link,
            "Renew the link",
            lines,
            "The link is new. Send it to whom it is for.",
        )

    @action(
        description="Switch off",
        url_path="switch-off",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="link_off",
    )
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lines = (
            "The link leads nowhere from then on.",
            "The key goes on working: revoke it to stop its requests.",
        )
        return self._act(
            request,
            object_id,
            links.disable_link,
            "Switch off",
            lines,
            "These instructions are switched off.",
        )

    def _act(
        self, request: HttpRequest, object_id: str, act: Any, label: str, lines: Any, done: str
    ) -> HttpResponse:
        link: Any = self.get_object(request, object_id)
        if request.method != "POST":
            return self.confirm_page(
                request, link, title=f"{label}: {link}?", label=label, lines=lines
            )
        try:
            act(link=link, now=timezone.now())
            self.message_user(request, done)
        except Refusal as refusal:
            self.message_user(request, f"{refusal.text[:1].upper()}{refusal.text[1:]}.", "ERROR")
        return redirect(self.change_url(link))


def _standing(offer: LinkChoices) -> InstructionsLink | None:
    """The live page of a key that has one only, or of this key and this publisher."""
    if offer.key is None or (offer.key.campaign_id and offer.publisher is None):
        return None
    publisher = offer.key.publisher or offer.publisher
    return InstructionsLink.objects.live().filter(key=offer.key, publisher=publisher).first()


def _nothing_left(offer: LinkChoices) -> str:
    if offer.key is None:
        return "This publisher has a page for every key that campaigns share. Add a key at the bottom of a campaign's page first."
    return "Every publisher has a page for this key. Add a publisher first."
