"""The key by which a publisher or a campaign writes tags about a caller."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from publishers.keys.types import KeyType
from publishers.keys.vocabulary import (
    SAMPLE_UUID,
    AnswerText,
    ParameterText,
    RequestExample,
    caller_parameter,
)

_TEN_YEARS = 315_360_000
_WRITTEN = {"prequalified": "true"}
_TRIAL = "A test is a real request: what you write is kept, and put on this caller's call. Use the number of a telephone of your own."


class CallDataWriting(KeyType):
    """Tells what is known of a caller, before, during or after the call: it is put on the caller's call as tags."""

    slug = "call_data_writing"
    label = "Call data writing"
    owners = ("publisher", "campaign")
    switch = "call_data_writing_enabled"
    path = "/data_writing"
    fields: ClassVar[dict[str, forms.Field]] = {
        "cut_off_seconds": forms.IntegerField(
            label="End call cut-off (seconds)",
            initial=3_600,
            min_value=0,
            max_value=_TEN_YEARS,
            help_text="How long after its end a call is still found by its caller. An hour is 3600.",
        ),
        "storage_seconds": forms.IntegerField(
            label="Storage duration (seconds)",
            initial=86_400,
            min_value=1,
            max_value=_TEN_YEARS,
            help_text="How long tags wait for a caller who has not called yet. A day is 86400.",
        ),
    }

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        return [
            caller_parameter(),
            ParameterText(
                "TAG",
                "What you know of the caller: a name of your own in place of TAG, such as prequalified, and its value in place "
                "of VALUE. As many as you like, up to 100: names of up to 100 characters, values of up to 1,000.",
                "true",
                "VALUE",
                example_name="prequalified",
            ),
            ParameterText(
                "call_uuid",
                "In place of caller_number, if you know the call's own ID: writes on that call and no other.",
            ),
        ]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        def told(title: str, status: str, then: str) -> AnswerText:
            return AnswerText(
                200,
                title,
                {"tag_values": _WRITTEN, "caller_number": "+12025550142", "status": status},
                then,
            )

        wait = _span(settings["storage_seconds"])
        return [
            told(
                "Stored: the caller has not called yet",
                "call not found, tags stored",
                f"Nothing more to do. What you wrote waits {wait} for the caller's next call.",
            ),
            told(
                "Stored: the caller is on the line",
                "in progress call found, tags stored",
                "Nothing more to do: it is put on the call that is going on.",
            ),
            told(
                "Applied: the call is over",
                "completed call found, tags applied",
                "Nothing more to do: it is on the caller's last call, which ended less than "
                f"{_span(settings['cut_off_seconds'])} ago.",
            ),
            AnswerText(
                404,
                "There is no such call",
                {"error": "call not found"},
                f"Only with call_uuid: it is none that is known here. One looks like {SAMPLE_UUID}.",
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        about = f"{cls.about()} GET does the same as POST, and a web page may ask from the visitor's browser."
        asked, answers = tuple(cls.parameters(settings)), tuple(cls.answers(settings))
        return [
            RequestExample(
                "Write about a caller", about, "POST", cls.path, asked, answers, test_effect=_TRIAL
            )
        ]

    @classmethod
    def warnings(cls, key: Any, publisher: Any) -> list[str]:
        if key.publisher is None or not key.publisher.paused:
            return []
        return ["You are paused at present: every request is answered 403 until that is over."]


def _span(seconds: int) -> str:
    """A time as people say it: `86,400 seconds` is a day."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {name}{'s' * (seconds != size)}"
    return f"{seconds:,} second{'s' * (seconds != 1)}"
