"""Serializers of the reserving paths: the API description, and the shape of `answers`."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

PREFIX = settings.RTB_FIELD_PREFIX
_SHIELDED = "True when the answer is that of an earlier, live ping."


class RTBSerializer(serializers.Serializer[Any]):
    """A reservation, as real-time bidding answers it."""

    uuid = serializers.UUIDField()
    status = serializers.ChoiceField(["reserved", "confirmed", "claimed", "no-target", "rejected"])
    vars()[f"{PREFIX}_payout"] = serializers.FloatField(
        required=False, help_text="To the publisher, in the company's currency."
    )
    vars()[f"{PREFIX}_seconds"] = serializers.IntegerField(
        required=False, help_text="Connected seconds that earn it."
    )
    inbound_number = serializers.CharField(
        required=False, help_text="Where to send the call: a number, or sip: address."
    )
    sip_address = serializers.CharField(
        required=False, help_text="user@domain, when the key returns SIP addresses."
    )
    expires_at = serializers.DateTimeField(required=False)
    vars()[f"{PREFIX}_ping_shield"] = serializers.BooleanField(required=False, help_text=_SHIELDED)


class PingSerializer(serializers.Serializer[Any]):
    """What a ping sends; every other member is a tag."""

    key = serializers.CharField(required=False)
    caller_number = serializers.CharField(required=False, help_text="Where the call originates.")
    inbound_number = serializers.CharField(
        required=False, help_text="The number that will be dialed, if it is already known."
    )
    publisher_id = serializers.CharField(
        required=False, help_text="Also source_id or affiliate_id."
    )


class ConfirmationSerializer(serializers.Serializer[Any]):
    """What confirms a reservation."""

    key = serializers.CharField(required=False)
    status = serializers.ChoiceField(["confirmed"], required=False)


# --- the older call reservation -------------------------------------------------------------------
@extend_schema_field({"type": ["integer", "string", "null"]})
class BareNumberField(serializers.Field[Any, Any, Any, Any]):
    """A phone number as an integer, a SIP address as text."""

    def to_representation(self, value: Any) -> Any:
        return value


class ReservedCallSerializer(serializers.Serializer[Any]):
    """The call that a reservation is for; moments are in milliseconds since 1970."""

    formatted_caller_number = serializers.CharField(help_text="In its national format.")
    status = serializers.CharField(help_text="As the reservation's.")
    start_time = serializers.IntegerField(allow_null=True)
    end_time = serializers.IntegerField(
        allow_null=True, help_text="Without a buyer: when the reservation was closed."
    )
    caller_number = serializers.CharField()
    target_id = serializers.CharField(
        allow_null=True, help_text="The buyer_id of the buyer that is held."
    )
    winning_leg_connected_at = serializers.IntegerField(allow_null=True)
    winning_leg_disconnected_at = serializers.IntegerField(allow_null=True)


class MatchedTargetSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()


class ReservedTagValueSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    operator = serializers.CharField()
    value = serializers.CharField(allow_blank=True)


class ConversionGroupSerializer(serializers.Serializer[Any]):
    seconds = serializers.IntegerField()
    payout = serializers.FloatField()


class ReservationOfCallSerializer(serializers.Serializer[Any]):
    """A reservation, as the older API answers it."""

    inbound_number = BareNumberField(
        allow_null=True, help_text="Where to send the call: an integer, or a sip: address."
    )
    caller_number = serializers.CharField()
    status = serializers.ChoiceField(["reserved", "no-target", "rejected"])
    expires_at = serializers.DateTimeField(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    wiped_at = serializers.DateTimeField(allow_null=True)
    call = ReservedCallSerializer()
    matched_targets = MatchedTargetSerializer(many=True)
    tag_values = ReservedTagValueSerializer(many=True)
    conversion_groups = ConversionGroupSerializer(many=True)
    vars()[f"{PREFIX}_ping_shield"] = serializers.BooleanField(required=False, help_text=_SHIELDED)


class CallReservationSerializer(serializers.Serializer[Any]):
    call_reservation = ReservationOfCallSerializer()


class CallReservationAskSerializer(serializers.Serializer[Any]):
    """What an older call reservation sends; every other member is a tag."""

    key = serializers.CharField(required=False)
    affiliate_id = serializers.CharField(
        required=False, help_text="Required. Also publisher_id or source_id."
    )
    caller_number = serializers.CharField(
        required=False, help_text="Required. Where the call originates."
    )
