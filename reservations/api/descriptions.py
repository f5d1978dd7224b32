"""What the API description says of the reserving paths."""

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers

from config.api.describing import IDEMPOTENCY, KEY, by_key

_PREFIX = settings.RTB_FIELD_PREFIX

ANSWER = inline_serializer(
    "RTB",
    {
        "uuid": serializers.UUIDField(),
        "status": serializers.ChoiceField(["reserved", "confirmed", "claimed", "no-target", "rejected"]),
        f"{_PREFIX}_payout": serializers.FloatField(required=False, help_text="To the publisher, in the company's currency."),
        f"{_PREFIX}_seconds": serializers.IntegerField(required=False, help_text="Connected seconds that earn it."),
        "inbound_number": serializers.CharField(required=False, help_text="Where to send the call: a number, or sip: address."),
        "sip_address": serializers.CharField(required=False, help_text="user@domain, where the key asks for it."),
        "expires_at": serializers.DateTimeField(required=False),
        f"{_PREFIX}_ping_shield": serializers.BooleanField(required=False, help_text="True on a repeat of a live ping."),
    },
)
ASK = inline_serializer(
    "Ping",
    {
        "key": serializers.CharField(required=False),
        "caller_number": serializers.CharField(required=False, help_text="Where the call originates."),
        "inbound_number": serializers.CharField(
            required=False, help_text="The number that will be dialed, if it is known already."
        ),
        "publisher_id": serializers.CharField(required=False, help_text="Also source_id or affiliate_id."),
    },
)
CONFIRM = inline_serializer(
    "Confirmation",
    {"key": serializers.CharField(required=False), "status": serializers.ChoiceField(["confirmed"], required=False)},
)

_STATUS = OpenApiParameter("status", str, OpenApiParameter.QUERY, enum=["confirmed"], description="Also read from the body.")
_CALLER = OpenApiParameter(
    "caller_number", str, OpenApiParameter.QUERY, description="Every parameter that is not reserved is a tag."
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
