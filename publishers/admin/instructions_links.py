"""Instructions links in the admin: created for a key or a publisher, renewed, switched off."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
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


class LinkFormSet(CatalogueFormSet):
    """Read-only links; their actions have their own pages."""

    @property
    def cards(self) -> list[instructions_link_cards.LinkCard]:
        return instructions_link_cards.link_cards(form.instance for form in self.initial_forms)


class LinkInline(CatalogueInline):
    """The live links of a key or of a publisher."""

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
    verbose_name_plural = _("posting instructions: links to this key")


class PublisherLinkInline(LinkInline):
    fk_name = "publisher"
    owner = "publisher"
    verbose_name_plural = _("posting instructions: links of this publisher")


class LinkChoices:
    """The key, the publisher, or both that a URL names; the user must be allowed to edit them."""

    def __init__(self, request: HttpRequest) -> None:
        now = timezone.now()
        self.key: Any = _find_named(
            request,
            "key",
            Key.objects.filter(retired_at=None).select_related("company", "publisher"),
        )
        self.publisher: Any = _find_named(request, "publisher", Publisher.objects.unretired())
        if self.key is not None and self.key.is_dead(now=now):
            self.key = None
        if self.key is None and self.publisher is None:
            raise Http404("Unknown key or publisher.")

    @property
    def row(self) -> Any:
        return self.key or self.publisher

    def keys(self) -> QuerySet[Any]:
        """Return the campaigns' keys without a link for this publisher."""
        shared = Key.objects.filter(
            company=self.row.company_id, retired_at=None, campaign__retired_at=None
        )
        linked = InstructionsLink.objects.live().filter(publisher=self.publisher).values("key")
        return (
            shared.exclude(campaign=None)
            .exclude(pk__in=linked)
            .select_related("campaign")
            .order_by("campaign__name", "pk")
        )

    def publishers(self) -> QuerySet[Any]:
        """Return the company's publishers without a link for this key."""
        linked = (
            InstructionsLink.objects.live()
            .filter(key=self.key)
            .exclude(publisher=None)
            .values("publisher")
        )
        return (
            Publisher.objects.unretired()
            .filter(company=self.row.company_id)
            .exclude(pk__in=linked)
            .order_by("name")
        )


def _find_named(request: HttpRequest, name: str, rows: QuerySet[Any]) -> Any:
    row = parse_pk(request.GET.get(name, ""))
    found = None if row is None else visible_to(request, rows).filter(pk=row).first()
    return found if found is not None and may_edit(request, found.company_id) else None


class KeyChoice(forms.ModelChoiceField):
    def label_from_instance(self, key: Any) -> str:
        return f"{key.campaign}: {key_type_label(key.type)}{f', {key.name}' if key.name else ''}"


class LinkForm(ConfirmForm):
    """Asks for the key or publisher that the URL leaves open."""

    def __init__(self, data: Any, *, choices: LinkChoices) -> None:
        super().__init__(data)
        self.choices = choices
        if choices.key is None:
            self.fields["key"] = KeyChoice(
                choices.keys(),
                empty_label=None,
                widget=UnfoldAdminSelectWidget(),
                help_text=_(
                    "Publishers share a campaign's keys. Each gets a page with its ID filled in."
                ),
            )
        elif choices.key.campaign_id and choices.publisher is None:
            self.fields["publisher"] = forms.ModelChoiceField(
                choices.publishers(),
                empty_label=None,
                widget=UnfoldAdminSelectWidget(),
                help_text=_("The page fills in the publisher's ID, which attributes its calls."),
            )

    def selected(self) -> tuple[Key, Publisher | None]:
        return self.cleaned_data.get("key") or self.choices.key, self.cleaned_data.get(
            "publisher"
        ) or self.choices.publisher


class LinkPublisherFilter(RowFilter):
    title = _("publisher")
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_id"


