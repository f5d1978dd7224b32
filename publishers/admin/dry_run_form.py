"""What a dry run is asked: campaign, caller, publisher, tags and moment, each with a word on how to mend it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns import phone
from campaigns.admin_base import PairsField
from campaigns.models import Campaign, Company
from config.http.parameters import (
    MAX_TAG_NAME,
    MAX_TAG_VALUE,
    MAX_TAGS,
    RESERVED,
    is_tag_name,
    is_tag_value,
)
from publishers.models import Publisher

_FIRST, _LAST = 2000, 2100  # years; further out, clocks can't be told
_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
MOMENT = "%Y-%m-%dT%H:%M"


class WallClockField(forms.DateTimeField):
    """A time as a clock on the wall tells it; whose wall it is, the form knows."""

    def to_python(self, value: Any) -> datetime | None:
        for written in _FORMATS if value else []:
            try:
                return datetime.strptime(str(value).strip(), written)
            except ValueError:
                continue
        if value:
            raise ValidationError(
                "Write the moment like 2026-05-05 14:30, or leave it empty for now."
            )
        return None


class DryRunForm(forms.Form):
    """Sent by GET: its address can be kept, and asked again."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), empty_label="Choose a campaign", widget=UnfoldAdminSelectWidget
    )
    caller = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget(
            {"autocomplete": "off", "inputmode": "tel", "placeholder": "(202) 555-0123"}
        ),
        help_text="In any spelling. Empty: the number is withheld.",
    )
    publisher = forms.ModelChoiceField(
        Publisher.objects.none(),
        required=False,
        empty_label="Nobody in particular",
        widget=UnfoldAdminSelectWidget,
    )
    tags = PairsField(help_text="What the publisher would send, one name = value a line.")
    moment = WallClockField(
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
        help_text="By the clocks of the campaign. Empty: now.",
    )

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        self.campaigns: Any = Campaign.objects.unretired().filter(company=company).order_by("name")
        self.fields["campaign"].queryset = self.campaigns  # type: ignore[attr-defined]
        self.fields["publisher"].queryset = (  # type: ignore[attr-defined]
            Publisher.objects.unretired().filter(company=company).order_by("name")
        )
        self.fields["campaign"].error_messages = {
            "required": "Choose the campaign that is to be asked.",
            "invalid_choice": "There is no such campaign any more: choose another.",
        }
        self.fields["publisher"].error_messages = {
            "invalid_choice": "There is no such publisher any more: choose another."
        }

    def clean_caller(self) -> str:
        """E.164, or blank for a withheld number."""
        written = str(self.cleaned_data["caller"])
        if not written or phone.is_withheld(written):
            return ""
        number = phone.to_e164(written, self.company.region)
        if number is None:
            raise ValidationError(
                "This is no phone number; one looks like (202) 555-0142 or +12025550142."
            )
        return number

    def clean_tags(self) -> dict[str, str]:
        tags: dict[str, str] = self.cleaned_data["tags"]
        if len(tags) > MAX_TAGS:
            raise ValidationError(f"A ping has at most {MAX_TAGS} tags, these are {len(tags)}.")
        for name, text in tags.items():
            if name in RESERVED:
                raise ValidationError(
                    f"“{name}” is no tag: it has its own field, or is known anyway."
                )
            if not is_tag_name(name):
                raise ValidationError(
                    f"A tag's name has at most {MAX_TAG_NAME} characters, none of them a control character."
                )
            if not is_tag_value(text):
                raise ValidationError(
                    f"The tag {name} has at most {MAX_TAG_VALUE:,} characters, none of them NUL."
                )
        return tags

    def clean(self) -> dict[str, Any]:
        """The moment is told by the clocks of the campaign."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        wall, campaign = cleaned.get("moment"), cleaned.get("campaign")
        if wall and not _FIRST <= wall.year < _LAST:
            self.add_error("moment", f"Choose a moment between {_FIRST} and {_LAST}.")
        elif wall and campaign:
            cleaned["moment"] = wall.replace(tzinfo=zone_of(campaign)).astimezone(UTC)
        return cleaned


def zone_of(campaign: Campaign) -> ZoneInfo:
    return ZoneInfo(campaign.time_zone or campaign.company.time_zone)
