"""Serializers of a call: what the API description says of it, and what renders it."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from callcontrol.models import Call, Leg, Party
from callcontrol.state import timeline
from callcontrol.state.locked_call import audible_parties
from config.http.serializer_fields import (
    BlankIsNullField,
    IsSetField,
    MoneyField,
    SecondsBetweenField,
)


class TagsField(serializers.DictField):
    """The tags of a call, by name."""

    child = serializers.CharField(allow_blank=True)

    def to_representation(self, value: Any) -> dict[str, str]:
        return {tag.name: tag.value for tag in sorted(value.all(), key=lambda tag: tag.name)}


class HearsField(serializers.ListField):
    """The parties that are heard on a leg; the call's legs are prefetched."""

    child = serializers.ChoiceField(Party.choices)

    def get_attribute(self, instance: Leg) -> list[str]:
        return audible_parties(instance, list(instance.call.legs.all()))


class EventListSerializer(serializers.ListSerializer[Any]):
    """The timeline of a call."""

    def get_attribute(self, instance: Call) -> list[dict[str, Any]]:
        return timeline.call_events(instance)


class EventSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    event = serializers.CharField()
    text = serializers.CharField(help_text="What happened, in words.")
    verdicts = serializers.ListField(
        child=serializers.CharField(), help_text="Of a decision: one sentence for each buyer."
    )
    detail = serializers.DictField()

    class Meta:
        list_serializer_class = EventListSerializer


class CallMembersSerializer(serializers.Serializer[Any]):
    """A call, as its company reads it: our names, then those of the field's clients."""

    uuid = serializers.UUIDField()
    status = serializers.ChoiceField(Call.Status.choices)
    campaign_id = serializers.CharField(source="campaign.campaign_id")
    publisher_id = serializers.CharField(source="publisher.publisher_id", allow_null=True)
    buyer_id = serializers.CharField(
        source="buyer.buyer_id",
        allow_null=True,
        help_text="The buyer that it was dialed to last.",
    )
    reservation_uuid = serializers.UUIDField(source="reservation_id", allow_null=True)
    caller_number = serializers.CharField(allow_null=True, help_text="Null: withheld.")
    inbound_number = serializers.CharField()
    started_at = serializers.DateTimeField()
    connected_at = serializers.DateTimeField(
        allow_null=True, help_text="The pick-up of the leg that kept the call."
    )
    ended_at = serializers.DateTimeField(allow_null=True)
    duration = SecondsBetweenField(
        "started_at", "ended_at", help_text="Seconds from its arrival to its end."
    )
    connected_duration = SecondsBetweenField(
        "connected_at", "ended_at", help_text="Seconds from the pick-up to its end."
    )
    payout = MoneyField(allow_null=True)
    revenue = MoneyField(allow_null=True)
    converted = IsSetField(source="converted_at")
    duplicate = serializers.BooleanField(
        help_text="It would have converted, had its caller not converted before."
    )
    tags = TagsField()
    caller = serializers.CharField(
        source="caller_number", allow_null=True, help_text="As caller_number."
    )
    number = serializers.CharField(source="inbound_number", help_text="As inbound_number.")
    cid = serializers.CharField(source="campaign.campaign_id", help_text="As campaign_id.")
    afid = serializers.CharField(
        source="publisher.publisher_id", allow_null=True, help_text="As publisher_id."
    )
    tid = serializers.CharField(source="buyer.buyer_id", allow_null=True, help_text="As buyer_id.")
    created_at = serializers.DateTimeField(source="started_at", help_text="As started_at.")
    start_time = serializers.DateTimeField(source="started_at", help_text="As started_at.")
    forwarded_time = serializers.DateTimeField(
        source="connected_at", allow_null=True, help_text="As connected_at."
    )
    end_time = serializers.DateTimeField(
        source="ended_at", allow_null=True, help_text="As ended_at."
    )
    total_duration = SecondsBetweenField("started_at", "ended_at", help_text="As duration.")
    dialed_call_duration = SecondsBetweenField(
        "connected_at", "ended_at", help_text="As connected_duration."
    )


class LegOfCallSerializer(serializers.Serializer[Any]):
    """One party's line into a call."""

    leg_uuid = serializers.UUIDField(source="uuid")
    party = serializers.ChoiceField(Party.choices)
    number = serializers.CharField(allow_null=True)
    caller_number_sent = serializers.CharField(
        allow_null=True, help_text="The caller's number that this party was sent."
    )
    buyer_id = serializers.CharField(source="buyer.buyer_id", allow_null=True)
    status = serializers.ChoiceField(Leg.Status.choices)
    outcome = BlankIsNullField(allow_null=True)
    started_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    hears = HearsField()


class WholeCallSerializer(CallMembersSerializer):
    """A call with its legs and its timeline, each in the order in which they began."""

    legs = LegOfCallSerializer(many=True)
    events = EventSerializer(many=True)


class OneCallSerializer(serializers.Serializer[Any]):
    call = WholeCallSerializer(source="*")


class ListedCallSerializer(serializers.Serializer[Any]):
    """A call of the list in JSON, which is a bare list for the field's clients."""

    call = CallMembersSerializer(source="*")


@extend_schema_serializer(many=False)
class ListedCallsSerializer(serializers.Serializer[Any]):
    """The list in XML, which needs a root."""

    calls = CallMembersSerializer(many=True)
