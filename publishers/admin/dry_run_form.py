"""The form of a dry run: campaign, caller, publisher, tags and moment."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns import phone
from campaigns.admin_base import PairsField
from campaigns.models import Campaign, Company
from config.http.parameters import RESERVED
from publishers.models import Publisher, validate_tags

_FIRST_YEAR, _LAST_YEAR = 2000, 2100  # time zones are not known outside
INPUT_FORMAT = "%Y-%m-%dT%H:%M"
_FORMATS = [INPUT_FORMAT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


class WallClockField(forms.DateTimeField):
    """A naive local time; the form adds the campaign's time zone."""

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        for time_format in _FORMATS:
            try:
                return datetime.strptime(str(value).strip(), time_format)
            except ValueError:
                continue
        raise ValidationError(
            _("Enter a time like 2026-05-05 14:30, or leave the field empty for now.")
        )


class DryRunForm(forms.Form):
    """Sent by GET, so that its URL can be kept and shared."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(),
        label=_("Campaign"),
        empty_label=_("Choose a campaign"),
        widget=UnfoldAdminSelectWidget,
        error_messages={
            "required": _("Choose a campaign."),
            "invalid_choice": _("This campaign does not exist. Choose another."),
        },
    )
    caller = forms.CharField(
        label=_("Caller"),
        required=False,
        widget=UnfoldAdminTextInputWidget(
            {"autocomplete": "off", "inputmode": "tel", "placeholder": "(202) 555-0123"}
        ),
        help_text=_("A phone number. Leave empty for a withheld number."),
    )
    publisher = forms.ModelChoiceField(
        Publisher.objects.none(),
        label=_("Publisher"),
        required=False,
        empty_label=_("None"),
        widget=UnfoldAdminSelectWidget,
        error_messages={"invalid_choice": _("This publisher does not exist. Choose another.")},
    )
    tags = PairsField(label=_("Tags"), help_text=_("Tags of the ping, one “name = value” a line."))
    moment = WallClockField(
        label=_("Moment"),
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
        help_text=_("In the campaign's time zone. Leave empty for now."),
    )

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        self.campaigns: Any = Campaign.objects.unretired().filter(company=company).order_by("name")
        publishers = Publisher.objects.unretired().filter(company=company).order_by("name")
        self.fields["campaign"].queryset = self.campaigns  # type: ignore[attr-defined]
        self.fields["publisher"].queryset = publishers  # type: ignore[attr-defined]

    def clean_caller(self) -> str:
        """Return the number in E.164; blank for a withheld number."""
        text = str(self.cleaned_data["caller"])
        if not text or phone.is_withheld(text):
            return ""
        number = phone.to_e164(text, self.company.region)
        if number is None:
            raise ValidationError(
                _("Not a phone number. Use 7 to 15 digits, for example (202) 555-0142.")
            )
        return number

    def clean_tags(self) -> dict[str, str]:
        tags: dict[str, str] = self.cleaned_data["tags"]
        for name in tags:
            if name in RESERVED:
                raise ValidationError(
                    _("“%(name)s” is a parameter, not a tag. Remove it.") % {"name": name}
                )
        validate_tags(tags)
        return tags

    def clean(self) -> dict[str, Any]:
        """Convert the moment from the campaign's time zone to UTC."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        moment, campaign = cleaned.get("moment"), cleaned.get("campaign")
        if moment and not _FIRST_YEAR <= moment.year < _LAST_YEAR:
            self.add_error(
                "moment",
                _("Enter a year from %(first)d to %(last)d.")
                % {"first": _FIRST_YEAR, "last": _LAST_YEAR - 1},
            )
        elif moment and campaign:
            cleaned["moment"] = moment.replace(tzinfo=campaign_zone(campaign)).astimezone(UTC)
        return cleaned


def campaign_zone(campaign: Campaign) -> ZoneInfo:
    return ZoneInfo(campaign.time_zone or campaign.company.time_zone)
