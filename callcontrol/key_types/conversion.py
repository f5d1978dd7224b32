"""The key type with which a buyer reports sales."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from publishers.keys.types import KeyType
from publishers.keys.vocabulary import SAMPLE_UUID, AnswerText, ParameterText, RequestExample


class ConversionKey(KeyType):
    """Reports that a call led to a sale, and what it is worth."""

    slug = "conversion"
    label = _("Conversion")
    owners = ("buyer",)
    path = "/conversions.json"

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        uuid = _(
            "The call’s ID. It came with the call, in the SIP header X-PH-RetreaverUUID, or in a "
            "webhook."
        )
        revenue = _(
            "What the sale earns the company that sent you the call, for example 120.00: a decimal "
            "number with at most 4 decimal places."
        )
        payout = _("The publisher’s part of it, in the same format. Leave it out to pay nothing.")
        return [
            ParameterText("call_uuid", uuid, SAMPLE_UUID, "CALL_UUID", required=True),
            ParameterText("revenue", revenue, "120.00", "REVENUE", required=True),
            ParameterText("payout", payout),
        ]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        sold = {"call_uuid": SAMPLE_UUID, "status": "converted", "revenue": 120.0, "payout": 0.0}
        return [
            AnswerText(200, _("converted: the sale counts"), sold, _("Nothing more to do.")),
            AnswerText(
                200,
                _("already converted: the call was sold before"),
                {**sold, "status": "already converted"},
                _("Nothing changed: a call is sold once. The answer has the recorded amounts."),
            ),
            AnswerText(
                404,
                _("Call not found"),
                {"error": "call not found"},
                _(
                    "You were not sent a call with this call_uuid. Compare it with the ID that "
                    "came with the call."
                ),
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        (request,) = super().requests(settings)
        parts = (request.about, request.method, request.path, request.parameters, request.answers)
        return [
            RequestExample(
                _("Report a sale"),
                *parts,
                no_test_reason=_("it would sell a real call, which cannot be undone"),
            )
        ]
