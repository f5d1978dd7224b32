"""Changes of settings in words: who did what to which row, from what to what."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils import timezone

from campaigns.members import member_name
from campaigns.models import Member

from .records import COMMAND_LINE, ChangeRecord, history_of, owner_field

_TOGETHER = timedelta(seconds=5)  # one saved page, one applied file
# Never told, by the row's kind: that they changed is all.
_SECRETS = {("buyer", "sip_password"), ("webhook", "secret"), ("key", "key")}
_SAYS_ALL = {
    "route",
    "groupmember",
    "businesshours",
    "closeddate",
    "specialhours",
    "filter",
    "webhookfilter",
    "conversionfilter",
}
_BLANK = {"time_zone": "the company’s", "priority": "the buyer’s own", "weight": "the buyer’s own"}
words_for: dict[
    tuple[str, str], Callable[[Any], str]
] = {}  # of a row's kind and column; floors above add theirs
_LEFT_OUT = {"id", "company", "created_at"}


@dataclass
class ChangeEntry:
    """What one person did to one row and what is on its page, at one time."""

    at: datetime
    person: str  # as an address names it: a user's row, or COMMAND_LINE
    who: str
    row: models.Model  # as it was; whoever links to it looks whether it is still there
    kind: str
    lines: list[str]


def change_entries(records: Sequence[ChangeRecord]) -> list[ChangeEntry]:
    """Records, newest first, in sentences; those that changed nothing are left out."""
    names = _Names(records)
    told: list[ChangeEntry] = []
    for record in records:
        lines = _lines(record, names)
        if not lines:
            continue
        row = names.owner_of(record)
        entry = ChangeEntry(
            record.row.history_date, *_who(record), row, str(row._meta.verbose_name), lines
        )
        if told and _is_same(told[-1], entry):
            told[-1].lines[:0] = lines  # within one act, in the order in which it was done
        else:
            told.append(entry)
    return told


def _is_same(one: ChangeEntry, other: ChangeEntry) -> bool:
    return one.person == other.person and one.row == other.row and one.at - other.at < _TOGETHER


def _who(record: ChangeRecord) -> tuple[str, str]:
    user = record.row.history_user
    if user is not None:
        return str(user.pk), member_name(user)
    command = record.row.history_change_reason
    return COMMAND_LINE, f"The command line ({command})" if command else "The command line"


class _Names:
    """The rows that records point at, read at once, so that every record can say its name."""

    def __init__(self, records: Iterable[ChangeRecord]) -> None:
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for record in records:
            for state in filter(None, (record.row, record.before)):
                for field in _foreign(record.model):
                    wanted[field.related_model].add(getattr(state, field.attname, None))
        self._rows: dict[type[models.Model], Mapping[Any, Any]] = {}
        for model, keys in self._nested(wanted).items():
            self._rows[model] = model._default_manager.in_bulk(
                [key for key in keys if key is not None]
            )

    @staticmethod
    def _nested(wanted: dict[type[models.Model], set[Any]]) -> dict[type[models.Model], set[Any]]:
        """With the rows that what is pointed at belongs to: a filter's webhook stands on a campaign's page."""
        for model, keys in list(wanted.items()):
            name = owner_field(model) if hasattr(model, "history") else None
            if name:
                owner: Any = model._meta.get_field(name).related_model
                wanted[owner] |= set(
                    history_of(model)
                    .objects.filter(id__in=keys)
                    .values_list(f"{name}_id", flat=True)
                )
        return wanted

    def at(self, field: Any, key: Any) -> Any:
        return self._rows.get(field.related_model, {}).get(key)

    def row_of(self, model: type[models.Model], state: Any) -> models.Model:
        """The row as a record has it, with what it points at."""
        columns = {each.attname for each in model._meta.concrete_fields}
        row = model(**{name: getattr(state, name) for name in columns if hasattr(state, name)})
        for field in _foreign(model):
            if (found := self.at(field, getattr(row, field.attname))) is not None:
                setattr(row, field.name, found)
        return row

    def owner_of(self, record: ChangeRecord) -> models.Model:
        """The row with a page, on which the change stands."""
        row = self.row_of(record.model, record.row)
        while (name := owner_field(type(row))) is not None:
            field: Any = row._meta.get_field(name)
            found = self.at(field, getattr(row, field.attname))
            if found is None:
                break
            row = found
        return row

    def name(self, field: Any, key: Any) -> str:
        found = self.at(field, key)
        return (
            str(found)
            if found is not None
            else f"a removed {field.related_model._meta.verbose_name}"
        )


def _foreign(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


# --- sentences -----------------------------------------------------------------------------------------------
def _lines(record: ChangeRecord, names: _Names) -> list[str]:
    row = names.row_of(record.model, record.row)
    own_page = owner_field(record.model) is None
    what = (
        "it"
        if own_page and record.row.history_type == "~"
        else f"the {row._meta.verbose_name} {_named(row, names)}"
    )
    if record.row.history_type == "+":
        return [f"added {what}{_about(record, row, names)}"]
    if record.row.history_type == "-":
        return [f"removed {what}"]
    if record.before is None:
        return [f"saved {what}"]
    return [
        _change(record, field, what, names)
        for field in _fields(record.model)
        if _differs(record, field)
    ]


def _named(row: models.Model, names: _Names) -> str:
    """What a row is called; one that points at what is gone can't say its own name."""
    if isinstance(row, Member):
        field: Any = Member._meta.get_field("user")
        user = names.at(field, row.user_id)
        return f"{member_name(user) if user else 'a removed person'}, {row.get_role_display()}"
    if row._meta.model_name == "conversion":  # its own name tells its money, which is told apart
        return f"after {getattr(row, 'seconds', 0)} seconds"
    try:
        return str(row)
    except ObjectDoesNotExist:
        return f"number {row.pk}"


