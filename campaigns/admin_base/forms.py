"""Forms of the catalogue, and their fields: phone numbers, lists of lines, time zones."""

import re
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from campaigns import phone
from campaigns.models import Company, Retirable
from campaigns.models.version import lock_version

_WITH_TAGS = re.compile(
    r"(?:[^\[\]]|\[[^\[\]]{1,100}\])*\[[^\[\]]{1,100}\](?:[^\[\]]|\[[^\[\]]{1,100}\])*"
)


class OwnAutocomplete(AutocompleteSelect):
    """Autocompletes rows of one company, or of all companies of the user."""

    company: int | None = None

    def get_url(self) -> str:
        url = str(super().get_url())
        return f"{url}?company={self.company}" if self.company else url


class TimeZoneWidget(UnfoldAdminTextInputWidget):
    """A text input with every time zone as a suggestion."""

    # A select of six hundred options would take half a second to render.

    def __init__(self) -> None:
        super().__init__(attrs={"list": "time-zones", "placeholder": "America/New_York"})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Complete a city that belongs to one time zone: `new york` is America/New_York."""
        text = super().value_from_datadict(data, files, name)
        city = "/" + str(text or "").strip().replace(" ", "_").casefold()
        found = [
            zone for zone in zoneinfo.available_timezones() if f"/{zone.casefold()}".endswith(city)
        ]
        return found[0] if len(found) == 1 else text

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return SafeString(super().render(*args, **kwargs) + time_zone_options())


@lru_cache
def time_zone_options() -> SafeString:
    names = sorted(zoneinfo.available_timezones())
    options = format_html_join("", '<option value="{}">', ((name,) for name in names))
    return format_html('<datalist id="time-zones">{}</datalist>', options)


class LinesField(forms.CharField):
    """A list of texts, one per line; `each` converts an entry, and may raise ValidationError."""

    def __init__(self, *, each: Callable[[str], str] = str, **kwargs: Any) -> None:
        self.each = each
        super().__init__(required=False, widget=UnfoldAdminTextareaWidget({"rows": 3}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return [self.each(line.strip()) for line in lines if line.strip()]


class PairsField(LinesField):
    """A mapping of names to texts, one `name = text` per line; errors show the `example`."""

    def __init__(self, *, example: str = "source = radio", **kwargs: Any) -> None:
        self.example = example
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return (
            "\n".join(f"{name} = {text}" for name, text in value.items())
            if isinstance(value, dict)
            else value
        )

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        pairs = [line.partition("=") for line in super().to_python(value)]
        if wrong := [name for name, equals, _ in pairs if not equals or not name.strip()]:
            raise ValidationError(
                _("“%(line)s” has no name or no value. Use the form %(example)s."),
                params={"line": wrong[0], "example": self.example},
            )
        return {name.strip(): text.strip() for name, _, text in pairs}


def narrow_choices(form: forms.BaseForm, company: Company) -> None:
    """Limit every choice of the form to the company's unretired rows, and to the chosen row."""
    for name, field in form.fields.items():
        rows = getattr(field, "queryset", None)
        if (
            not isinstance(field, forms.ModelChoiceField)
            or rows is None
            or not issubclass(rows.model, Retirable)
        ):
            continue
        open_to_choice = Q(retired_at=None) | Q(pk=form.initial.get(name))
        # By key, because a company on its add page is unsaved, and has no rows.
        field.queryset = rows.filter(open_to_choice, company_id=company.pk)
        widget = (
            field.widget.widget
            if isinstance(field.widget, RelatedFieldWidgetWrapper)
            else field.widget
        )
        if isinstance(widget, OwnAutocomplete):
            widget.company = company.pk


def parse_phone_number(text: str, region: str) -> str:
    """Return a phone number as E.164; raise ValidationError for other text."""
    number = phone.to_e164(text, region)
    if number is None:
        raise ValidationError(
            _("“%(text)s” is not a phone number. Use 7 to 15 digits, for example +12025550101."),
            params={"text": text},
        )
    return number


