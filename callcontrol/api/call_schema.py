"""API description of reading calls."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema

from callcontrol.models import Call
from config.http.openapi import LINK, by_key, error_schema
from config.http.pagination import MAX_PER_PAGE, PER_PAGE

from .call_filters import ALIASES, SORTS
from .call_serializers import ListedCallSerializer, ListedCallsSerializer, OneCallSerializer

_REFUSED = {
    **by_key(),
    403: error_schema("company_id is missing or not the key's company, or the key is paused."),
}


def _parameter(name: str, description: str, **more: Any) -> OpenApiParameter:
    also = f" Also {', '.join(ALIASES[name])}." if name in ALIASES else ""
    return OpenApiParameter(
        name, more.pop("type", str), OpenApiParameter.QUERY, description=description + also, **more
    )


_KEY = [
    _parameter("api_key", "The company's API key; also key, a bearer token or X-Api-Key."),
    _parameter("company_id", "The company of the key.", required=True),
]
_FILTERS = [
    _parameter(
        "created_at_start",
        "Calls from this moment on: ISO 8601, or seconds or milliseconds since 1970.",
    ),
    _parameter("created_at_end", "Calls before this moment."),
    _parameter("campaign_id", "Calls of this campaign."),
    _parameter("publisher_id", "Calls from this publisher."),
    _parameter("buyer_id", "Calls to this buyer."),
    _parameter("status", "Calls with this status.", enum=Call.Status.values),
    _parameter(
        "caller_number", "Calls from this number in any spelling; anonymous: from withheld ones."
    ),
    _parameter("sort_by", "The order of the calls; created_at by default.", enum=list(SORTS)),
    _parameter("order", "desc (the newest first) by default.", enum=["asc", "desc"]),
    _parameter("page", "Counted from 1.", type=int),
    _parameter("per_page", f"Calls on a page: {PER_PAGE}, at most {MAX_PER_PAGE}.", type=int),
]

list_calls = extend_schema(
    summary="A company's calls",
    tags=["Calls"],
    parameters=[*_KEY, *_FILTERS, LINK],
    responses={
        (200, "application/json"): ListedCallSerializer(many=True),
        (200, "text/xml"): ListedCallsSerializer,
        **_REFUSED,
    },
    auth=[],
)
show_call = extend_schema(
    summary="One call with its legs and its timeline",
    tags=["Calls"],
    parameters=[OpenApiParameter("call_uuid", str, OpenApiParameter.PATH), *_KEY],
    responses={
        200: OneCallSerializer,
        **_REFUSED,
        404: error_schema("The company has no such call."),
    },
    auth=[],
)
