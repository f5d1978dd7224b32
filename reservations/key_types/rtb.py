"""The key type of real-time bidding."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings as installation
from django.utils.translation import gettext_lazy as _

from publishers.keys.types import KeyType, OptionalNumberField
from publishers.keys.vocabulary import (
    SAMPLE_MOMENT,
    SAMPLE_UUID,
    AnswerText,
    NumberLocation,
    ParameterText,
    RequestExample,
    Text,
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

_CONFIRM_PARAMETERS = (
    ParameterText(
        "uuid",
        _("The uuid of the answer “reserved”."),
        SAMPLE_UUID,
        "UUID",
        required=True,
        in_path=True,
    ),
    ParameterText(
        "status", _("Always the word confirmed."), "confirmed", "confirmed", required=True
    ),
)


class RealTimeBidding(KeyType):
    """Requests a buyer for a caller; the answer has the payout and the number to dial."""

    slug = "rtb"
    label = _("Real-time bidding")
    owners = ("campaign",)
    switch = "rtb_enabled"
    path = "/rtbs.json"
    fields: ClassVar[dict[str, forms.Field]] = {
        **shared_fields(ttl_seconds=30),
        "allow_no_caller_number": forms.BooleanField(
            label=_("Allow no caller number"),
            required=False,
            initial=False,
            help_text=_("Accept pings without a caller number. If off, they are refused."),
        ),
        "inbound_number": OptionalNumberField(
            label=_("Inbound number"),
            initial="",
            help_text=_(
                "The number for pings without a caller number, for example +18335550100. Leave "
                "empty to answer each with a SIP address."
            ),
        ),
        "return_sip_address": forms.BooleanField(
            label=_("Answer a SIP address too"),
            required=False,
            initial=False,
            help_text=_("Add sip_address, as user@domain, to every answer with a number."),
        ),
    }

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        optional = settings["allow_no_caller_number"]
        number = caller_parameter(
            _("The phone number that the call comes from. Optional.") if optional else "",
            required=not optional,
        )
        return [number, publisher_parameter(), *tag_parameters(settings)]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        reserved, shield = _body_with_number("reserved", settings), shield_member()
        return [
            AnswerText(
                200,
                _("reserved: there is a buyer"),
                reserved,
                _(
                    "Dial inbound_number with the caller’s number as the caller ID before "
                    "expires_at: within %(seconds)s seconds. A later call is routed like any other "
                    "call: it may find no buyer and may not be paid."
                )
                % {"seconds": settings["ttl_seconds"]},
                _members(),
            ),
            AnswerText(
                200,
                _("no-target: no buyer accepts this caller now"),
                {"uuid": SAMPLE_UUID, "status": "no-target"},
                _(
                    "Do not send the call. Buyers open, close and fill up all day: send a new "
                    "request for the next caller."
                ),
            ),
            AnswerText(
                200, REJECTED_TITLE, {"uuid": SAMPLE_UUID, "status": "rejected"}, REJECTED_ADVICE
            ),
            AnswerText(
                200,
                SHIELDED_TITLE,
                {**reserved, **dict.fromkeys(shield, True)},
                _(
                    "You sent this caller before, so this is the first answer with its current "
                    "status. Nothing more is held. Dial as the first answer said."
                ),
                shield,
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        ping = RequestExample(
            _("Request a buyer"),
            cls.about(),
            "POST",
            cls.path,
            tuple(cls.parameters(settings)),
            tuple(cls.answers(settings)),
            test_effect=ping_test_effect(settings),
            call=NumberLocation("reserved", "inbound_number"),
        )
        return [ping, _confirmation(settings)]

    @classmethod
    def warnings(cls, key: Any, publisher: Any) -> list[str]:
        return pauses(key, publisher)


def _body_with_number(status: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample body with a number to dial; its members are in the order of the wire."""
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


def _members() -> dict[str, Text]:
    prefix = installation.RTB_FIELD_PREFIX
    return {
        "uuid": _("The reservation’s ID, which a confirmation names."),
        f"{prefix}_payout": _("What the call pays you."),
        f"{prefix}_seconds": _("The seconds of talk after which it pays."),
        "inbound_number": _("Where to send the call: a phone number, or an address like sip:…"),
        "expires_at": _("When the reservation ends, in UTC."),
    }


def _confirmation(settings: Mapping[str, Any]) -> RequestExample:
    """Return the optional second request."""
    if settings["count_on_reserve"]:
        about = _(
            "Optional. A reservation of this key has its place already, so a confirmation changes "
            "little. You may dial without it."
        )
    else:
        about = _(
            "Optional. Send it when you know that you will send the call: it takes the buyer’s "
            "place for your caller until expires_at. You may dial without it."
        )
    return RequestExample(
        _("Confirm that the call will come"),
        about,
        "PUT",
        "/rtbs/{uuid}.json",
        _CONFIRM_PARAMETERS,
        (
            AnswerText(
                200,
                _("confirmed: the place is yours"),
                _body_with_number("confirmed", settings),
                _("Dial inbound_number before expires_at. A second confirmation is harmless."),
            ),
            AnswerText(
                200,
                _("claimed: the call has arrived"),
                _body_with_number("claimed", settings),
                _("The call has arrived already. There is nothing left to confirm."),
            ),
            AnswerText(
                200,
                _("no-target: the place is gone"),
                {"uuid": SAMPLE_UUID, "status": "no-target"},
                _(
                    "The buyer has filled up or closed in the meantime, or the reservation has "
                    "expired. Do not send the call. Request a buyer again."
                ),
            ),
            AnswerText(
                404,
                _("There is no such reservation"),
                {"error": "reservation not found"},
                _("The uuid is not from an answer to this key."),
            ),
        ),
        test_effect=_(
            "A test is a real request: it takes the buyer’s place until expires_at. Request a "
            "buyer first; the uuid of the answer is filled in here."
        ),
        call=NumberLocation("confirmed", "inbound_number"),
    )
