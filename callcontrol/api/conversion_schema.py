"""API description of reported conversions."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from config.http.openapi import IDEMPOTENCY, KEY, by_key

from .conversion_serializers import (
    PAYOUT,
    REVENUE,
    ConversionSerializer,
    ReportedConversionSerializer,
)

_EXAMPLE = OpenApiExample(
    "Reported",
    {
        "call_uuid": "05d44513-666d-46f1-a4f6-fb23cf206011",
        "status": "converted",
        "revenue": 120.0,
        "payout": 90.0,
    },
    response_only=True,
    status_codes=["200"],
)

report = extend_schema(
    operation_id="conversion_report",
    summary="Report the sale that a call led to",
    tags=["Conversions"],
    parameters=[
        KEY,
        OpenApiParameter(
            "call_uuid", str, OpenApiParameter.QUERY, description="A call of the key's buyer."
        ),
        OpenApiParameter("revenue", str, OpenApiParameter.QUERY, description=REVENUE),
        OpenApiParameter("payout", str, OpenApiParameter.QUERY, description=PAYOUT),
        IDEMPOTENCY,
    ],
    request=ConversionSerializer,
    responses={200: ReportedConversionSerializer, **by_key(404)},
    examples=[_EXAMPLE],
    auth=[],
)
