"""Changes of settings as sentences: the user, the row, and the values before and after."""

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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.members import member_name
from campaigns.models import Member

from .records import COMMAND_LINE, ChangeRecord, history_of, owner_field

_ONE_ACTION = timedelta(seconds=5)  # one saved page, one applied file
# Columns with values that never show, by model name.
_SECRETS = {("buyer", "sip_password"), ("webhook", "secret"), ("key", "key")}
# Models with a name that contains all their values.
_COMPLETE_NAMES = {
    "route",
    "groupmember",
    "businesshours",
    "closeddate",
    "specialhours",
    "filter",
    "webhookfilter",
    "conversionfilter",
}
_INHERITED = {
    "time_zone": gettext_lazy("the company’s"),
    "priority": gettext_lazy("the buyer’s own"),
    "weight": gettext_lazy("the buyer’s own"),
}
# Formats of values, by model name and column; the apps above add theirs.
value_formats: dict[tuple[str, str], Callable[[Any], str]] = {}
_LEFT_OUT = {"id", "company", "created_at"}


@dataclass
class ChangeEntry:
    """The changes that one user made at one time to a row and to the rows on its page."""

    at: datetime
    person: str  # the user's primary key, or COMMAND_LINE
    user_name: str
    row: models.Model  # as it was then; it may be deleted since
    model_name: str
    lines: list[str]


def change_entries(records: Sequence[ChangeRecord]) -> list[ChangeEntry]:
    """Return records, newest first, as sentences; records without a change are left out."""
    related = RelatedRows(records)
    entries: list[ChangeEntry] = []
    for record in records:
        lines = change_lines(record, related)
        if not lines:
            continue
        user, command = record.row.history_user, record.row.history_change_reason
        if user is not None:
            person, name = str(user.pk), member_name(user)
        else:
            person = COMMAND_LINE
            name = _("The command line (%(name)s)") % {"name": command} if command else ""
        row = related.owner_of(record)
        last = entries[-1] if entries else None
        at = record.row.history_date
        if last and (last.person, last.row) == (person, row) and last.at - at < _ONE_ACTION:
            last.lines[:0] = lines  # within an action, in the order of the changes
            continue
        model_name = str(row._meta.verbose_name)
        name = name or _("The command line")
        entries.append(ChangeEntry(at, person, name, row, model_name, lines))
    return entries


class RelatedRows:
    """The rows to which records have foreign keys, read at once, so that records can name them."""

    def __init__(self, records: Iterable[ChangeRecord]) -> None:
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for record in records:
            for state in filter(None, (record.row, record.before)):
                for field in foreign_keys(record.model):
                    wanted[field.related_model].add(getattr(state, field.attname, None))
        # The owners of those rows too: a webhook's filter is on the page of the campaign.
        for model, keys in list(wanted.items()):
            name = owner_field(model) if hasattr(model, "history") else None
            if name:
                owner: Any = model._meta.get_field(name).related_model
                wanted[owner] |= set(
                    history_of(model)
                    .objects.filter(id__in=keys)
                    .values_list(f"{name}_id", flat=True)
                )
        self._rows: dict[type[models.Model], Mapping[Any, Any]] = {
            model: model._default_manager.in_bulk([key for key in keys if key is not None])
            for model, keys in wanted.items()
        }

    def at(self, field: Any, key: Any) -> Any:
        return self._rows.get(field.related_model, {}).get(key)

    def row_of(self, model: type[models.Model], state: Any) -> models.Model:
        """Return the row of a record, with the rows to which it has foreign keys."""
        columns = {field.attname for field in model._meta.concrete_fields}
        row = model(**{name: getattr(state, name) for name in columns if hasattr(state, name)})
        for field in foreign_keys(model):
            if (found := self.at(field, getattr(row, field.attname))) is not None:
                setattr(row, field.name, found)
        return row

    def owner_of(self, record: ChangeRecord) -> models.Model:
        """Return the row with the page that shows the change."""
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
        if found is not None:
            return str(found)
        return _("a removed %(model)s") % {"model": field.related_model._meta.verbose_name}

    def row_name(self, row: models.Model) -> str:
        """Return the name of a row, even if a row that its name needs is deleted."""
        if isinstance(row, Member):
            user = self.at(Member._meta.get_field("user"), row.user_id)
            name = member_name(user) if user else _("a removed user")
            return f"{name}, {row.get_role_display()}"
        if row._meta.model_name == "conversion":  # its own name contains the amounts
            return _("after %(seconds)s seconds") % {"seconds": getattr(row, "seconds", 0)}
        try:
            return str(row)
        except ObjectDoesNotExist:
            return _("number %(number)s") % {"number": row.pk}