class CatalogueForm(forms.ModelForm):
    """The form of a row of one company; the admin page sets `company` on the class.

    A field counts as changed when it differs from the value that the page showed, which the form
    sends along in a hidden field.
    """

    # Otherwise a page that was opened before a pause, and saved after it, would resume the row.
    company: Company | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.company is not None:
            self.instance.company = self.company
            narrow_choices(self, self.company)
        for field in self.fields.values() if self.instance.pk else ():
            field.show_hidden_initial = True

    @cached_property
    def changed_data(self) -> list[str]:
        changed = []
        for name in self.fields:
            field = self[name]
            if field.html_initial_name in self.data:
                differs = field._has_changed()  # type: ignore[attr-defined]
            else:  # a program that posts without the hidden fields of a page
                differs = field.field.has_changed(field.initial, field.data)
            if differs:
                changed.append(name)
        return changed

    @cached_property
    def changed_by_others(self) -> list[str]:
        """Labels of the unchanged fields that other users changed while the page was open."""
        unchanged = [
            self[name]
            for name in self.fields
            if name not in self.changed_data and self[name].html_initial_name in self.data
        ]
        return [
            str(field.label)
            for field in unchanged
            if field.field.has_changed(field.initial, field.data)
        ]

    def changed_columns(self) -> set[str]:
        """Return the columns of the changed fields."""
        return {field.name for field in self.instance._meta.concrete_fields} & set(
            self.changed_data
        )

    def write_changes(self) -> None:
        """Save the changed columns alone, inside the transaction of the page.

        Changes by other users since the row was read stay, such as a pause.
        """
        row, columns = self.instance, self.changed_columns()
        if columns:
            lock_version(row.pk if isinstance(row, Company) else row.company_id)
            row.refresh_from_db(
                fields=[
                    field.attname
                    for field in row._meta.concrete_fields
                    if field.name not in columns
                ]
            )
            row.save(update_fields=columns)

    @property
    def region(self) -> str:
        return self.company.region if self.company else "US"

    def phone_number(self, text: str) -> str:
        return parse_phone_number(text, self.region)

    def destination(self, text: str) -> str:
        """Return a phone number, a SIP address, or text with [tag] parts; or raise an error."""
        if _WITH_TAGS.fullmatch(text.strip()):
            return text.strip()
        found = phone.destination(text, self.region)
        if found is None:
            raise ValidationError(
                _(
                    "“%(text)s” is neither a phone number nor a SIP address. Use a number such as "
                    "+12025550101 or an address such as sip:sales@example.com."
                ),
                params={"text": text},
            )
        return found


class CatalogueFormSet(PaginationInlineFormSet):
    """Rows on their owner's page: choices of the owner's company; retirable rows retire."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        company = self.instance if isinstance(self.instance, Company) else self.instance.company
        form.company = company
        narrow_choices(form, company)
        # For screen readers, the heading of a column does not label its fields.
        for field in form.fields.values():
            getattr(field.widget, "widget", field.widget).attrs.setdefault(
                "aria-label", field.label
            )

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        row = form.save(commit=False)
        if commit:
            form.write_changes()
        return row

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        if commit and isinstance(obj, Retirable):
            obj.retire(now=timezone.now())
        elif commit:
            obj.delete()


def admin_styled(field: forms.Field) -> forms.Field:
    """Give a field the widget of the admin's own fields of its type."""
    if isinstance(field, forms.MultipleChoiceField):
        field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
    elif isinstance(field, forms.ChoiceField):
        field.widget = UnfoldAdminSelectWidget(choices=field.choices)
    elif isinstance(field, forms.BooleanField):
        field.widget = UnfoldBooleanSwitchWidget()
    elif isinstance(field, forms.IntegerField):
        field.widget = UnfoldAdminIntegerFieldWidget(attrs=field.widget_attrs(field.widget))
    else:
        field.widget = UnfoldAdminTextInputWidget(attrs=field.widget_attrs(field.widget))
    field.widget.is_required = field.required
    return field
