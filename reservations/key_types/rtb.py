"""The key of real-time bidding."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings as installation

from publishers.keys.types import KeyType, OptionalNumberField
from publishers.keys.vocabulary import (
    SAMPLE_MOMENT,
    SAMPLE_UUID,
    AnswerText,
    NumberLocation,
    ParameterText,
    RequestExample,
    caller_parameter,
    publisher_parameter,
)

from .settings import pauses, ping_test_effect, shared_fields, tag_parameters

_LATE = "A call that comes later is a call like any other: it may find nobody, and may not be paid."


class RealTimeBidding(KeyType):
    """Asks for a buyer for one caller: the answer says whether there is one, what the call pays, and which number to dial."""

    slug = "rtb"
    label = "Real-time bidding"
    owners = ("campaign",)
    switch = "rtb_enabled"
    path = "/rtbs.json"
    fields: ClassVar[dict[str, forms.Field]] = {
        **shared_fields(ttl_seconds=30),
        "allow_no_caller_number": forms.BooleanField(
            label="Allow no caller number",
            required=False,
            initial=False,
            help_text="Publishers may ping without telling the caller's number. Off: such pings are refused.",
        ),
        "inbound_number": OptionalNumberField(
            label="Inbound number",
            initial="",
            help_text="Answered to pings without a caller number, like +18335550100. Empty: a SIP address for each.",
        ),
        "return_sip_address": forms.BooleanField(
            label="Answer a SIP address too",
            required=False,
            initial=False,
            help_text="Adds sip_address, as user@domain, to every answer with a number.",
        ),
    }

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        optional = settings["allow_no_caller_number"]
        number = caller_parameter(
            "The phone number that the call comes from. May be left out." if optional else "",
            required=not optional,
        )
        return [number, publisher_parameter(), *tag_parameters(settings)]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        again = {
            f"{installation.RTB_FIELD_PREFIX}_ping_shield": "true: this caller was asked for before."
        }
        return [
            AnswerText(
                200,
                "reserved: there is a buyer",
                _held("reserved", settings),
                f"Dial inbound_number, showing the caller's number, before expires_at: within {settings['ttl_seconds']} seconds. "
                + _LATE,
                _members(),
            ),
            AnswerText(
                200,
                "no-target: nobody takes this caller now",
                {"uuid": SAMPLE_UUID, "status": "no-target"},
                "Do not send the call. Buyers open, close and fill up all day: ask again for the next caller.",
            ),
            AnswerText(
                200,
                "rejected: calls are not taken at present",
                {"uuid": SAMPLE_UUID, "status": "rejected"},
                "The campaign is paused, or you are. Do not send the call; ask whoever gave you this page.",
            ),
            AnswerText(
                200,
                "A repeat, while the first reservation lives",
                {**_held("reserved", settings), **dict.fromkeys(again, True)},
                "You have asked for this caller already, so this is the first answer, as it stands now. Nothing more is held: "
                "dial as you were told the first time.",
                again,
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        asked, answers = tuple(cls.parameters(settings)), tuple(cls.answers(settings))
        call = NumberLocation("reserved", "inbound_number")
        ping = RequestExample(
            "Ask for a buyer",
            cls.about(),
            "POST",
            cls.path,
            asked,
            answers,
            test_effect=ping_test_effect(settings),
            call=call,
        )
        return [ping, _confirm(settings)]

    @classmethod
    def warnings(cls, key: Any, publisher: Any) -> list[str]:
        return pauses(key, publisher)


def _held(status: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with a number to dial, member by member as it goes over the wire."""
    prefix = installation.RTB_FIELD_PREFIX
    sip = f"{SAMPLE_UUID}@{installation.RTB_SIP_DOMAIN}"
    return {
        "uuid": SAMPLE_UUID,
        "status": status,
        f"{prefix}_payout": 90.0,
        f"{prefix}_seconds": 120,
        "inbound_number": "+18335550100",
        **({"sip_address": sip} if settings["return_sip_address"] else {}),
        "expires_at": SAMPLE_MOMENT,
    }


def _members() -> dict[str, str]:
    prefix = installation.RTB_FIELD_PREFIX
    return {
        "uuid": "The reservation's own ID; confirming names it.",
        f"{prefix}_payout": "What the call pays you.",
        f"{prefix}_seconds": "After so many seconds of talk.",
        "inbound_number": "Where to send the call: a phone number, or an address like sip:…",
        "expires_at": "Until when the buyer is held, in UTC.",
    }


def _confirm(settings: Mapping[str, Any]) -> RequestExample:
    """The second step, which not everybody needs."""
    optional = (
        "A reservation holds its place already, so this changes little. "
        if settings["count_on_reserve"]
        else ""
    )
    return RequestExample(
        "Confirm that the call will come",
        f"{optional}Optional. Send it when you know that you will send the call: the buyer's place is then yours until "
        "expires_at, and nobody else can fill it. You may also dial without it.",
        "PUT",
        "/rtbs/{uuid}.json",
        (
            ParameterText(
                "uuid",
                "The uuid of the answer “reserved”.",
                SAMPLE_UUID,
                "UUID",
                required=True,
                in_path=True,
            ),
            ParameterText(
                "status", "Always the word confirmed.", "confirmed", "confirmed", required=True
            ),
        ),
        (
            AnswerText(
                200,
                "confirmed: the place is yours",
                _held("confirmed", settings),
                "Dial inbound_number before expires_at, which is the same as before. Confirming twice does no harm.",
            ),
            AnswerText(
                200,
                "claimed: the call has arrived",
                _held("claimed", settings),
                "Your call is with us already; there is nothing left to confirm.",
            ),
            AnswerText(
                200,
                "no-target: the place is gone",
                {"uuid": SAMPLE_UUID, "status": "no-target"},
                "The buyer has filled up or stopped meanwhile, or the time is over. Do not send the call; ask anew.",
            ),
            AnswerText(
                404,
                "There is no such reservation",
                {"error": "reservation not found"},
                "The uuid is not one that this key was answered.",
            ),
        ),
        test_effect="A test is a real request: it takes a place of the buyer's until expires_at. Ask for a buyer first; the uuid of "
        "the answer is filled in here.",
        call=NumberLocation("confirmed", "inbound_number"),
    )