def foreign_keys(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


# --- sentences ---------------------------------------------------------------------------------
def change_lines(record: ChangeRecord, related: RelatedRows) -> list[str]:
    """Return the sentences of a record: one for each changed field."""
    row, change = related.row_of(record.model, record.row), record.row.history_type
    on_own_page = owner_field(record.model) is None and change == "~"
    named = {"model": row._meta.verbose_name, "name": related.row_name(row)}
    what = _("it") if on_own_page else _("the %(model)s %(name)s") % named
    if change == "+":
        values = ", ".join(initial_values(record, row, related))
        sentence = _("added %(row)s: %(values)s") if values else _("added %(row)s")
        return [sentence % {"row": what, "values": values}]
    if change == "-":
        return [_("removed %(row)s") % {"row": what}]
    if record.before is None:
        return [_("saved %(row)s") % {"row": what}]
    return [
        field_change(record, field, what, related, on_own_page=on_own_page)
        for field in tracked_fields(record.model)
        if getattr(record.row, field.attname) != getattr(record.before, field.attname)
    ]


def tracked_fields(model: type[models.Model]) -> list[Any]:
    kept = {field.name for field in history_of(model)._meta.concrete_fields} - _LEFT_OUT
    return [field for field in model._meta.concrete_fields if field.name in kept]


def field_change(
    record: ChangeRecord, field: Any, what: str, related: RelatedRows, *, on_own_page: bool
) -> str:
    """Return the sentence of one changed field; `what` names the row."""
    before, after = getattr(record.before, field.attname), getattr(record.row, field.attname)
    if field.name == "paused":
        return (_("paused %(row)s") if after else _("resumed %(row)s")) % {"row": what}
    if field.name == "retired_at":
        return retired_change(what, after)
    values: dict[str, Any] = {"row": what, "field": field.verbose_name}
    if (record.model._meta.model_name, field.name) in _SECRETS:
        text = _("changed %(field)s") if on_own_page else _("changed %(field)s of %(row)s")
    elif isinstance(field, models.BooleanField) and after:
        text = _("switched %(field)s on") if on_own_page else _("switched %(field)s on of %(row)s")
    elif isinstance(field, models.BooleanField):
        text = (
            _("switched %(field)s off") if on_own_page else _("switched %(field)s off of %(row)s")
        )
    elif isinstance(before, dict) and isinstance(after, dict):
        values["changes"] = ", ".join(member_changes(before, after))
        text = (
            _("changed %(field)s: %(changes)s")
            if on_own_page
            else _("changed %(field)s of %(row)s: %(changes)s")
        )
    else:
        values["before"] = value_text(field, before, related)
        values["after"] = value_text(field, after, related)
        text = (
            _("changed %(field)s from %(before)s to %(after)s")
            if on_own_page
            else _("changed %(field)s of %(row)s from %(before)s to %(after)s")
        )
    return text % values


def retired_change(what: str, at: datetime | None) -> str:
    if at is None:
        return _("brought %(row)s back") % {"row": what}
    if at > timezone.now():
        return _("rolled %(row)s over: valid until %(when)s") % {"row": what, "when": when_text(at)}
    return _("retired %(row)s") % {"row": what}


def member_changes(before: dict[str, Any], after: dict[str, Any]) -> Iterable[str]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield _("%(name)s from %(before)s to %(after)s") % {
                "name": name.replace("_", " "),
                "before": plain_value_text(before.get(name)),
                "after": plain_value_text(after.get(name)),
            }


def initial_values(record: ChangeRecord, row: models.Model, related: RelatedRows) -> Iterable[str]:
    """Yield the values of a new row that are neither defaults nor part of its name."""
    model_name = str(record.model._meta.model_name)
    if model_name in _COMPLETE_NAMES or isinstance(row, Member):
        return
    for field in tracked_fields(record.model):
        value = getattr(record.row, field.attname)
        is_default = value in (None, "", [], {}) or value == field.get_default()
        is_named = str(value) == str(row) or field.name == owner_field(record.model)
        if is_default or is_named or (model_name, field.name) in _SECRETS:
            continue
        if field.name == "settings":
            for name, member in sorted(value.items()):
                if member:
                    yield f"{name.replace('_', ' ')} {plain_value_text(member)}"
        elif value is True:
            yield str(field.verbose_name)
        else:
            yield f"{field.verbose_name} {value_text(field, value, related)}"


def value_text(field: Any, value: Any, related: RelatedRows) -> str:
    """Return a value of a field as a sentence shows it."""
    if field.name.endswith("_cap") and value is None:
        return _("unlimited")
    if value in (None, "") and field.name in _INHERITED:
        return str(_INHERITED[field.name])
    if isinstance(field, models.ForeignKey):
        return _("nothing") if value is None else related.name(field, value)
    if format_value := value_formats.get((str(field.model._meta.model_name), field.name)):
        return format_value(value)
    if field.choices and value is not None:
        return str(dict(field.flatchoices).get(value, value))
    if field.name == "url":  # the path and the query may hold a key
        return f"{urlsplit(value).scheme}://{urlsplit(value).netloc}/…"
    return plain_value_text(value)


def plain_value_text(value: Any) -> str:
    """Return a value as a sentence shows it, by its type alone."""
    if value is None or value in ("", [], {}):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value % 1 else f"{value:.0f}"
    if isinstance(value, datetime):
        return when_text(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date | int | float):
        return str(value)
    if isinstance(value, dict):
        pairs = [(name, text) for name, text in sorted(value.items()) if text]
        return ", ".join(f"{name} = {plain_value_text(text)}" for name, text in pairs)
    return ", ".join(map(str, value)) if isinstance(value, list) else f"“{value}”"


def when_text(at: datetime) -> str:
    return f"{timezone.localtime(at):%b %-d, %Y, %H:%M %Z}"
