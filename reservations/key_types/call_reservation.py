"""The key of the older call reservation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings as installation

from publishers.keys.types import KeyType
from publishers.keys.vocabulary import (
    SAMPLE_MOMENT,
    AnswerText,
    NumberLocation,
    ParameterText,
    RequestExample,
    caller_parameter,
    publisher_parameter,
)

from .settings import pauses, ping_test_effect, shared_fields, tag_parameters

_MOMENT = 1_777_962_308_295  # SAMPLE_MOMENT in milliseconds
_EMPTY: Mapping[str, Any] = {"matched_targets": [], "tag_values": [], "conversion_groups": []}


class CallReservation(KeyType):
    """Asks for a buyer for one caller, and for the number to transfer the call to."""

    slug = "call_reservation"
    label = "Call reservation"
    owners = ("campaign",)
    switch = "call_reservations_enabled"
    path = "/call_reservations.json"
    fields: ClassVar[dict[str, forms.Field]] = shared_fields(ttl_seconds=300)

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        return [
            caller_parameter(),
            publisher_parameter("affiliate_id", required=True),
            *tag_parameters(settings),
        ]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        again = {
            f"{installation.RTB_FIELD_PREFIX}_ping_shield": "true: this caller was asked for before."
        }
        held = _reserved(settings)
        return [
            AnswerText(
                200,
                "reserved: there is a buyer",
                {"call_reservation": held},
                f"Send the call to inbound_number, showing the caller's number, before expires_at: within "
                f"{settings['ttl_seconds']} seconds. A later one is a call like any other: it may find nobody.",
                _MEMBERS,
            ),
            AnswerText(
                200,
                "no-target: nobody takes this caller now",
                {"call_reservation": _without("no-target")},
                "Keep the call, and ask again for the next caller. There is an inbound_number all the same, or null: a call to "
                "it would be yours, but no buyer is held for it.",
            ),
            AnswerText(
                200,
                "rejected: calls are not taken at present",
                {"call_reservation": _without("rejected")},
                "The campaign is paused, or you are. Do not send the call; ask whoever gave you this page.",
            ),
            AnswerText(
                200,
                "A repeat, while the first reservation lives",
                {"call_reservation": {**held, **dict.fromkeys(again, True)}},
                "You have asked for this caller already, so this is the first answer again. Nothing more is held: send the call "
                "as you were told the first time.",
                again,
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        asked, answers = tuple(cls.parameters(settings)), tuple(cls.answers(settings))
        call = NumberLocation("reserved", "inbound_number", within="call_reservation")
        return [
            RequestExample(
                "Ask for a buyer",
                cls.about(),
                "POST",
                cls.path,
                asked,
                answers,
                test_effect=ping_test_effect(settings),
                call=call,
            )
        ]

    @classmethod
    def warnings(cls, key: Any, publisher: Any) -> list[str]:
        return pauses(key, publisher)


_MEMBERS = {
    "inbound_number": "Where to send the call: a phone number with its country code, written as a number, or a text like sip:…",
    "expires_at": "Until when the buyer is held, in UTC.",
    "conversion_groups": "What the call pays you, and after how many seconds of talk.",
    "tag_values": "What you told of the caller, as it was understood.",
    "call": "The call that is to come; its times are empty until then.",
}


def _answered(status: str, expires_at: str | None, call: Mapping[str, Any]) -> dict[str, Any]:
    """What every answer begins with, member by member as it goes over the wire."""
    return {
        "inbound_number": 18335550100,
        "caller_number": "+12025550142",
        "status": status,
        "expires_at": expires_at,
        "claimed_at": None,
        "wiped_at": None,
        "call": {
            "formatted_caller_number": "(202) 555-0142",
            "status": status,
            "start_time": None,
            "end_time": None,
            "caller_number": "+12025550142",
            "target_id": None,
            "winning_leg_connected_at": None,
            "winning_leg_disconnected_at": None,
            **call,
        },
    }


def _reserved(settings: Mapping[str, Any]) -> dict[str, Any]:
    sent = {
        parameter.name: parameter.example
        for parameter in tag_parameters(settings)
        if parameter.required
    }
    return {
        **_answered("reserved", SAMPLE_MOMENT, {"target_id": "b1"}),
        "matched_targets": [{"id": "b1"}],
        "tag_values": [
            {"key": name, "operator": "==", "value": value} for name, value in sent.items()
        ],
        "conversion_groups": [{"seconds": 120, "payout": 90.0}],
    }


def _without(status: str) -> dict[str, Any]:
    return {**_answered(status, None, {"end_time": _MOMENT}), **_EMPTY}
