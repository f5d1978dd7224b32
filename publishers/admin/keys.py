"""A key's page: made for one owner, with the fields of its key_type; rolled over and revoked, never deleted."""

import copy
import ipaddress
from datetime import timedelta
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter, DropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.admin_base import (
    EDITORS,
    CatalogueForm,
    CompanyFilter,
    ConfirmForm,
    LinesField,
    PausableAdmin,
    admin_link,
    admin_styled,
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
    OptionalNumberField,
    all_key_types,
    key_type_label,
    key_type_of,
)
from publishers.models import Key, Publisher

from . import key_cards

OWNERS: dict[str, type[Model]] = {
    "campaign": Campaign,
    "publisher": Publisher,
    "buyer": Buyer,
    "group": BuyerGroup,
    "company": Company,
}
_PREFIX = "setting_"


class RequestedKey(NamedTuple):
    """What an add page's address asks for."""

    key_type: type[KeyType]
    owner_name: str
    owner: Any


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValidationError(f"“{text}” is no network; one looks like 203.0.113.0/24.") from None


class KeyForm(CatalogueForm):
    """The fields that all keys have; its page adds those of the key_type, each named `setting_…`."""

    key_type: type[KeyType]
    wanted: RequestedKey | None = None
    name = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Tells it from others, like “Roofing pings”, and is the title of its posting instructions.",
    )
    allowed_networks = LinesField(
        each=_network,
        help_text="Networks like 203.0.113.0/24 that may use it, one a line. None: all.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.wanted:
            self.instance.type = self.wanted.key_type.slug
            setattr(self.instance, self.wanted.owner_name, self.wanted.owner)
        stored = self.key_type.full(self.instance.settings)
        self.initial.update({_PREFIX + name: value for name, value in stored.items()})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.instance.settings = self.key_type.clean(
                {name: self._setting(name) for name in self.key_type.fields}
            )
        except ValidationError as error:
            for name, problems in error.message_dict.items():
                self.add_error(_PREFIX + name, problems)
        return cleaned

    def changed_columns(self) -> set[str]:
        own = {"settings"} if any(name.startswith(_PREFIX) for name in self.changed_data) else set()
        return super().changed_columns() | own

    def _setting(self, name: str) -> Any:
        value = self.cleaned_data[_PREFIX + name]
        if value and isinstance(self.key_type.fields[name], OptionalNumberField):
            try:
                return self.phone_number(value)
            except ValidationError as error:
                raise ValidationError({name: error.messages}) from None
        return value


def _label(name: str, field: forms.Field) -> str:
    return str(field.label or name.replace("_", " ").capitalize())


def _plain(value: Any) -> str:
    """A setting's value as people say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value) or "none"


def _field(name: str, field: forms.Field) -> forms.Field:
    """A type's field as the page shows it."""
    own = admin_styled(copy.deepcopy(field))
    own.label = _label(name, field)
    return own


class RollForm(ConfirmForm):
    overlap = forms.TypedChoiceField(
        label="The old key stays valid for",
        coerce=int,
        choices=[
            (0, "no time at all"),
            (3600, "an hour"),
            (86_400, "a day"),
            (604_800, "a week"),
            (2_592_000, "30 days"),
        ],
        initial=86_400,
        widget=UnfoldAdminSelectWidget,
        help_text="Both keys work for that long, so that clients can change over.",
    )


class KeyTypeFilter(DropdownFilter):
    title = "type"
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
    hint = "No key yet. Keys are made at the bottom of a campaign's, a publisher's, a buyer's or a group's page."

    class Media:
        css = {"all": ["publishers/keys.css"]}
        js = ["publishers/copy.js"]

    # --- whose, and which ---
    def get_queryset(self, request: HttpRequest) -> QuerySet[Key]:
        return key_cards.with_use(request, super().get_queryset(request))

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """A key that was rolled over is on the list for as long as it works."""
        return rows.filter(Q(retired_at=None) | Q(retired_at__gt=timezone.now()))

    def is_over(self, obj: Key) -> bool:
        return obj.is_dead(now=timezone.now())

    def wanted(self, request: HttpRequest) -> RequestedKey | None:
        """The key_type and owner that an add page's address names, if the user may add such a key."""
        key_type = next(
            (key_type for key_type in all_key_types() if key_type.slug == request.GET.get("type")),
            None,
        )
        for name in key_type.owners if key_type else ():
            row = parse_pk(request.GET.get(name, ""))
            company_field = "id" if name == "company" else "company_id"
            owner: Any = visible_to(
                request,
                OWNERS[name]._default_manager.filter(retired_at=None),
                company_field=company_field,
            )
            owner = None if row is None else owner.filter(pk=row).first()
            if key_type and owner and may_edit(request, getattr(owner, company_field)):
                return RequestedKey(key_type, name, owner)
        return None

    def company_for_new(self, request: HttpRequest) -> Company | None:
        wanted = self.wanted(request)
        return (
            (wanted.owner if wanted.owner_name == "company" else wanted.owner.company)
            if wanted
            else None
        )

    # --- the page ---
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if wanted := self.wanted(request):
            works = bool(wanted.key_type.requests(wanted.key_type.defaults()))
            extra = {
                "title": f"Add key: {wanted.key_type.label}",
                "wanted": wanted,
                "works_as_it_is": works,
            }
            return super().add_view(request, form_url, extra | (extra_context or {}))
        if not self.has_add_permission(request):
            raise PermissionDenied
        if any(name in request.GET for name in OWNERS):
            raise Http404("There is no such owner.")
        choices = [
            choice for key_type in all_key_types() for choice in self._places(request, key_type)
        ]
        return self.page(
            request, "admin/choices.html", title="Add key: what for?", choices=choices, empty=""
        )

    def _places(self, request: HttpRequest, key_type: type[KeyType]) -> list[tuple[str, str, str]]:
        """Where a key of this key_type is added: an address, a name, and what to do there."""
        found = []
        for name in key_type.owners:
            if name != "company":
                opts = OWNERS[name]._meta
                url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
                about = f"Open the {opts.verbose_name}, and add the key at the bottom of its page."
                found.append(
                    (
                        url,
                        f"{key_type.label}, for a {opts.verbose_name}",
                        f"{key_type.about()} {about}",
                    )
                )
        for company in companies(request, allowed=EDITORS) if "company" in key_type.owners else ():
            found.append(
                (
                    f"?type={key_type.slug}&company={company.pk}",
                    f"{key_type.label} of {company}",
                    key_type.about(),
                )
            )
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Key | None = None) -> Any:
        wanted = None if obj else self.wanted(request)
        key_type = wanted.key_type if wanted else key_type_of(obj.type) if obj else KeyType
        may_change = obj is None or self.has_change_permission(request, obj)
        own = [_PREFIX + name for name in key_type.fields] if may_change else ["settings_in_words"]
        limits = [
            ("requests_per_second", "burst"),
            "allowed_networks" if may_change else "networks",
        ]
        about = (
            [
                ("name", "paused"),
                ("key_type", "owner"),
                "address",
                ("last_used", "requests_today"),
                "state",
            ]
            if obj
            else ["name"]
        )
        return [
            (None, {"fields": about}),
            *([("Settings", {"fields": own})] if key_type.fields else []),
            ("Limits, if it needs any", {"fields": limits}),
        ]

    def get_form(
        self, request: HttpRequest, obj: Key | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        wanted = None if obj else self.wanted(request)
        key_type = wanted.key_type if wanted else key_type_of(obj.type) if obj else KeyType
        fields = {_PREFIX + name: _field(name, field) for name, field in key_type.fields.items()}
        kwargs["form"] = type(
            "KeyForm", (KeyForm,), {**fields, "key_type": key_type, "wanted": wanted}
        )
        return super().get_form(request, obj, change=change, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_save_and_add_another"] = (
            False  # another one's key_type and owner would not be known
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def response_post_save_add(self, request: HttpRequest, obj: Key) -> HttpResponse:
        """Back to where the key is listed with its URL."""
        return redirect(f"{self.change_url(obj.owner)}#key-{obj.pk}")

    response_post_save_change = response_post_save_add

    # --- what is shown ---
    @display(description="name", ordering="name")
    def title(self, key: Key) -> str:
        return key_cards.key_title(key)

    @display(description="type", ordering="type")
    def key_type(self, key: Key) -> str:
        return key_type_label(key.type)

    @display(description="owner")
    def owner(self, key: Key) -> SafeString | str:
        return admin_link(key.owner)

    @display(
        description="state", label={"Active": "success", "Paused": "warning", "Revoked": "danger"}
    )
    def state(self, key: Key) -> str:
        return key_cards.key_state(key)

    @display(description="ready URL")
    def address(self, key: Key) -> SafeString:
        return key_cards.key_address(key)

    @display(description="last used", ordering="last_used")
    def last_used(self, key: Any) -> str:
        return ago_text(key.last_used)

    @display(description="requests today")
    def requests_today(self, key: Key) -> SafeString:
        log = reverse("admin:publishers_logentry_changelist")
        count = key_cards.requests_today(key)
        return format_html(
            '{} · <a href="{}?key_pk={}" class="text-primary-600 dark:text-primary-500">postback log</a>',
            count,
            log,
            key.pk,
        )

    @display(description="settings")
    def settings_in_words(self, key: Key) -> str:
        key_type = key_type_of(key.type)
        return "\n".join(
            f"{_label(name, key_type.fields[name])}: {_plain(value)}"
            for name, value in key_type.full(key.settings).items()
        )

    @display(description="allowed networks")
    def networks(self, key: Key) -> str:
        return "\n".join(key.allowed_networks) or "all"

    # --- what is done ---
    def has_pause_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._may_set(request, object_id, paused=False)

    def has_resume_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._may_set(request, object_id, paused=True)

    def _may_set(self, request: HttpRequest, object_id: str | None, *, paused: bool) -> bool:
        """Whether there is a button: of pausing and resuming, the one that changes something. Posting either does no harm."""
        key: Any = self.get_object(request, str(object_id))
        return (
            key is not None
            and self.has_change_permission(request, key)
            and (request.method == "POST" or key.paused == paused)
        )

    @action(description="Pause", url_path="pause", permissions=["pause"], icon="pause")
    def pause_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        line = "From the next request on, it is answered 403, until it is resumed."
        return self._set_state(request, object_id, paused=True, label="Pause", line=line)

    @action(description="Resume", url_path="resume", permissions=["resume"], icon="play_arrow")
    def resume_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._set_state(
            request,
            object_id,
            paused=False,
            label="Resume",
            line="It works again from the next request on.",
        )

    def _set_state(
        self, request: HttpRequest, object_id: str, *, paused: bool, label: str, line: str
    ) -> HttpResponse:
        key: Any = self.get_object(request, object_id)
        if request.method != "POST":
            return self.confirm_page(
                request, key, title=f"{label} {key}?", label=label, lines=(line,)
            )
        self._set_paused(request, Key.objects.filter(pk=key.pk), paused)
        self.message_user(request, f"{key} is {'paused' if paused else 'active'}.")
        return (
            self.response_post_save_change(request, key)
            if "from" in request.GET
            else redirect(self.change_url(key))
        )

    @action(description="Roll", url_path="roll", permissions=["edit"], icon="autorenew")
    def roll(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: Any = self.get_object(request, object_id)
        form = RollForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            lines = (
                "A new key with the same owner and settings is made.",
                "The old one goes on for the time that you choose.",
            )
            return self.confirm_page(
                request, key, title=f"Roll {key}?", label="Make the new key", lines=lines, form=form
            )
        try:
            new = rotation.roll_key(
                key=key, overlap=timedelta(seconds=form.cleaned_data["overlap"]), now=timezone.now()
            )
        except Refusal as refusal:
            return self._refused(request, key, refusal)
        self.message_user(request, "This is the new key. Give its URL to whoever uses the old one.")
        return redirect(self.change_url(new))

    @action(
        description="Revoke",
        url_path="revoke",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="block",
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: Any = self.get_object(request, object_id)
        if request.method != "POST":
            lines = (
                "From the next request on, it is answered 401.",
                "This can't be taken back; its log is kept.",
            )
            return self.confirm_page(
                request, key, title=f"Revoke {key}?", label="Revoke", lines=lines
            )
        try:
            rotation.revoke_key(key=key, now=timezone.now())
        except Refusal as refusal:
            return self._refused(request, key, refusal)
        self.message_user(request, f"{key} is revoked.")
        return redirect(self.change_url(key.owner))

    def _refused(self, request: HttpRequest, key: Key, refusal: Refusal) -> HttpResponse:
        self.message_user(request, f"{refusal.text.capitalize()}.", "ERROR")
        return redirect(self.change_url(key))