def _fields(model: type[models.Model]) -> list[Any]:
    kept = {field.name for field in history_of(model)._meta.concrete_fields}
    return [field for field in model._meta.concrete_fields if field.name in kept - _LEFT_OUT]


def _differs(record: ChangeRecord, field: Any) -> bool:
    return bool(getattr(record.row, field.attname) != getattr(record.before, field.attname))


def _change(record: ChangeRecord, field: Any, what: str, names: _Names) -> str:
    before, after = getattr(record.before, field.attname), getattr(record.row, field.attname)
    of = "" if what == "it" else f" of {what}"
    label = str(field.verbose_name)
    if (record.model._meta.model_name, field.name) in _SECRETS:
        return f"changed {label}{of}"
    if field.name == "paused":
        return f"{'paused' if after else 'resumed'} {what}"
    if field.name == "retired_at":
        return _retired(what, after)
    if isinstance(field, models.BooleanField):
        return f"switched {label} {'on' if after else 'off'}{of}"
    if isinstance(before, dict) and isinstance(after, dict):
        return f"changed {label}{of}: {_pairs(before, after)}"
    return (
        f"changed {label}{of} from {_value(field, before, names)} to {_value(field, after, names)}"
    )


def _retired(what: str, at: datetime | None) -> str:
    if at is None:
        return f"brought {what} back"
    return (
        f"rolled {what} over: valid until {_moment(at)}"
        if at > timezone.now()
        else f"retired {what}"
    )


def _about(record: ChangeRecord, row: models.Model, names: _Names) -> str:
    """What a new row was given, apart from what every row has."""
    if record.model._meta.model_name in _SAYS_ALL or isinstance(row, Member):
        return ""
    told = []
    for field in _fields(record.model):
        value = getattr(record.row, field.attname)
        is_plain = (
            value in (None, "", [], {})
            or value == field.get_default()
            or field.name == owner_field(record.model)
        )
        is_named = str(value) == str(row) or (record.model._meta.model_name, field.name) in _SECRETS
        if not is_plain and not is_named:
            if field.name == "settings":
                told += [
                    f"{name.replace('_', ' ')} {_plain(one)}"
                    for name, one in sorted(value.items())
                    if one
                ]
                continue
            told.append(
                str(field.verbose_name)
                if value is True
                else f"{field.verbose_name} {_value(field, value, names)}"
            )
    return f": {', '.join(told)}" if told else ""


def _pairs(before: dict[str, Any], after: dict[str, Any]) -> str:
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return ", ".join(
        f"{name.replace('_', ' ')} from {_plain(before.get(name))} to {_plain(after.get(name))}"
        for name in changed
    )


def _value(field: Any, value: Any, names: _Names) -> str:
    if field.name.endswith("_cap") and value is None:
        return "unlimited"
    if value in (None, "") and field.name in _BLANK:
        return _BLANK[field.name]
    if isinstance(field, models.ForeignKey):
        return "nobody" if value is None else names.name(field, value)
    if told := words_for.get((str(field.model._meta.model_name), field.name)):
        return told(value)
    if field.choices and value is not None:
        return str(dict(field.flatchoices).get(value, value))
    if field.name == "url":  # what follows the host may be a key
        return f"{urlsplit(value).scheme}://{urlsplit(value).netloc}/…"
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value % 1 else f"{value:.0f}"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date | int | float):
        return str(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_plain(text)}" for name, text in sorted(value.items()) if text)
    return ", ".join(map(str, value)) if isinstance(value, list) else f"“{value}”"


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%b %-d, %Y, %H:%M %Z}"
