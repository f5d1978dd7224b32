"""Readers of the values in a catalogue file: numbers, money, hours, phone numbers, and lists."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from campaigns.phone import destination, to_e164
from publishers.keys.types import OptionalNumberField

from .parse import Listing, Mapping, Node, Text
from .problems import guess

Reader = Callable[[Node, str], Any]  # a node and the company's region to a value; raises Unreadable

YES, NO = {"yes", "true", "on"}, {"no", "false", "off"}
NOTHING = {"", "~", "null"}
UNLIMITED = NOTHING | {"none", "unlimited"}
MAX_INTEGER = 2_147_483_647  # PostgreSQL's integer


class Unreadable(Exception):
    """Raised for a value of the wrong form; `text` continues the name of the field."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


def must_be(node: Node, expected: str) -> Unreadable:
    """Return the error for a node that is not the expected value."""
    if isinstance(node, Text):
        found = f"“{node.text}”"
    else:
        found = "a list" if isinstance(node, Listing) else "a mapping"
    return Unreadable(node.line, f" must be {expected}, not {found}.")


def text(node: Node, region: str = "") -> str:
    if not isinstance(node, Text):
        raise must_be(node, "text")
    return node.text


def is_nothing(node: Node, words: Iterable[str] = NOTHING) -> bool:
    """Return whether the value is an unquoted word for an empty value, such as `null`."""
    return isinstance(node, Text) and node.plain and node.text.lower() in words


def text_or_nothing(node: Node, region: str = "") -> str:
    return "" if is_nothing(node) else text(node)


def whole(node: Node, region: str = "") -> int:
    if not isinstance(node, Text) or not re.fullmatch("[0-9]{1,12}", node.text):
        raise must_be(node, "a whole number")
    if int(node.text) > MAX_INTEGER:
        raise must_be(node, f"at most {MAX_INTEGER}")
    return int(node.text)


def whole_or_unlimited(node: Node, region: str = "") -> int | None:
    return None if is_nothing(node, UNLIMITED) else whole(node)


def read_money(node: Node, region: str = "") -> Decimal:
    if not isinstance(node, Text) or not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", node.text):
        raise must_be(node, "an amount like 90.00")
    return Decimal(node.text)


def flag(node: Node, region: str = "") -> bool:
    word = node.text.lower() if isinstance(node, Text) else ""
    if word not in YES | NO:
        raise must_be(node, "yes or no")
    return word in YES


def hour(node: Node, region: str = "") -> time:
    """Read 09:00, 9:00 or 09:00:30."""
    found = re.fullmatch("([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?", text(node))
    try:
        hours, minutes, seconds = (
            int(part or 0) for part in (found.groups() if found else (24, 0, 0))
        )
        return time(hours, minutes, seconds)
    except ValueError:
        raise must_be(node, "an hour from 00:00 to 23:59") from None


def day(node: Node, region: str = "") -> date:
    try:
        return datetime.strptime(text(node), "%Y-%m-%d").date()
    except ValueError:
        raise must_be(node, "a date like 2026-12-24") from None


def choice(choices: Iterable[str]) -> Reader:
    known = list(choices)

    def read(node: Node, region: str) -> str:
        word = text(node)
        if word not in known:
            raise Unreadable(
                node.line, f" must be one of {', '.join(known)}, not “{word}”.{guess(word, known)}"
            )
        return word

    return read


def read_phone(node: Node, region: str) -> str:
    number = to_e164(text(node), region)
    if number is None:
        raise must_be(node, "a phone number")
    return number


def phone_or_nothing(node: Node, region: str) -> str:
    return read_phone(node, region) if text_or_nothing(node) else ""


def read_dialable(node: Node, region: str) -> str:
    """Read a buyer's number: a phone number, a SIP address, or text with [tag] parts.

    The tags are replaced at each call, so text with them is kept as it is.
    """
    written = text(node)
    if re.search(r"\[[^\[\]]+\]", written):
        return written
    found = destination(written, region)
    if found is None:
        raise must_be(node, "a phone number, a sip: address, or either with [tag] parts")
    return found


def caller_id(node: Node, region: str) -> str:
    return "caller" if text(node) == "caller" else read_phone(node, region)


def prefix(node: Node, region: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{1,15}", text(node)):
        raise must_be(node, "the beginning of a number, like +1")
    return text(node)


def key(node: Node, region: str) -> str:
    """Read the text of a key; errors do not repeat it."""
    if not re.fullmatch("[A-Za-z0-9-]{16,64}", text(node)):
        raise Unreadable(
            node.line,
            " must be 16 to 64 letters, digits and dashes. Leave it out to get a new key.",
        )
    return text(node)


def network(node: Node, region: str) -> str:
    try:
        ipaddress.ip_network(text(node))
    except ValueError:
        raise must_be(node, "a network like 203.0.113.0/24") from None
    return text(node)


def list_of(reader: Reader) -> Reader:
    def read(node: Node, region: str) -> list[Any]:
        if not isinstance(node, Listing):
            raise must_be(node, "a list")
        return [reader(item, region) for item in node.items]

    return read


def read_words(node: Node, region: str) -> list[str]:
    """Read a list of words, or comma-separated text."""
    if isinstance(node, Text):
        return [word.strip() for word in text_or_nothing(node).split(",") if word.strip()]
    found: list[str] = list_of(text)(node, region)
    return found


def tags(node: Node, region: str) -> dict[str, str]:
    if not isinstance(node, Mapping):
        raise must_be(node, "a mapping of names to text, like {source: radio}")
    return {name: text(value) for name, value in node.pairs.items()}


def _reader_of(field: Any) -> Reader:
    if field.choices:
        return choice(value for value, _ in field.flatchoices)
    if isinstance(field, models.IntegerField):
        return whole_or_unlimited if field.null else whole
    readers: list[tuple[type, Reader]] = [
        (models.BooleanField, flag),
        (models.DecimalField, read_money),
        (models.TimeField, hour),
        (models.DateField, day),
    ]
    found = [reader for field_type, reader in readers if isinstance(field, field_type)]
    return found[0] if found else text_or_nothing if field.blank else text


def column(model: type[models.Model], name: str, reader: Reader | None = None) -> Reader:
    """Return the reader of a field: by its type or `reader`, then by the model's validators."""
    field: Any = model._meta.get_field(name)
    read_value = reader or _reader_of(field)

    def read(node: Node, region: str) -> Any:
        value = read_value(node, region)
        try:
            return value if value is None else field.clean(value, None)
        except ValidationError as error:
            raise Unreadable(node.line, ": " + " ".join(error.messages)) from None

    return read


def setting(field: forms.Field) -> Reader:
    """Return the reader of a key's setting, by the type of its form field.

    The key type checks the value afterwards.
    """
    readers: list[tuple[type, Reader]] = [
        (forms.BooleanField, flag),
        (forms.IntegerField, whole if field.required else whole_or_unlimited),
        (OptionalNumberField, phone_or_nothing),
        (forms.MultipleChoiceField, read_words),
        (forms.ChoiceField, text),
        (forms.CharField, text_or_nothing),
    ]
    found = [reader for field_type, reader in readers if isinstance(field, field_type)]
    return found[0] if found else read_words
