"""Kinds of keys: what each may do, who may own it, and its settings. A kind is one class in one file."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from campaigns.errors import Forbidden
from campaigns.registry import classes_declared_in

from .vocabulary import DONE, AnswerText, ParameterText, RequestExample


class KeyType:
    """A kind of key. Subclasses stand in a `key_types` package, one file each, and are found there.

    `fields` are form fields by setting name; each one's `initial` is the default. They build the admin's page,
    check what `apply` reads, and fill in what an older key does not hold. `requests` are what clients are told of it:
    one request, from `path`, `method`, `parameters` and `answers`, unless a kind has more.
    """

    slug: ClassVar[str]
    label: ClassVar[str]
    owners: ClassVar[tuple[str, ...]]  # of "campaign", "publisher", "buyer", "group", "company"
    switch: ClassVar[str | None] = None  # the company's switch that turns the feature off
    path: ClassVar[str] = ""  # where a request with this key goes
    method: ClassVar[str] = "POST"
    section: ClassVar[str] = "postback_keys"  # where the owner lists it in a catalogue file
    fields: ClassVar[dict[str, forms.Field]] = {}

    @classmethod
    def about(cls) -> str:
        """What the key is for, in a sentence for people: the class's own."""
        return (vars(cls).get("__doc__") or f"{cls.label}.").partition("\n")[0]

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        """What a request carries after the key, in the order of the ready URL."""
        return []

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        """Every answer of its own; what any key may be refused with is known (`manual.refusals`)."""
        return [DONE]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        """What a key of these settings allows, the main one first; nothing when it may do nothing."""
        parameters, answers = tuple(cls.parameters(settings)), tuple(cls.answers(settings))
        return [RequestExample(cls.label, cls.about(), cls.method, cls.path, parameters, answers)]

    @classmethod
    def hindrances(cls, key: Any, publisher: Any) -> list[str]:
        """What a client should know of this key's owner, or of this publisher, being paused: a sentence each."""
        return []

    @classmethod
    def check_switch(cls, switches: Mapping[str, bool]) -> None:
        """Raises Forbidden when a company with these switches has turned the feature off."""
        if cls.switch and not switches[cls.switch]:
            raise Forbidden(f"{cls.label.lower()} is switched off for this company")

    @classmethod
    def gist(cls, settings: Mapping[str, Any]) -> str:
        """What tells this key from another of its kind, in a few words for people."""
        return ""

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        return {name: field.initial for name, field in cls.fields.items()}

    @classmethod
    def full(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The stored settings with the kind's defaults for what is not stored."""
        return {
            **cls.defaults(),
            **{name: settings[name] for name in cls.fields if name in settings},
        }

    @classmethod
    def clean(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Checks and converts settings; raises ValidationError by setting name, unknown names included."""
        errors: dict[str, Any] = {
            name: "There is no such setting." for name in settings if name not in cls.fields
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


_packages: list[ModuleType] = []
_kinds: dict[str, type[KeyType]] = {}


def register(package: ModuleType) -> None:
    """Called by an app when it is ready: the files of this package are key kinds."""
    _packages.append(package)
    _kinds.update({kind.slug: kind for kind in classes_declared_in(package, KeyType)})


def all_key_types() -> list[type[KeyType]]:
    return list(_kinds.values())


def key_type_of(slug: str) -> type[KeyType]:
    """The kind with this slug; KeyError when there is none."""
    return _kinds[slug]


def key_type_label(slug: str) -> str:
    return next((kind.label for kind in all_key_types() if kind.slug == slug), slug)


class WordsField(forms.Field):
    """A list of words; typed as a text separated by commas, stored as a list."""

    def to_python(self, value: Any) -> list[str]:
        if not value:
            return []
        words = [word.strip() for word in (value.split(",") if isinstance(value, str) else value)]
        return list(dict.fromkeys(filter(None, words)))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ChosenField(forms.MultipleChoiceField):
    """Some of a few choices; stored as a list."""


class NumberOrNoneField(forms.CharField):
    """A phone number with country code, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, empty_value="", **kwargs)
