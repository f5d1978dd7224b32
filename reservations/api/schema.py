"""API description of the reserving paths."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from config.http.openapi import IDEMPOTENCY, KEY, by_key

from .serializers import (
    PREFIX,
    CallReservationAskSerializer,
    CallReservationSerializer,
    ConfirmationSerializer,
    PingSerializer,
    RTBSerializer,
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
_AFFILIATE = OpenApiParameter(
    "affiliate_id",
    str,
    OpenApiParameter.QUERY,
    description="The publisher. Also publisher_id or source_id.",
)
RESERVED_RTB = {
    "uuid": "05d44513-666d-46f1-a4f6-fb23cf206011",
    "status": "reserved",
    f"{PREFIX}_payout": 90.0,
    f"{PREFIX}_seconds": 120,
    "inbound_number": "+18335550101",
    "expires_at": "2026-05-05T06:25:08.295Z",
}
RESERVED_CALL = {
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
}


def _example(name: str, value: object) -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=["200"])


create_rtb = extend_schema(
    operation_id="rtb_create",
    summary="Ask for a buyer and a number to dial",
    tags=["Real-time bidding"],
    parameters=[KEY, _CALLER, IDEMPOTENCY],
    request=PingSerializer,
    responses={200: RTBSerializer, **by_key()},
    examples=[_example("Reserved", RESERVED_RTB)],
    auth=[],
)
confirm_rtb = extend_schema(
    summary="Confirm a reservation",
    tags=["Real-time bidding"],
    parameters=[OpenApiParameter("uuid", str, OpenApiParameter.PATH), KEY, _STATUS, IDEMPOTENCY],
    request=ConfirmationSerializer,
    responses={200: RTBSerializer, **by_key(404)},
    auth=[],
)
create_call_reservation = extend_schema(
    operation_id="call_reservation_create",
    summary="Reserve a buyer for a caller, and a number to transfer to",
    tags=["Call reservation"],
    parameters=[KEY, _AFFILIATE, _CALLER, IDEMPOTENCY],
    request=CallReservationAskSerializer,
    responses={200: CallReservationSerializer, **by_key()},
    examples=[_example("Reserved for a caller", RESERVED_CALL)],
    auth=[],
)
