"""Forms of keys: the fields that all keys share, those of a key's type, and the rollover."""

import copy
import ipaddress
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.admin_base import CatalogueForm, ConfirmForm, LinesField, admin_styled
from publishers.keys.types import KeyType, OptionalNumberField

SETTING_PREFIX = "setting_"


class RequestedKey(NamedTuple):
    """The type and owner that the URL of an add page names."""

    key_type: type[KeyType]
    owner_name: str
    owner: Any


def _clean_network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        message = _("“%(text)s” is not a network. Use the form 203.0.113.0/24.")
        raise ValidationError(message % {"text": text}) from None


class KeyForm(CatalogueForm):
    """The shared fields; `key_form` adds those of a type, with a prefix."""

    key_type: type[KeyType]
    requested: RequestedKey | None = None
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy(
            "For example “Roofing pings”. Also the title of its posting instructions."
        ),
    )
    allowed_networks = LinesField(
        label=gettext_lazy("Allowed networks"),
        each=_clean_network,
        help_text=gettext_lazy(
            "Networks like 203.0.113.0/24, one a line. Leave empty to allow all."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.requested:
            self.instance.type = self.requested.key_type.slug
            setattr(self.instance, self.requested.owner_name, self.requested.owner)
        stored = self.key_type.full(self.instance.settings)
        self.initial.update({SETTING_PREFIX + name: value for name, value in stored.items()})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        settings = {}
        try:
            for name, field in self.key_type.fields.items():
                value = cleaned[SETTING_PREFIX + name]
                if value and isinstance(field, OptionalNumberField):
                    try:
                        value = self.phone_number(value)
                    except ValidationError as error:
                        raise ValidationError({name: error.messages}) from None
                settings[name] = value
            self.instance.settings = self.key_type.clean(settings)
        except ValidationError as error:
            for name, problems in error.message_dict.items():
                self.add_error(SETTING_PREFIX + name, problems)
        return cleaned

    def changed_columns(self) -> set[str]:
        changes_settings = any(name.startswith(SETTING_PREFIX) for name in self.changed_data)
        return super().changed_columns() | ({"settings"} if changes_settings else set())


def key_form(key_type: type[KeyType], requested: RequestedKey | None) -> type[KeyForm]:
    """Return the form for keys of this type."""
    fields = {}
    for name, field in key_type.fields.items():
        fields[SETTING_PREFIX + name] = styled = admin_styled(copy.deepcopy(field))
        styled.label = setting_label(name, field)
    return type("KeyForm", (KeyForm,), {**fields, "key_type": key_type, "requested": requested})


def setting_label(name: str, field: forms.Field) -> str:
    return str(field.label or name.replace("_", " ").capitalize())


def setting_text(value: Any) -> str:
    """Return the value of a setting for display."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text or _("none")


class RollForm(ConfirmForm):
    overlap = forms.TypedChoiceField(
        label=gettext_lazy("The old key stays valid for"),
        coerce=int,
        choices=[
            (0, gettext_lazy("no overlap")),
            (3600, gettext_lazy("an hour")),
            (86_400, gettext_lazy("a day")),
            (604_800, gettext_lazy("a week")),
            (2_592_000, gettext_lazy("30 days")),
        ],
        initial=86_400,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Both keys work for this time, so that clients can switch."),
    )
