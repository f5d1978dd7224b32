"""What the API description says of the calls' paths."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from callcontrol.models import Call, Leg, Party
from callcontrol.simulation.phones import PHONE_ACTIONS
from config.http.openapi import error_schema, error_schemas

_AT = "When it happens; before the call's own clock: at that."


class DialSerializer(serializers.Serializer):
    to = serializers.CharField(help_text="A number or sip: address of this installation.")
    vars()["from"] = serializers.CharField(
        required=False, help_text="The caller's number; left out or “anonymous”: withheld."
    )
    digits = serializers.CharField(
        required=False,
        help_text="What the caller keys in when the number asks for the real caller's.",
    )
    at = serializers.DateTimeField(required=False, help_text=_AT)


class ActSerializer(serializers.Serializer):
    at = serializers.DateTimeField(required=False, help_text=_AT)


class LegSerializer(serializers.Serializer):
    leg_uuid = serializers.UUIDField()
    party = serializers.ChoiceField(Party.choices)
    number = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(Leg.Status.choices)
    outcome = serializers.CharField(required=False, help_text="How it ended.")
    arrived_as = serializers.UUIDField(
        required=False, help_text="The call that a leg to a number of ours is."
    )
    hears = serializers.ListField(
        child=serializers.ChoiceField(Party.choices), help_text="Who is heard on this line."
    )


class EventSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    event = serializers.CharField()
    text = serializers.CharField(help_text="What happened, in words.")
    verdicts = serializers.ListField(
        child=serializers.CharField(), help_text="Of a decision: one sentence for each buyer."
    )
    detail = serializers.DictField()


class SimulatedCallSerializer(serializers.Serializer):
    call_uuid = serializers.UUIDField()
    status = serializers.ChoiceField(Call.Status.choices)
    buyer_id = serializers.CharField(allow_null=True)
    reservation_uuid = serializers.UUIDField(allow_null=True)
    publisher_id = serializers.CharField(allow_null=True)
    tags = serializers.DictField(child=serializers.CharField(allow_blank=True))
    payout = serializers.CharField(allow_null=True)
    revenue = serializers.CharField(allow_null=True)
    converted = serializers.BooleanField()
    legs = LegSerializer(many=True)
    events = EventSerializer(many=True)


# drf-spectacular takes what goes into `security`; its annotation says less.
_TOKEN: Any = [{"simulatorToken": []}]
_UUID = OpenApiParameter("call_uuid", str, OpenApiParameter.PATH)

simulate_call = extend_schema_view(
    post=extend_schema(
        operation_id="simulator_dial",
        summary="A caller dials",
        tags=["Simulator"],
        request=DialSerializer,
        responses={
            201: SimulatedCallSerializer,
            404: error_schema("The number is not ours."),
            **error_schemas(400, 401, 405, 406, 413, 415, 422),
        },
        auth=_TOKEN,
    )
)
show_simulated_call = extend_schema_view(
    get=extend_schema(
        operation_id="simulator_show",
        summary="A call as it stands",
        tags=["Simulator"],
        parameters=[_UUID],
        responses={
            200: SimulatedCallSerializer,
            404: error_schema("There is no such call."),
            **error_schemas(401, 406),
        },
        auth=_TOKEN,
    )
)
_ACTED = {200: SimulatedCallSerializer, **error_schemas(400, 401, 405, 406, 413, 415, 422)}
hang_up_simulated_call = extend_schema_view(
    post=extend_schema(
        operation_id="simulator_hang_up",
        summary="The caller hangs up",
        tags=["Simulator"],
        parameters=[_UUID],
        request=ActSerializer,
        responses={**_ACTED, 404: error_schema("There is no such call.")},
        auth=_TOKEN,
    )
)
act_on_simulated_leg = extend_schema_view(
    post=extend_schema(
        operation_id="simulator_act",
        summary="Somebody on a line answers, does not, or hangs up",
        description="What makes no sense on a line, or was done already, changes nothing; the answer is the call as it stands.",
        tags=["Simulator"],
        parameters=[
            OpenApiParameter("leg_uuid", str, OpenApiParameter.PATH),
            OpenApiParameter("act", str, OpenApiParameter.PATH, enum=PHONE_ACTIONS),
        ],
        request=ActSerializer,
        responses={**_ACTED, 404: error_schema("There is no such leg.")},
        auth=_TOKEN,
    )
)
