"""Serializers of the simulator: what the API description says of a call, and what renders it."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.fields import SkipField

from callcontrol.models import Call, Leg, Party
from config.http.serializer_fields import IsSetField, MoneyField

from .call_serializers import EventSerializer, HearsField, TagsField

_AT = "When it happens; a moment before the call's own clock counts as that clock's."


class DialSerializer(serializers.Serializer[Any]):
    """What dials a number."""

    to = serializers.CharField(help_text="A number or sip: address of this installation.")
    vars()["from"] = serializers.CharField(
        required=False, help_text="The caller's number; left out or “anonymous”: withheld."
    )
    digits = serializers.CharField(
        required=False,
        help_text="What the caller keys in when the number asks for the real caller's.",
    )
    at = serializers.DateTimeField(required=False, help_text=_AT)


class ActSerializer(serializers.Serializer[Any]):
    """What happens on a line."""

    at = serializers.DateTimeField(required=False, help_text=_AT)


class _OutcomeField(serializers.CharField):
    """Left out while the leg is live."""

    def get_attribute(self, instance: Leg) -> str:
        if instance.status != Leg.Status.ENDED:
            raise SkipField
        return str(instance.outcome)


class _ArrivedAsField(serializers.UUIDField):
    """The call of a leg in the context's `arrived_as`; left out for the other legs."""

    def get_attribute(self, instance: Leg) -> UUID:
        call_uuid: UUID | None = self.context["arrived_as"].get(instance.pk)
        if call_uuid is None:
            raise SkipField
        return call_uuid


class LegSerializer(serializers.Serializer[Any]):
    """One party's line into a simulated call."""

    leg_uuid = serializers.UUIDField(source="uuid")
    party = serializers.ChoiceField(Party.choices)
    number = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(Leg.Status.choices)
    outcome = _OutcomeField(required=False, help_text="How it ended.")
    arrived_as = _ArrivedAsField(
        required=False, help_text="The call that a leg to a number of this installation is."
    )
    hears = HearsField(help_text="The parties that are heard on this line.")


class SimulatedCallSerializer(serializers.Serializer[Any]):
    """A call; legs and events in the order in which they began."""

    call_uuid = serializers.UUIDField(source="uuid")
    status = serializers.ChoiceField(Call.Status.choices)
    buyer_id = serializers.CharField(source="buyer.buyer_id", allow_null=True)
    reservation_uuid = serializers.UUIDField(source="reservation_id", allow_null=True)
    publisher_id = serializers.CharField(source="publisher.publisher_id", allow_null=True)
    tags = TagsField()
    payout = MoneyField(allow_null=True)
    revenue = MoneyField(allow_null=True)
    converted = IsSetField(source="converted_at")
    legs = LegSerializer(many=True)
    events = EventSerializer(many=True)
