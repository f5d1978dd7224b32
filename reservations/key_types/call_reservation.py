"""The key type of the older call reservation API."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

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

from .settings import (
    REJECTED_ADVICE,
    REJECTED_TITLE,
    SHIELDED_TITLE,
    pauses,
    ping_test_effect,
    shared_fields,
    shield_member,
    tag_parameters,
)

_MOMENT = 1_777_962_308_295  # SAMPLE_MOMENT in milliseconds
_EMPTY: Mapping[str, Any] = {"matched_targets": [], "tag_values": [], "conversion_groups": []}
_MEMBERS = {
    "inbound_number": _(
        "Where to send the call: a phone number with its country code, written as a number, or a "
        "text like sip:…"
    ),
    "expires_at": _("When the reservation ends, in UTC."),
    "conversion_groups": _("What the call pays you, and after how many seconds of talk."),
    "tag_values": _("The tags that you sent, as they were stored."),
    "call": _("The expected call; its times are empty until it arrives."),
}


class CallReservation(KeyType):
    """Requests a buyer for a caller, and the number to transfer the call to."""

    slug = "call_reservation"
    label = _("Call reservation")
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
        reserved, shield = _reserved_body(settings), shield_member()
        return [
            AnswerText(
                200,
                _("reserved: there is a buyer"),
                {"call_reservation": reserved},
                _(
                    "Send the call to inbound_number with the caller’s number as the caller ID "
                    "before expires_at: within %(seconds)s seconds. A later call is routed like "
                    "any other call: it may find no buyer."
                )
                % {"seconds": settings["ttl_seconds"]},
                _MEMBERS,
            ),
            AnswerText(
                200,
                _("no-target: no buyer accepts this caller now"),
                {"call_reservation": _body_without_buyer("no-target")},
                _(
                    "Keep the call, and send a new request for the next caller. inbound_number may "
                    "be a number all the same: a call to it is attributed to you, but no buyer is "
                    "held for it."
                ),
            ),
            AnswerText(
                200,
                REJECTED_TITLE,
                {"call_reservation": _body_without_buyer("rejected")},
                REJECTED_ADVICE,
            ),
            AnswerText(
                200,
                SHIELDED_TITLE,
                {"call_reservation": {**reserved, **dict.fromkeys(shield, True)}},
                _(
                    "You sent this caller before, so this is the first answer again. Nothing more "
                    "is held. Send the call as the first answer said."
                ),
                shield,
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        return [
            RequestExample(
                _("Request a buyer"),
                cls.about(),
                "POST",
                cls.path,
                tuple(cls.parameters(settings)),
                tuple(cls.answers(settings)),
                test_effect=ping_test_effect(settings),
                call=NumberLocation("reserved", "inbound_number", within="call_reservation"),
            )
        ]

    @classmethod
    def warnings(cls, key: Any, publisher: Any) -> list[str]:
        return pauses(key, publisher)


def _first_members(status: str, expires_at: str | None, call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that every answer begins with, in the order of the wire."""
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


def _reserved_body(settings: Mapping[str, Any]) -> dict[str, Any]:
    sent = {
        parameter.name: parameter.example
        for parameter in tag_parameters(settings)
        if parameter.required
    }
    return {
        **_first_members("reserved", SAMPLE_MOMENT, {"target_id": "b1"}),
        "matched_targets": [{"id": "b1"}],
        "tag_values": [
            {"key": name, "operator": "==", "value": value} for name, value in sent.items()
        ],
        "conversion_groups": [{"seconds": 120, "payout": 90.0}],
    }


def _body_without_buyer(status: str) -> dict[str, Any]:
    return {**_first_members(status, None, {"end_time": _MOMENT}), **_EMPTY}
