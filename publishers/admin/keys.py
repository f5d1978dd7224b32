"""Keys in the admin: created for one owner, paused, rolled over and revoked, never deleted."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter, DropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from campaigns.admin_base import (
    EDITORS,
    CompanyFilter,
    PausableAdmin,
    admin_link,
    ago_text,
    companies,
    may_edit,
    parse_pk,
    visible_to,
)
from campaigns.errors import Refusal
from campaigns.models import Buyer, BuyerGroup, Campaign, Company
from publishers.keys import rotation
from publishers.keys.types import (
    KeyType,
    all_key_types,
    find_key_type,
    key_type_label,
    key_type_of,
)
from publishers.models import Key, Publisher

from . import key_cards
from .key_forms import (
    SETTING_PREFIX,
    RequestedKey,
    RollForm,
    key_form,
    setting_label,
    setting_text,
)

OWNERS: dict[str, type[Model]] = {
    "campaign": Campaign,
    "publisher": Publisher,
    "buyer": Buyer,
    "group": BuyerGroup,
    "company": Company,
}


class KeyTypeFilter(DropdownFilter):
    title = gettext_lazy("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key_type.slug, str(key_type.label)) for key_type in all_key_types()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(type=self.value()) if self.value() else None


@admin.register(Key)
class KeyAdmin(PausableAdmin):
    list_display = ["title", "key_type", "owner", "state", "last_used", "requests_today"]
    list_filter = [KeyTypeFilter, ("paused", BooleanRadioFilter), CompanyFilter]
    list_select_related = ["campaign", "publisher", "buyer", "group"]
    search_fields = [
        "name",
        "=key",
        "campaign__name",
        "publisher__name",
        "buyer__name",
        "group__name",
    ]
    ordering = ["-pk"]
    readonly_fields = [
        "key_type",
        "owner",
        "address",
        "state",
        "last_used",
        "requests_today",
        "settings_in_words",
        "networks",
    ]
    actions_detail = ["pause_key", "resume_key", "roll", "revoke"]
    change_form_before_template = "publishers/keys/intro.html"
    hint = gettext_lazy(
        "No key yet. Add keys at the bottom of the page of a campaign, publisher, buyer or group."
    )

    class Media:
        css = {"all": ["publishers/keys.css"]}
        js = ["publishers/copy.js"]

    # --- rows and permissions ---
    def get_queryset(self, request: HttpRequest) -> QuerySet[Key]:
        return key_cards.with_use(request, super().get_queryset(request))

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """List a rolled-over key for as long as it works."""
        return rows.filter(Q(retired_at=None) | Q(retired_at__gt=timezone.now()))

    def is_over(self, obj: Key) -> bool:
        return obj.is_dead(now=timezone.now())

    def requested(self, request: HttpRequest) -> RequestedKey | None:
        """Return the type and owner that the URL names, if the user may add such a key."""
        key_type = find_key_type(request.GET.get("type"))
        for name in key_type.owners if key_type else ():
            pk = parse_pk(request.GET.get(name, ""))
            company_field = "id" if name == "company" else "company_id"
            owners = OWNERS[name]._default_manager.filter(retired_at=None)
            owner: Any = visible_to(request, owners, company_field=company_field)
            owner = None if pk is None else owner.filter(pk=pk).first()
            if key_type and owner and may_edit(request, getattr(owner, company_field)):
                return RequestedKey(key_type, name, owner)
        return None

    def company_for_new(self, request: HttpRequest) -> Company | None:
        requested = self.requested(request)
        if requested is None:
            return None
        owner: Any = requested.owner
        company: Company = owner if requested.owner_name == "company" else owner.company
        return company

    # --- the form ---
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if requested := self.requested(request):
            key_type = requested.key_type
            extra = {
                "title": _("Add key: %(type)s") % {"type": key_type.label},
                "requested": requested,
                "works_by_default": bool(key_type.requests(key_type.defaults())),
            }
            return super().add_view(request, form_url, extra | (extra_context or {}))
        if not self.has_add_permission(request):
            raise PermissionDenied
        if any(name in request.GET for name in OWNERS):
            raise Http404("Unknown owner or key type.")
        choices = [
            choice for each in all_key_types() for choice in self._owner_choices(request, each)
        ]
        title = _("Add key: choose its type and owner")
        return self.page(request, "admin/choices.html", title=title, choices=choices, empty="")

    def _owner_choices(
        self, request: HttpRequest, key_type: type[KeyType]
    ) -> list[tuple[str, str, str]]:
        """Return the URL, label and description of each place to add a key of this type."""
        choices = []
        for name in key_type.owners:
            if name == "company":
                continue
            opts = OWNERS[name]._meta
            url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
            owner = {"type": key_type.label, "owner": opts.verbose_name}
            where = _("Open the %(owner)s and add the key at the bottom of its page.") % owner
            label = _("%(type)s, for a %(owner)s") % owner
            choices.append((url, label, f"{key_type.about()} {where}"))
        if "company" in key_type.owners:
            for company in companies(request, allowed=EDITORS):
                label = _("%(type)s of %(company)s") % {"type": key_type.label, "company": company}
                url = f"?type={key_type.slug}&company={company.pk}"
                choices.append((url, label, key_type.about()))
        return choices

    def _key_type(self, request: HttpRequest, key: Key | None) -> type[KeyType]:
        if key:
            return key_type_of(key.type)
        requested = self.requested(request)
        return requested.key_type if requested else KeyType

    def get_fieldsets(self, request: HttpRequest, obj: Key | None = None) -> Any:
        key_type = self._key_type(request, obj)
        may_change = obj is None or self.has_change_permission(request, obj)
        settings = [SETTING_PREFIX + name for name in key_type.fields]
        networks = "allowed_networks" if may_change else "networks"
        rows: list[Any] = ["name"]
        if obj:
            rows = [("name", "paused"), ("key_type", "owner"), "address"]
            rows += [("last_used", "requests_today"), "state"]
        fieldsets: list[Any] = [(None, {"fields": rows})]
        if key_type.fields:
            fields = settings if may_change else ["settings_in_words"]
            fieldsets.append((_("Settings"), {"fields": fields}))
        limits = [("requests_per_second", "burst"), networks]
        return [*fieldsets, (_("Limits (optional)"), {"fields": limits})]

    def get_form(
        self, request: HttpRequest, obj: Key | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        requested = None if obj else self.requested(request)
        kwargs["form"] = key_form(self._key_type(request, obj), requested)
        return super().get_form(request, obj, change=change, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False  # the URL would lack the type and owner
        return super().render_change_form(request, context, *args, **kwargs)

    def response_post_save_add(self, request: HttpRequest, obj: Key) -> HttpResponse:
        """Return to the owner's page, which lists the key with its URL."""
        return redirect(f"{self.change_url(obj.owner)}#key-{obj.pk}")

    response_post_save_change = response_post_save_add

    # --- columns ---
    @display(description=gettext_lazy("name"), ordering="name")
    def title(self, key: Key) -> str:
        return key_cards.key_title(key)

    @display(description=gettext_lazy("type"), ordering="type")
    def key_type(self, key: Key) -> str:
        return key_type_label(key.type)

    @display(description=gettext_lazy("owner"))
    def owner(self, key: Key) -> SafeString | str:
        return admin_link(key.owner)

    @display(
        description=gettext_lazy("state"),
        label=Key.State.colors(),
    )
    def state(self, key: Key) -> tuple[str, str]:
        return key_cards.key_state(key)

    @display(description=gettext_lazy("ready URL"))
    def address(self, key: Key) -> SafeString:
        return key_cards.key_address(key)

    @display(description=gettext_lazy("last used"), ordering="last_used")
    def last_used(self, key: Any) -> str:
        return ago_text(key.last_used)

    @display(description=gettext_lazy("requests today"))
    def requests_today(self, key: Key) -> SafeString:
        log = reverse("admin:publishers_logentry_changelist")
        count = key_cards.requests_today(key)
        return format_html(
            '{} · <a href="{}?key_pk={}" class="text-primary-600 dark:text-primary-500">{}</a>',
            count,
            log,
            key.pk,
            _("postback log"),
        )

    @display(description=gettext_lazy("settings"))
    def settings_in_words(self, key: Key) -> str:
        key_type = key_type_of(key.type)
        return "\n".join(
            f"{setting_label(name, key_type.fields[name])}: {setting_text(value)}"
            for name, value in key_type.full(key.settings).items()
        )

    @display(description=gettext_lazy("allowed networks"))
    def networks(self, key: Key) -> str:
        return "\n".join(key.allowed_networks) or _("all")

    # --- actions ---
    def has_pause_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._can_switch(request, object_id, paused=False)

    def has_resume_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._can_switch(request, object_id, paused=True)

    def _can_switch(self, request: HttpRequest, object_id: str | None, *, paused: bool) -> bool:
        """Return whether to show the button; only the one that changes the state is shown.

        Posting is always allowed, because repeating it does no harm.
        """
        key: Any = self.get_object(request, str(object_id))
        if key is None or not self.has_change_permission(request, key):
            return False
        return request.method == "POST" or key.paused == paused

    @action(
        description=gettext_lazy("Pause"), url_path="pause", permissions=["pause"], icon="pause"
    )
    def pause_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: Any = self.get_object(request, object_id)
        if request.method != "POST":
            lines = (_("Requests with it are answered 403 until it is resumed."),)
            title = _("Pause %(key)s?") % {"key": key}
            return self.confirm_page(request, key, title=title, label=_("Pause"), lines=lines)
        return self._set_key_paused(request, key, True, _("%(key)s is paused.") % {"key": key})

    @action(
        description=gettext_lazy("Resume"),
        url_path="resume",
        permissions=["resume"],
        icon="play_arrow",
    )
    def resume_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: Any = self.get_object(request, object_id)
        if request.method != "POST":
            lines = (_("It works from the next request on."),)
            title = _("Resume %(key)s?") % {"key": key}
            return self.confirm_page(request, key, title=title, label=_("Resume"), lines=lines)
        return self._set_key_paused(request, key, False, _("%(key)s is active.") % {"key": key})

    def _set_key_paused(
        self, request: HttpRequest, key: Any, paused: bool, message: str
    ) -> HttpResponse:
        self.set_paused(request, Key.objects.filter(pk=key.pk), paused)
        self.message_user(request, message)
        if "from" in request.GET:
            return self.response_post_save_change(request, key)
        return redirect(self.change_url(key))

    @action(
        description=gettext_lazy("Roll"), url_path="roll", permissions=["edit"], icon="autorenew"
    )
    def roll(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: Any = self.get_object(request, object_id)
        form = RollForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            lines = (
                _("A new key with the same owner and settings is created."),
                _("The old key keeps working for the time that you choose."),
            )
            title = _("Roll %(key)s?") % {"key": key}
            label = _("Create the new key")
            return self.confirm_page(request, key, title=title, label=label, lines=lines, form=form)
        overlap = timedelta(seconds=form.cleaned_data["overlap"])
        try:
            new = rotation.roll_key(key=key, overlap=overlap, now=timezone.now())
        except Refusal as refusal:
            return self._refused(request, key, refusal)
        self.message_user(
            request, _("This is the new key. Give its URL to the clients of the old key.")
        )
        return redirect(self.change_url(new))

    @action(
        description=gettext_lazy("Revoke"),
        url_path="revoke",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="block",
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: Any = self.get_object(request, object_id)
        if request.method != "POST":
            lines = (
                _("Requests with it are answered 401 from the next request on."),
                _("A revoked key cannot be restored. Its log is kept."),
            )
            title = _("Revoke %(key)s?") % {"key": key}
            return self.confirm_page(request, key, title=title, label=_("Revoke"), lines=lines)
        try:
            rotation.revoke_key(key=key, now=timezone.now())
        except Refusal as refusal:
            return self._refused(request, key, refusal)
        self.message_user(request, _("%(key)s is revoked.") % {"key": key})
        return redirect(self.change_url(key.owner))

    def _refused(self, request: HttpRequest, key: Key, refusal: Refusal) -> HttpResponse:
        self.message_user(request, f"{refusal.text.capitalize()}.", "ERROR")
        return redirect(self.change_url(key))
