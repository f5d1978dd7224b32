"""Key types: what a key may do, its owners, and its settings. One class in one file each."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.errors import Forbidden
from campaigns.registry import classes_declared_in

from .vocabulary import DONE, AnswerText, ParameterText, RequestExample


class KeyType:
    """Base class of key types, found in the `key_types` packages.

    `fields` maps setting names to form fields, whose `initial` is the default. The fields build the
    admin's form, check what `apply` reads, and complete the settings of older keys.
    `requests` documents the key for clients: one request, built from `path`, `method`, `parameters`
    and `answers`, unless a type overrides it.
    """

    slug: ClassVar[str]
    label: ClassVar[str | Promise]
    owners: ClassVar[tuple[str, ...]]  # of "campaign", "publisher", "buyer", "group", "company"
    switch: ClassVar[str | None] = None  # the company's switch that turns the feature off
    path: ClassVar[str] = ""
    method: ClassVar[str] = "POST"
    section: ClassVar[str] = "postback_keys"  # the owner's list in a catalogue file
    fields: ClassVar[dict[str, forms.Field]] = {}

    @classmethod
    def about(cls) -> str:
        """Return the purpose of the key: the first line of the class's docstring."""
        return (vars(cls).get("__doc__") or f"{cls.label}.").partition("\n")[0]

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        """Return the parameters after the key, in the order of the ready URL."""
        return []

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        """Return the answers, without the refusals that every key shares."""
        return [DONE]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        """Return the requests that these settings allow, the main one first."""
        parameters, answers = tuple(cls.parameters(settings)), tuple(cls.answers(settings))
        return [
            RequestExample(str(cls.label), cls.about(), cls.method, cls.path, parameters, answers)
        ]

    @classmethod
    def warnings(cls, key: Any, publisher: Any) -> list[str]:
        """Return a sentence for each paused owner, campaign or publisher."""
        return []

    @classmethod
    def check_switch(cls, switches: Mapping[str, bool]) -> None:
        """Raise Forbidden if a company with these switches has turned the feature off."""
        if cls.switch and not switches[cls.switch]:
            raise Forbidden(f"{str(cls.label).lower()} is switched off for this company")

    @classmethod
    def summary(cls, settings: Mapping[str, Any]) -> str:
        """Return a few words that distinguish this key from others of its type."""
        return ""

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        return {name: field.initial for name, field in cls.fields.items()}

    @classmethod
    def full(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the stored settings, completed with the type's defaults."""
        stored = {name: settings[name] for name in cls.fields if name in settings}
        return {**cls.defaults(), **stored}

    @classmethod
    def clean(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return checked and converted settings; raise ValidationError by setting name."""
        errors: dict[str, Any] = {
            name: _("Unknown setting. Remove it.") for name in settings if name not in cls.fields
        }
        cleaned = {}
        for name, field in cls.fields.items():
            try:
                cleaned[name] = field.clean(settings.get(name, field.initial))
            except ValidationError as error:
                errors[name] = error.messages
        if errors:
            raise ValidationError(errors)
        return cleaned


_types: dict[str, type[KeyType]] = {}


def register(package: ModuleType) -> None:
    """Register the key types in the modules of a package; an app calls this when it is ready."""
    _types.update({key_type.slug: key_type for key_type in classes_declared_in(package, KeyType)})


def all_key_types() -> list[type[KeyType]]:
    return list(_types.values())


def find_key_type(slug: str | None) -> type[KeyType] | None:
    return _types.get(slug or "")


def key_type_of(slug: str) -> type[KeyType]:
    """Return the key type; raise KeyError for an unknown slug."""
    return _types[slug]


def key_type_label(slug: str) -> str:
    """Return the type's label, or the slug of a type that no longer exists."""
    key_type = find_key_type(slug)
    return str(key_type.label) if key_type else slug


class WordsField(forms.Field):
    """A list of words, entered as comma-separated text and stored as a list."""

    def to_python(self, value: Any) -> list[str]:
        if not value:
            return []
        words = [word.strip() for word in (value.split(",") if isinstance(value, str) else value)]
        return list(dict.fromkeys(filter(None, words)))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ChoicesField(forms.MultipleChoiceField):
    """Several of a few choices, stored as a list."""


class OptionalNumberField(forms.CharField):
    """A phone number with country code, or blank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, empty_value="", **kwargs)
