"""What the API description says of the reserving paths."""

from django.conf import settings
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from config.http.openapi import IDEMPOTENCY, KEY, by_key

_PREFIX = settings.RTB_FIELD_PREFIX

ANSWER = inline_serializer(
    "RTB",
    {
        "uuid": serializers.UUIDField(),
        "status": serializers.ChoiceField(
            ["reserved", "confirmed", "claimed", "no-target", "rejected"]
        ),
        f"{_PREFIX}_payout": serializers.FloatField(
            required=False, help_text="To the publisher, in the company's currency."
        ),
        f"{_PREFIX}_seconds": serializers.IntegerField(
            required=False, help_text="Connected seconds that earn it."
        ),
        "inbound_number": serializers.CharField(
            required=False, help_text="Where to send the call: a number, or sip: address."
        ),
        "sip_address": serializers.CharField(
            required=False, help_text="user@domain, where the key asks for it."
        ),
        "expires_at": serializers.DateTimeField(required=False),
        f"{_PREFIX}_ping_shield": serializers.BooleanField(
            required=False, help_text="True on a repeat of a live ping."
        ),
    },
)
ASK = inline_serializer(
    "Ping",
    {
        "key": serializers.CharField(required=False),
        "caller_number": serializers.CharField(
            required=False, help_text="Where the call originates."
        ),
        "inbound_number": serializers.CharField(
            required=False, help_text="The number that will be dialed, if it is known already."
        ),
        "publisher_id": serializers.CharField(
            required=False, help_text="Also source_id or affiliate_id."
        ),
    },
)
CONFIRM = inline_serializer(
    "Confirmation",
    {
        "key": serializers.CharField(required=False),
        "status": serializers.ChoiceField(["confirmed"], required=False),
    },
)

_STATUS = OpenApiParameter(
    "status",
    str,
    OpenApiParameter.QUERY,
    enum=["confirmed"],
    description="Also read from the body.",
)
_CALLER = OpenApiParameter(
    "caller_number",
    str,
    OpenApiParameter.QUERY,
    description="Every parameter that is not reserved is a tag.",
)
_EXAMPLE = OpenApiExample(
    "Reserved",
    {
        "uuid": "05d44513-666d-46f1-a4f6-fb23cf206011",
        "status": "reserved",
        f"{_PREFIX}_payout": 90.0,
        f"{_PREFIX}_seconds": 120,
        "inbound_number": "+18335550101",
        "expires_at": "2026-05-05T06:25:08.295Z",
    },
    response_only=True,
    status_codes=["200"],
)

create_rtb = extend_schema_view(
    post=extend_schema(
        operation_id="rtb_create",
        summary="Ask for a buyer and a number to dial",
        tags=["Real-time bidding"],
        parameters=[KEY, _CALLER, IDEMPOTENCY],
        request=ASK,
        responses={200: ANSWER, **by_key()},
        examples=[_EXAMPLE],
        auth=[],
    )
)
_confirm = extend_schema(
    summary="Confirm a reservation",
    tags=["Real-time bidding"],
    parameters=[OpenApiParameter("uuid", str, OpenApiParameter.PATH), KEY, _STATUS, IDEMPOTENCY],
    request=CONFIRM,
    responses={200: ANSWER, **by_key(404)},
    auth=[],
)
confirm_rtb = extend_schema_view(put=_confirm, patch=_confirm)


# --- the older call reservation ---------------------------------------------------------------------------
@extend_schema_field({"type": ["integer", "string", "null"]})
class BareNumber(serializers.Field):
    """A phone number as an integer, a SIP address as text."""


class Milliseconds(serializers.IntegerField):
    """A moment, since 1970."""


_CALL = inline_serializer(
    "ReservedCall",
    {
        "formatted_caller_number": serializers.CharField(help_text="As it is written at home."),
        "status": serializers.CharField(help_text="As the reservation's."),
        "start_time": Milliseconds(allow_null=True),
        "end_time": Milliseconds(
            allow_null=True,
            help_text="Without a buyer: of this answer, in milliseconds since 1970.",
        ),
        "caller_number": serializers.CharField(),
        "target_id": serializers.CharField(
            allow_null=True, help_text="The buyer_id of the buyer that is held."
        ),
        "winning_leg_connected_at": Milliseconds(allow_null=True),
        "winning_leg_disconnected_at": Milliseconds(allow_null=True),
    },
)
_TAG_VALUE: dict[str, serializers.Field] = {
    "key": serializers.CharField(),
    "operator": serializers.CharField(),
    "value": serializers.CharField(allow_blank=True),
}
_RESERVATION = inline_serializer(
    "ReservationOfCall",
    {
        "inbound_number": BareNumber(
            allow_null=True, help_text="Where to send the call: an integer, or a sip: address."
        ),
        "caller_number": serializers.CharField(),
        "status": serializers.ChoiceField(["reserved", "no-target", "rejected"]),
        "expires_at": serializers.DateTimeField(allow_null=True),
        "claimed_at": serializers.DateTimeField(allow_null=True),
        "wiped_at": serializers.DateTimeField(allow_null=True),
        "call": _CALL,
        "matched_targets": inline_serializer(
            "MatchedTarget", {"id": serializers.CharField()}, many=True
        ),
        "tag_values": inline_serializer("ReservedTagValue", _TAG_VALUE, many=True),
        "conversion_groups": inline_serializer(
            "ConversionGroup",
            {"seconds": serializers.IntegerField(), "payout": serializers.FloatField()},
            many=True,
        ),
        f"{_PREFIX}_ping_shield": serializers.BooleanField(
            required=False, help_text="True on a repeat of a live reservation."
        ),
    },
)
RESERVATION = inline_serializer("CallReservation", {"call_reservation": _RESERVATION})
RESERVE = inline_serializer(
    "CallReservationAsk",
    {
        "key": serializers.CharField(required=False),
        "affiliate_id": serializers.CharField(
            required=False, help_text="Required. Also publisher_id or source_id."
        ),
        "caller_number": serializers.CharField(
            required=False, help_text="Required. Where the call originates."
        ),
    },
)
_AFFILIATE = OpenApiParameter(
    "affiliate_id",
    str,
    OpenApiParameter.QUERY,
    description="The publisher. Also publisher_id or source_id.",
)
_RESERVED = OpenApiExample(
    "Reserved for a caller",
    {
        "call_reservation": {
            "inbound_number": 18335550101,
            "caller_number": "+12025550102",
            "status": "reserved",
            "expires_at": "2026-05-05T06:25:08.295Z",
            "claimed_at": None,
            "wiped_at": None,
            "call": {
                "formatted_caller_number": "(202) 555-0102",
                "status": "reserved",
                "start_time": None,
                "end_time": None,
                "caller_number": "+12025550102",
                "target_id": "b1",
                "winning_leg_connected_at": None,
                "winning_leg_disconnected_at": None,
            },
            "matched_targets": [{"id": "b1"}],
            "tag_values": [{"key": "caller_zip", "operator": "==", "value": "90210"}],
            "conversion_groups": [{"seconds": 120, "payout": 90.0}],
        }
    },
    response_only=True,
    status_codes=["200"],
)

create_call_reservation = extend_schema_view(
    post=extend_schema(
        operation_id="call_reservation_create",
        summary="Reserve a buyer for a caller, and a number to transfer to",
        tags=["Call reservation"],
        parameters=[KEY, _AFFILIATE, _CALLER, IDEMPOTENCY],
        request=RESERVE,
        responses={200: RESERVATION, **by_key()},
        examples=[_RESERVED],
        auth=[],
    )
)
