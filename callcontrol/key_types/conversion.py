"""The key by which a buyer reports sales."""

from collections.abc import Mapping
from typing import Any

from publishers.keys.types import KeyType
from publishers.keys.vocabulary import SAMPLE_UUID, AnswerText, ParameterText, RequestExample


class ConversionKey(KeyType):
    """Reports that a call led to a sale, and what it is worth."""

    slug = "conversion"
    label = "Conversion"
    owners = ("buyer",)
    path = "/conversions.json"

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        uuid = "The call's own ID. It came with the call, in the SIP header X-PH-RetreaverUUID, or in a webhook."
        revenue = "What the sale is worth to whoever sent you the call, like 120.00: a plain decimal of at most 4 places."
        payout = (
            "What of it goes to the publisher, written in the same way. Without it nothing does."
        )
        return [
            ParameterText("call_uuid", uuid, SAMPLE_UUID, "CALL_UUID", required=True),
            ParameterText("revenue", revenue, "120.00", "REVENUE", required=True),
            ParameterText("payout", payout),
        ]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        sold = {"call_uuid": SAMPLE_UUID, "status": "converted", "revenue": 120.0, "payout": 0.0}
        return [
            AnswerText(200, "converted: the sale counts", sold, "Nothing more to do."),
            AnswerText(
                200,
                "already converted: the call was sold before",
                {**sold, "status": "already converted"},
                "Nothing changed: a call is sold once. The answer has the amounts that stand.",
            ),
            AnswerText(
                404,
                "There is no such call",
                {"error": "call not found"},
                "The call_uuid is no call that you were given. Compare it with the one that came with the call.",
            ),
        ]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        (request,) = super().requests(settings)
        asked = (request.about, request.method, request.path, request.parameters, request.answers)
        return [
            RequestExample(
                "Report a sale",
                *asked,
                no_test_reason="it would sell a real call, which can't be taken back",
            )
        ]
