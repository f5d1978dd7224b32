"""Kinds of keys: their settings, checked and complete, and what a new one needs."""

import sys
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest
from django import forms
from django.core.exceptions import ValidationError

from campaigns.registry import classes_declared_in
from publishers.keys.types import (
    ChoicesField,
    KeyType,
    OptionalNumberField,
    WordsField,
    all_key_types,
    key_type_of,
)


class Sample(KeyType):
    """A key type with every kind of field."""

    slug = "sample"
    label = "Sample"
    owners = ("campaign",)
    fields: ClassVar[dict[str, forms.Field]] = {
        "seconds": forms.IntegerField(initial=30, min_value=1),
        "required_tags": WordsField(required=False, initial=[]),
        "number": OptionalNumberField(initial=""),
        "actions": ChoicesField(choices=[("a", "A"), ("b", "B")], required=False, initial=[]),
    }


def test_the_six_key_types() -> None:
    assert {key_type.slug: key_type.owners for key_type in all_key_types()} == {
        "rtb": ("campaign",),
        "call_reservation": ("campaign",),
        "call_data_writing": ("publisher", "campaign"),
        "conversion": ("buyer",),
        "call_control": ("buyer", "group"),
        "account": ("company",),
    }


@pytest.mark.parametrize("key_type", all_key_types(), ids=lambda key_type: key_type.slug)
def test_every_types_defaults_are_valid(key_type: type[KeyType]) -> None:
    assert key_type.clean({}) == key_type.full({}) == key_type.defaults()


def test_settings_are_converted() -> None:
    cleaned = Sample.clean({"seconds": "45", "required_tags": "zip, age,,", "actions": ["a"]})
    assert cleaned == {
        "seconds": 45,
        "required_tags": ["zip", "age"],
        "number": "",
        "actions": ["a"],
    }


def test_every_invalid_setting_is_reported() -> None:
    with pytest.raises(ValidationError) as caught:
        Sample.clean({"seconds": 0, "colour": "red", "actions": ["c"]})
    assert caught.value.message_dict == {
        "colour": ["Unknown setting. Remove it."],
        "seconds": ["Ensure this value is greater than or equal to 1."],
        "actions": ["Select a valid choice. c is not one of the available choices."],
    }


def test_an_older_keys_settings_are_completed() -> None:
    assert Sample.full({"seconds": 7, "gone": 1}) == {
        "seconds": 7,
        "required_tags": [],
        "number": "",
        "actions": [],
    }


def test_words_are_shown_as_comma_separated_text() -> None:
    assert WordsField().prepare_value(["zip", "age"]) == "zip, age"


def test_a_word_that_is_typed_twice_counts_once() -> None:
    assert WordsField().clean("zip, age ,, zip") == ["zip", "age"]


def test_an_unknown_type_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        key_type_of("nothing")


@pytest.mark.parametrize("slug", ["rtb", "call_reservation"])
def test_the_ready_address_spells_out_required_tags(slug: str) -> None:
    key_type = key_type_of(slug)
    publisher = {"rtb": "publisher_id", "call_reservation": "affiliate_id"}[slug]
    parameters = key_type.parameters(key_type.full({"required_tags": ["caller_zip"]}))
    assert [(each.name, each.placeholder) for each in parameters if each.placeholder] == [
        ("caller_number", "CALLER_NUMBER"),
        (publisher, "PUBLISHER_ID"),
        ("caller_zip", "CALLER_ZIP"),
    ]


def test_one_new_file_is_a_new_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new_key_types").mkdir()
    (tmp_path / "new_key_types" / "survey.py").write_text(
        "from publishers.keys.types import KeyType\nclass Survey(KeyType):\n    slug = 'survey'\n    owners = ('buyer',)\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    package = ModuleType("new_key_types")
    package.__path__ = [str(tmp_path / "new_key_types")]
    monkeypatch.setitem(sys.modules, "new_key_types", package)
    assert [key_type.slug for key_type in classes_declared_in(package, KeyType)] == ["survey"]
