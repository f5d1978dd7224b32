"""The key type with which a publisher or a campaign writes tags about a caller."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from publishers.keys.types import KeyType
from publishers.keys.vocabulary import (
    SAMPLE_UUID,
    AnswerText,
    ParameterText,
    RequestExample,
    caller_parameter,
)

_TEN_YEARS = 315_360_000


class CallDataWriting(KeyType):
    """Writes facts about a caller as tags on the caller's call, before, during or after it."""

    slug = "call_data_writing"
    label = _("Call data writing")
    owners = ("publisher", "campaign")
    switch = "call_data_writing_enabled"
    path = "/data_writing"
    fields: ClassVar[dict[str, forms.Field]] = {
        "cut_off_seconds": forms.IntegerField(
            label=_("End call cut-off (seconds)"),
            initial=3_600,
            min_value=0,
            max_value=_TEN_YEARS,
            help_text=_("How long a caller’s call is still found after its end. 3600 is an hour."),
        ),
        "storage_seconds": forms.IntegerField(
            label=_("Storage duration (seconds)"),
            initial=86_400,
            min_value=1,
            max_value=_TEN_YEARS,
            help_text=_("How long tags wait for the caller’s next call. 86400 is a day."),
        ),
    }

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        return [
            caller_parameter(),
            ParameterText(
                "TAG",
                _(
                    "A fact about the caller: replace TAG with a name that you choose, such as "
                    "prequalified, and VALUE with its value. Up to 100 tags in a request; names of "
                    "up to 100 characters, values of up to 1,000."
                ),
                "true",
                "VALUE",
                example_name="prequalified",
            ),
            ParameterText(
                "call_uuid",
                _("The call’s ID, if you know it. It replaces caller_number and names one call."),
            ),
        ]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        def body(status: str) -> dict[str, Any]:
            tags = {"prequalified": "true"}
            return {"tag_values": tags, "caller_number": "+12025550142", "status": status}

        return [
            AnswerText(
                200,
                _("Stored: the caller has not called yet"),
                body("call not found, tags stored"),
                _("Nothing else to do. The tags wait %(duration)s for the caller’s next call.")
                % {"duration": duration_text(settings["storage_seconds"])},
            ),
            AnswerText(
                200,
                _("Stored: the caller is on the line"),
                body("in progress call found, tags stored"),
                _("Nothing else to do. The tags are added to the current call."),
            ),
            AnswerText(
                200,
                _("Applied: the call is over"),
                body("completed call found, tags applied"),
                _(
                    "Nothing else to do. The tags are on the caller’s last call, which ended less "
                    "than %(duration)s ago."
                )
                % {"duration": duration_text(settings["cut_off_seconds"])},
            ),
            AnswerText(
                404,
                _("There is no such call"),
                {"error": "call not found"},
                _("Only with call_uuid: no call has this ID. An ID looks like %(uuid)s.")
                % {"uuid": SAMPLE_UUID},
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        about = _(
            "%(about)s GET does the same as POST, and a web page may send the request from the "
            "visitor’s browser."
        ) % {"about": cls.about()}
        return [
            RequestExample(
                _("Write about a caller"),
                about,
                "POST",
                cls.path,
                tuple(cls.parameters(settings)),
                tuple(cls.answers(settings)),
                test_effect=_(
                    "A test is a real request: the tags are stored and added to this caller’s "
                    "call. Use your own phone number."
                ),
            )
        ]

    @classmethod
    def warnings(cls, key: Any, publisher: Any) -> list[str]:
        if key.publisher is None or not key.publisher.paused:
            return []
        return [str(_("You are paused. Requests are answered 403 until you are resumed."))]


def duration_text(seconds: int) -> str:
    """Return a duration in its largest whole unit: 86,400 seconds are a day."""
    if seconds and seconds % 86_400 == 0:
        count = seconds // 86_400
        return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
    if seconds and seconds % 3_600 == 0:
        count = seconds // 3_600
        return ngettext("%(count)s hour", "%(count)s hours", count) % {"count": count}
    if seconds and seconds % 60 == 0:
        count = seconds // 60
        return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}
    text = ngettext("%(count)s second", "%(count)s seconds", seconds)
    return text % {"count": f"{seconds:,}"}
