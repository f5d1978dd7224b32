"""What the two key types that reserve have in common: settings, parameters and page texts."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings as installation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from config.http.parameters import MAX_TAG_NAME, RESERVED, is_tag_name
from publishers.keys.types import WordsField
from publishers.keys.vocabulary import ANY_TAG, ParameterText, Text, tag_parameter

KNOWN_NUMBER = ParameterText(
    "inbound_number",
    _("The number that you will dial, if you know it already. The answer repeats it."),
    sample="18335550100",
)
REJECTED_TITLE = _("rejected: no calls are accepted")
REJECTED_ADVICE = _(
    "The campaign is paused, or you are. Do not send the call. Contact the company that sent you "
    "this page."
)
SHIELDED_TITLE = _("A repeat, while the first reservation lives")


class TagNamesField(WordsField):
    """Names of tags that a ping must carry; the names of other ping parameters are errors."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        for name in value:
            if name in RESERVED:
                raise ValidationError(
                    _("“%(name)s” is a reserved parameter, not a tag. Remove it here.")
                    % {"name": name}
                )
            if not is_tag_name(name):
                raise ValidationError(
                    _("Not a tag name. Use at most %(limit)s characters, no control characters.")
                    % {"limit": MAX_TAG_NAME}
                )


def shared_fields(*, ttl_seconds: int) -> dict[str, forms.Field]:
    """Return form fields by setting name; `ttl_seconds` is the default time to live."""
    return {
        "required_tags": TagNamesField(
            label=_("Required tags"),
            required=False,
            initial=[],
            help_text=_(
                "Tags that every ping must include, separated by commas: caller_zip, age. Pings "
                "without them are refused."
            ),
        ),
        "ttl_seconds": forms.IntegerField(
            label=_("Reservation lives (seconds)"),
            initial=ttl_seconds,
            min_value=1,
            max_value=86_400,
            help_text=_("How long the buyer is held for the caller. The call must arrive in time."),
        ),
        "count_on_reserve": forms.BooleanField(
            label=_("Count at once"),
            required=False,
            initial=False,
            help_text=_(
                "Count a reservation in the buyer’s caps at once. If off, it counts when it is "
                "confirmed or the call arrives."
            ),
        ),
        "route_only_to_reserved_buyer": forms.BooleanField(
            label=_("Only the reserved buyer"),
            required=False,
            initial=False,
            help_text=_("Try no other buyer if the reserved buyer does not take the call."),
        ),
        "shield_scope": forms.ChoiceField(
            label=_("Ping Shield"),
            choices=[
                ("key", _("Repeats by this key")),
                ("campaign", _("Repeats by any key of the campaign")),
            ],
            initial="key",
            help_text=_(
                "A second ping for the same caller gets the first answer again, instead of a "
                "second buyer."
            ),
        ),
        "tag_prefix": forms.CharField(
            label=_("Tag prefix"),
            required=False,
            initial="",
            max_length=50,
            help_text=_(
                "Text in front of the name of each tag, to distinguish this key’s tags from "
                "others. Usually empty."
            ),
        ),
    }


def tag_parameters(settings: Mapping[str, Any]) -> list[ParameterText]:
    """Return the parameters for the required tags, the number, and any other tag."""
    return [*map(tag_parameter, settings["required_tags"]), KNOWN_NUMBER, ANY_TAG]


def ping_test_effect(settings: Mapping[str, Any]) -> Text:
    """Return what a test ping does."""
    if settings["count_on_reserve"]:
        text = _(
            "A test is a real request. It is logged, and it holds a buyer for %(seconds)s seconds; "
            "no other caller gets that place in the meantime. Use your own phone number."
        )
    else:
        text = _(
            "A test is a real request. It is logged, and it may hold a buyer for %(seconds)s "
            "seconds. Use your own phone number."
        )
    return text % {"seconds": settings["ttl_seconds"]}


def shield_member() -> dict[str, Text]:
    """Return the member that marks a shielded ping, with its meaning."""
    return {f"{installation.RTB_FIELD_PREFIX}_ping_shield": _("true: you sent this caller before.")}


def pauses(key: Any, publisher: Any) -> list[str]:
    """Return a sentence for the campaign or the publisher that is paused."""
    sentences = []
    if key.campaign is not None and key.campaign.paused:
        sentences.append(
            str(_("This campaign is paused. Requests are answered “rejected” until it is resumed."))
        )
    if publisher is not None and publisher.paused:
        sentences.append(
            str(_("You are paused. Requests are answered “rejected” until you are resumed."))
        )
    return sentences
