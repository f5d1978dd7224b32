"""What both kinds of reserving keys have in common: settings, and what pings and pauses mean to those who send them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.http.parameters import MAX_TAG_NAME, RESERVED, is_tag_name
from publishers.keys.types import WordsField
from publishers.keys.vocabulary import ANY_TAG, ParameterText, tag_parameter

KNOWN_NUMBER = ParameterText(
    "inbound_number",
    "Only if you know already which number you will dial: it is answered as you sent it. Else leave it out.",
    sample="18335550100",
)


class TagNamesField(WordsField):
    """Names of tags. What has a place of its own in a ping never is one: a key that required it would refuse every ping."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        for name in value:
            if name in RESERVED:
                raise ValidationError(
                    f"“{name}” is no tag: a ping has its own place for it. Leave it out here."
                )
            if not is_tag_name(name):
                raise ValidationError(
                    f"A tag's name has at most {MAX_TAG_NAME} characters, none of them a control character."
                )


def shared_fields(*, ttl_seconds: int) -> dict[str, forms.Field]:
    """Form fields by setting name, with this default life of a reservation in seconds."""
    return {
        "required_tags": TagNamesField(
            label="Required tags",
            required=False,
            initial=[],
            help_text="What every ping must tell of the caller, separated by commas: caller_zip, age. Others are refused.",
        ),
        "ttl_seconds": forms.IntegerField(
            label="Reservation lives (seconds)",
            initial=ttl_seconds,
            min_value=1,
            max_value=86_400,
            help_text="For so long the buyer is held for the caller, and the call must arrive.",
        ),
        "count_on_reserve": forms.BooleanField(
            label="Count at once",
            required=False,
            initial=False,
            help_text="A reservation takes its place in the buyer's caps at once. Off: when it is confirmed or the call comes.",
        ),
        "route_only_to_reserved_buyer": forms.BooleanField(
            label="Only the reserved buyer",
            required=False,
            initial=False,
            help_text="If the reserved buyer does not take the call, nobody else is tried.",
        ),
        "shield_scope": forms.ChoiceField(
            label="Ping Shield",
            choices=[
                ("key", "Repeats by this key"),
                ("campaign", "Repeats by any key of the campaign"),
            ],
            initial="key",
            help_text="Whose second ping for a caller gets the first answer again, instead of a second buyer.",
        ),
        "tag_prefix": forms.CharField(
            label="Tag prefix",
            required=False,
            initial="",
            max_length=50,
            help_text="Put before the name of every tag that comes in, to tell this key's apart. Mostly empty.",
        ),
    }


def tag_parameters(settings: Mapping[str, Any]) -> list[ParameterText]:
    """The tags that a ping must carry, and that it may carry others."""
    return [*map(tag_parameter, settings["required_tags"]), KNOWN_NUMBER, ANY_TAG]


def ping_test_effect(settings: Mapping[str, Any]) -> str:
    """What a test ping does."""
    held = f"holds a buyer for {settings['ttl_seconds']} seconds, whom nobody else gets meanwhile"
    held = (
        held
        if settings["count_on_reserve"]
        else f"may hold a buyer for {settings['ttl_seconds']} seconds"
    )
    return f"A test is a real request: it is logged, and {held}. Use the number of a telephone of your own."


def pauses(key: Any, publisher: Any) -> list[str]:
    """What senders of pings are told while their campaign, or they themselves, are paused."""
    rejected = "every request is answered “rejected” until that is over"
    paused = [("This campaign is", key.campaign), ("You are", publisher)]
    return [
        f"{who} paused at present: {rejected}."
        for who, row in paused
        if row is not None and row.paused
    ]
