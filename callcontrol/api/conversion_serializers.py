"""Serializers of reported conversions: the API description, and what renders the answer."""

from typing import Any

from rest_framework import serializers

REVENUE = "From the buyer: a decimal like 120.00, in the company's currency."
PAYOUT = "To the publisher; 0 if it is not sent."


class ReportedConversionSerializer(serializers.Serializer[Any]):
    """A sale, and whether it is the first that was reported for its call."""

    call_uuid = serializers.UUIDField()
    status = serializers.ChoiceField(["converted", "already converted"])
    revenue = serializers.FloatField(help_text="Of a call that had converted: as it did.")
    payout = serializers.FloatField()


class ConversionSerializer(serializers.Serializer[Any]):
    """What reports a sale."""

    key = serializers.CharField(required=False)
    call_uuid = serializers.CharField(
        required=False, help_text="Required. A call of the key's buyer."
    )
    revenue = serializers.CharField(required=False, help_text=f"Required. {REVENUE}")
    payout = serializers.CharField(required=False, help_text=PAYOUT)
