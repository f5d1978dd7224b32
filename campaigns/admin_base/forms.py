"""Forms of the catalogue: one company's choices, numbers in any spelling, lists with one entry a line."""

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
    """Finds rows of one company; without one, of all that the user may see."""

    company: int | None = None

    def get_url(self) -> str:
        url = str(super().get_url())
        return f"{url}?company={self.company}" if self.company else url


class TimeZoneWidget(UnfoldAdminTextInputWidget):
    """Every time zone, offered by the browser while one types: six hundred rendered options would take half a second."""

    def __init__(self) -> None:
        super().__init__(attrs={"list": "time-zones", "placeholder": "America/New_York"})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """A city alone will do, where there is one such: new york is America/New_York."""
        typed = super().value_from_datadict(data, files, name)
        city = "/" + str(typed or "").strip().replace(" ", "_").casefold()
        found = [
            zone for zone in zoneinfo.available_timezones() if f"/{zone.casefold()}".endswith(city)
        ]
        return found[0] if len(found) == 1 else typed

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return SafeString(super().render(*args, **kwargs) + _time_zones())


@lru_cache
def _time_zones() -> SafeString:
    names = sorted(zoneinfo.available_timezones())
    options = format_html_join("", '<option value="{}">', ((name,) for name in names))
    return format_html('<datalist id="time-zones">{}</datalist>', options)


class LinesField(forms.CharField):
    """A list of texts, one a line. `each` turns an entry into what is stored; it raises ValidationError."""

    def __init__(self, *, each: Callable[[str], str] = str, **kwargs: Any) -> None:
        self.each = each
        super().__init__(required=False, widget=UnfoldAdminTextareaWidget({"rows": 3}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return [self.each(line.strip()) for line in lines if line.strip()]


class PairsField(LinesField):
    """Names with texts, one `name = text` a line. `noun` and `example` say what one is, to who wrote something else."""

    def __init__(
        self, *, noun: str = "tag", example: str = "source = radio", **kwargs: Any
    ) -> None:
        self.noun, self.example = noun, example
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
            raise ValidationError(f"“{wrong[0]}” is no {self.noun}; one looks like {self.example}.")
        return {name.strip(): text.strip() for name, _, text in pairs}


def narrow_choices(form: forms.BaseForm, company: Company) -> None:
    """Leaves the company's unretired rows in every choice of the form; what is chosen already stays."""
    for name, field in form.fields.items():
        rows = getattr(field, "queryset", None)
        if (
            not isinstance(field, forms.ModelChoiceField)
            or rows is None
            or not issubclass(rows.model, Retirable)
        ):
            continue
        open_to_choice = Q(retired_at=None) | Q(pk=form.initial.get(name))
        field.queryset = rows.filter(
            open_to_choice, company_id=company.pk
        )  # a company that is being added has no rows yet
        widget = (
            field.widget.widget
            if isinstance(field.widget, RelatedFieldWidgetWrapper)
            else field.widget
        )
        if isinstance(widget, OwnAutocomplete):
            widget.company = company.pk


class CatalogueForm(forms.ModelForm):
    """The form of a row of one company; its page sets `company` on the class, its formset on the form.

    What a page showed goes along with it, hidden: a field counts as changed when it differs from what its reader saw. Else
    a page that was opened before somebody's pause, and is saved after it, would take the pause back.
    """

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
        return [name for name in self.fields if self._differs(self[name])]

    def _differs(self, field: forms.BoundField) -> bool:
        """From what the page showed; from the row as it is, where a program sends no page's hidden fields."""
        shown = field.html_initial_name in self.data
        if shown:
            return bool(field._has_changed())  # type: ignore[attr-defined]
        return bool(field.field.has_changed(field.initial, field.data))

    @cached_property
    def changed_by_others(self) -> list[str]:
        """The labels of what others changed while the page was open, and its reader left alone."""
        left = [
            self[name]
            for name in self.fields
            if name not in self.changed_data and self[name].html_initial_name in self.data
        ]
        return [
            str(field.label) for field in left if field.field.has_changed(field.initial, field.data)
        ]

    def changed_columns(self) -> set[str]:
        """The row's columns whose fields somebody changed."""
        return {field.name for field in self.instance._meta.concrete_fields} & set(
            self.changed_data
        )

    def write_changes(self) -> None:
        """Saves what the form changed and nothing else, inside the page's transaction.

        What others did to the row since it was read stays, a revoking or a pause for one, and its history tells it so.
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
        number = phone.to_e164(text, self.region)
        if number is None:
            raise ValidationError(f"“{text}” is no phone number; one looks like +18335550100.")
        return number

    def destination(self, text: str) -> str:
        """A phone number or a SIP address, or what becomes one when its [tag] parts are filled in."""
        if _WITH_TAGS.fullmatch(text.strip()):
            return text.strip()
        found = phone.destination(text, self.region)
        if found is None:
            raise ValidationError(
                f"“{text}” is neither a phone number, like +18335550100, nor a SIP address, like sip:sales@example.com."
            )
        return found


class CatalogueFormSet(PaginationInlineFormSet):
    """Rows on their owner's page: choices of the owner's company, and what can be retired is not deleted."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        company = self.instance if isinstance(self.instance, Company) else self.instance.company
        form.company = company
        narrow_choices(form, company)
        for field in (
            form.fields.values()
        ):  # the heading of a column is no label for those who hear the page
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
    """The field with the widget that the admin's own fields of this type have."""
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
