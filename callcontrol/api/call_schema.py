"""What the API description says of reading calls."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from callcontrol.models import Call, Leg, Party
from config.http.openapi import LINK, by_key, error_schema
from config.http.pagination import MOST_PER_PAGE, PER_PAGE

from .call_filters import ALIASES, SORTS
from .simulator_schema import EventSerializer


class CallMembers(serializers.Serializer):
    """A call, as its company reads it."""

    uuid = serializers.UUIDField()
    status = serializers.ChoiceField(Call.Status.choices)
    campaign_id = serializers.CharField()
    publisher_id = serializers.CharField(allow_null=True)
    buyer_id = serializers.CharField(
        allow_null=True, help_text="The buyer that it was dialed to last."
    )
    reservation_uuid = serializers.UUIDField(allow_null=True)
    caller_number = serializers.CharField(allow_null=True, help_text="Null: withheld.")
    inbound_number = serializers.CharField()
    started_at = serializers.DateTimeField()
    connected_at = serializers.DateTimeField(
        allow_null=True, help_text="The pick-up of the leg that kept the call."
    )
    ended_at = serializers.DateTimeField(allow_null=True)
    duration = serializers.IntegerField(
        allow_null=True, help_text="Seconds from its arrival to its end."
    )
    connected_duration = serializers.IntegerField(
        allow_null=True, help_text="Seconds from the pick-up to its end."
    )
    payout = serializers.CharField(allow_null=True)
    revenue = serializers.CharField(allow_null=True)
    converted = serializers.BooleanField()
    duplicate = serializers.BooleanField(
        help_text="It would have converted, had its caller not converted before."
    )
    tags = serializers.DictField(child=serializers.CharField(allow_blank=True))
    caller = serializers.CharField(allow_null=True, help_text="As caller_number.")
    number = serializers.CharField(help_text="As inbound_number.")
    cid = serializers.CharField(help_text="As campaign_id.")
    afid = serializers.CharField(allow_null=True, help_text="As publisher_id.")
    tid = serializers.CharField(allow_null=True, help_text="As buyer_id.")
    created_at = serializers.DateTimeField(help_text="As started_at.")
    start_time = serializers.DateTimeField(help_text="As started_at.")
    forwarded_time = serializers.DateTimeField(allow_null=True, help_text="As connected_at.")
    end_time = serializers.DateTimeField(allow_null=True, help_text="As ended_at.")
    total_duration = serializers.IntegerField(allow_null=True, help_text="As duration.")
    dialed_call_duration = serializers.IntegerField(
        allow_null=True, help_text="As connected_duration."
    )


class LegOfCall(serializers.Serializer):
    """One party's line into a call."""

    leg_uuid = serializers.UUIDField()
    party = serializers.ChoiceField(Party.choices)
    number = serializers.CharField(allow_null=True)
    caller_number_sent = serializers.CharField(
        allow_null=True, help_text="The caller's number as this party was shown it."
    )
    buyer_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(Leg.Status.choices)
    outcome = serializers.CharField(allow_null=True)
    started_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    hears = serializers.ListField(child=serializers.ChoiceField(Party.choices))


class WholeCall(CallMembers):
    """A call with its legs and its timeline, each in the order in which they began."""

    legs = LegOfCall(many=True)
    events = EventSerializer(many=True)


_ONE = inline_serializer("OneCall", {"call": WholeCall()})
_LISTED = inline_serializer("ListedCall", {"call": CallMembers()}, many=True)
_LISTED_AS_XML = inline_serializer("ListedCalls", {"calls": CallMembers(many=True)})
_REFUSED = {
    **by_key(),
    403: error_schema("company_id is missing or not the key's company, or the key is paused."),
}


def _asked(name: str, description: str, **more: Any) -> OpenApiParameter:
    also = f" Also {', '.join(ALIASES[name])}." if name in ALIASES else ""
    return OpenApiParameter(
        name, more.pop("type", str), OpenApiParameter.QUERY, description=description + also, **more
    )


_KEY = [
    _asked("api_key", "The company's API key; also key, a bearer token or X-Api-Key."),
    _asked("company_id", "The company of the key.", required=True),
]
_FILTERS = [
    _asked(
        "created_at_start",
        "Calls from this moment on: ISO 8601, or seconds or milliseconds since 1970.",
    ),
    _asked("created_at_end", "Calls before this moment."),
    _asked("campaign_id", "Calls of this campaign."),
    _asked("publisher_id", "Calls from this publisher."),
    _asked("buyer_id", "Calls to this buyer."),
    _asked("status", "Calls that stand so.", enum=Call.Status.values),
    _asked(
        "caller_number", "Calls from this number in any spelling; anonymous: from withheld ones."
    ),
    _asked("sort_by", "The order of the calls; created_at if nothing is said.", enum=list(SORTS)),
    _asked("order", "desc (the newest first) if nothing is said.", enum=["asc", "desc"]),
    _asked("page", "Counted from 1.", type=int),
    _asked("per_page", f"Calls on a page: {PER_PAGE}, at most {MOST_PER_PAGE}.", type=int),
]

list_calls = extend_schema_view(
    get=extend_schema(
        summary="A company's calls",
        tags=["Calls"],
        parameters=[*_KEY, *_FILTERS, LINK],
        responses={
            (200, "application/json"): _LISTED,
            (200, "text/xml"): _LISTED_AS_XML,
            **_REFUSED,
        },
        auth=[],
    )
)
show_call = extend_schema_view(
    get=extend_schema(
        summary="One call with its legs and its timeline",
        tags=["Calls"],
        parameters=[OpenApiParameter("call_uuid", str, OpenApiParameter.PATH), *_KEY],
        responses={200: _ONE, **_REFUSED, 404: error_schema("The company has no such call.")},
        auth=[],
    )
)