@admin.register(InstructionsLink)
class InstructionsLinkAdmin(CatalogueAdmin):
    """Links are created, renewed and switched off, not edited. Only editors see them."""

    list_display = ["__str__", "subject", "state", "created"]
    list_filter = [LinkPublisherFilter, CompanyFilter]
    search_fields = ["key__name", "publisher__name"]
    ordering = ["-pk"]
    fieldsets = [(None, {"fields": ["address", ("recipient", "subject"), ("state", "created")]})]
    readonly_fields = ["address", "recipient", "subject", "state", "created"]
    actions_detail = ["renew", "switch_off"]
    hint = _("No posting instructions yet. Create them on the page of a key or of a publisher.")

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

    # --- columns ---
    @display(description=_("for"))
    def recipient(self, link: InstructionsLink) -> SafeString | str:
        return admin_link(link.publisher or link.key.owner)

    @display(description=_("key"))
    def subject(self, link: InstructionsLink) -> SafeString:
        return instructions_link_cards.link_subject(link)

    @display(description=_("state"), label=InstructionsLink.State.colors())
    def state(self, link: InstructionsLink) -> Any:
        return link.state, link.state.label

    @display(description=_("created"))
    def created(self, link: Any) -> str:
        return instructions_link_cards.link_creation(link)

    @display(description=_("link to send"))
    def address(self, link: Any) -> SafeString | str:
        return (
            gettext("Switched off. The link no longer works.")
            if link.switched_off_at
            else instructions_link_cards.link_address(link)
        )

    # --- actions ---
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Ask for what the URL leaves open, then create the link."""
        if not {"key", "publisher"} & request.GET.keys():
            return self._publisher_choices(request)
        choices = LinkChoices(request)
        existing = None
        # A campaign's key takes a publisher, which the form asks for.
        if choices.key and (choices.publisher or not choices.key.campaign_id):
            live = InstructionsLink.objects.live().filter(key=choices.key)
            existing = live.filter(publisher=choices.key.publisher or choices.publisher).first()
        if existing is not None:
            self.message_user(
                request, gettext("These posting instructions already exist. This is their link.")
            )
            return redirect(self.change_url(existing))
        form = LinkForm(request.POST if request.method == "POST" else None, choices=choices)
        if request.method != "POST" or not form.is_valid():
            return self._ask(request, choices, form)
        key, publisher = form.selected()
        try:
            made = links.create_link(key=key, publisher=publisher, now=timezone.now())
        except Refusal as refusal:
            self.message_user(request, f"{refusal.text[:1].upper()}{refusal.text[1:]}.", "ERROR")
            return redirect(self.change_url(choices.row))
        self.message_user(request, gettext("The page is ready. Copy its link and send it."))
        return redirect(self.change_url(made))

    def _ask(self, request: HttpRequest, choices: LinkChoices, form: LinkForm) -> HttpResponse:
        if any(not field.queryset.exists() for field in form.fields.values()):  # type: ignore[attr-defined]
            if choices.key is None:
                line = gettext(
                    "This publisher has links to all keys of campaigns. "
                    "Add a key at the bottom of a campaign's page first."
                )
            else:
                line = gettext("Every publisher has a link to this key. Add a publisher first.")
            return self.page(
                request,
                "publishers/instructions_links/nothing_left.html",
                title=gettext("Posting instructions"),
                lines=[line],
                back=self.change_url(choices.row),
            )
        recipient = choices.publisher or (None if choices.key.campaign_id else choices.key.owner)
        title = gettext("Create posting instructions")
        if choices.key and recipient:
            title = gettext("Create posting instructions: %(key)s, for %(recipient)s")
        elif choices.key or recipient:
            title = gettext("Create posting instructions for %(row)s")
        names = {"key": choices.key, "recipient": recipient, "row": choices.key or recipient}
        lines = [
            gettext("Creates a page with a secret link. Readers of the page need no account."),
            gettext(
                "The page shows this key's URL, parameters, answers, examples and a test form, "
                "and nothing else of the company."
            ),
        ]
        return self.confirm_page(
            request,
            choices.row,
            title=title % names,
            label=gettext("Create the page"),
            lines=lines,
            form=form,
        )

    def _publisher_choices(self, request: HttpRequest) -> HttpResponse:
        """Offer the publishers, because a link needs a publisher or a key."""
        if not self.has_add_permission(request):
            raise Http404
        publishers = (
            Publisher.objects.unretired()
            .filter(company__in=companies(request, allowed=EDITORS))
            .order_by("name")[:100]
        )
        choices = [
            (
                f"?{urlencode({'publisher': row.pk})}",
                row.name,
                gettext("Publisher ID %(id)s") % {"id": row.publisher_id},
            )
            for row in publishers
        ]
        empty = gettext("There is no publisher yet. Add a publisher first.")
        return self.page(
            request,
            "admin/choices.html",
            title=gettext("Create posting instructions: choose the publisher"),
            choices=choices,
            empty=empty,
        )

    @action(description=_("Renew"), url_path="renew", permissions=["edit"], icon="autorenew")
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lines = (
            gettext("Creates a new link. The old link stops working at once."),
            gettext("The key stays the same."),
        )
        return self._act(
            request,
            object_id,
            links.renew_link,
            gettext("Renew the link"),
            lines,
            gettext("The link is renewed. Send it again."),
        )

    @action(
        description=_("Switch off"),
        url_path="switch-off",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="link_off",
    )
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lines = (
            gettext("The link stops working at once."),
            gettext("The key keeps working. Revoke it to stop its requests."),
        )
        return self._act(
            request,
            object_id,
            links.disable_link,
            gettext("Switch off"),
            lines,
            gettext("These posting instructions are switched off."),
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
