"""What the API description says of call control."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from callcontrol.control.actions.base import Action, ActionParameter
from config.http.openapi import IDEMPOTENCY, LINK, by_key
from config.http.pagination import MOST_PER_PAGE, PER_PAGE

_TAG = "Call control"
_FIELDS: Mapping[type, type[serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    bool: serializers.BooleanField,
    UUID: serializers.UUIDField,
}


# --- what is answered -------------------------------------------------------------------------------------
class ControlErrorSerializer(serializers.Serializer):
    """Why a request was refused, in words."""

    success = serializers.BooleanField(help_text="False.")
    error = serializers.CharField()


class ActiveCallSerializer(serializers.Serializer):
    """A call on which the key's owner is now. Moments are in milliseconds since 1970."""

    caller_number = serializers.CharField(
        allow_null=True, help_text="The caller's number; null: withheld."
    )
    caller_number_sent = serializers.CharField(
        allow_null=True, help_text="The number that the handler was shown."
    )
    dialed_out_number = serializers.CharField(
        help_text="The number or SIP address of the handler that was dialed."
    )
    call_uuid = serializers.UUIDField()
    started_at = serializers.IntegerField(help_text="When the call came in.")
    dialed_out_at = serializers.IntegerField(help_text="When the handler was dialed.")


_LISTED = inline_serializer(
    "ActiveCalls",
    {
        "success": serializers.BooleanField(help_text="False when there is none."),
        "results": ActiveCallSerializer(many=True),
    },
)
_DONE = inline_serializer("Done", {"success": serializers.BooleanField(help_text="True.")})


def _refused(more: dict[int, str]) -> dict[int, Any]:
    """What any request here may be refused with, in the shape of call control; `more` says what a status means here."""
    usual = {status: answer.description for status, answer in by_key().items()}
    return {
        status: OpenApiResponse(ControlErrorSerializer, when)
        for status, when in (usual | more).items()
    }


def _in_words(errors: Mapping[str, str]) -> str:
    return "Refused, or a value is unusable. " + " ".join(
        f"`{text}`: {when}" for text, when in errors.items()
    )


def _fields(members: Mapping[str, ActionParameter], *, required: bool) -> dict[str, Any]:
    return {
        name: _FIELDS[member.type](required=required, help_text=member.meaning)
        for name, member in members.items()
    }


# --- by a handler key -------------------------------------------------------------------------------------
_NOT_AUTHORIZED = "The key is unknown, does not carry the action, or its owner is not on the call: `not authorized`."
_API_KEY = OpenApiParameter(
    "api_key",
    str,
    OpenApiParameter.QUERY,
    description="The handler key; also key, in the body, or as a bearer token.",
)
_PAGES = [
    OpenApiParameter("page", int, OpenApiParameter.QUERY, description="Counted from 1."),
    OpenApiParameter(
        "per_page", int, OpenApiParameter.QUERY, description=f"{PER_PAGE}, at most {MOST_PER_PAGE}."
    ),
]


def _caller(**more: Any) -> OpenApiParameter:
    return OpenApiParameter(
        "caller_number",
        str,
        OpenApiParameter.QUERY,
        description="The caller's number as it is or as it was shown to the handler, in any spelling; or anonymous.",
        **more,
    )


list_active_calls = extend_schema_view(
    get=extend_schema(
        operation_id="active_calls",
        summary="Active calls of a handler",
        tags=[_TAG],
        parameters=[_API_KEY, _caller(), *_PAGES, LINK],
        responses={200: _LISTED, **_refused({401: _NOT_AUTHORIZED})},
        auth=[],
    )
)


def of_action(action: type[Action]) -> Callable[[type], Any]:
    """Describes the entrance of an action at a call's UUID."""
    fields = {
        "api_key": serializers.CharField(required=False),
        **_fields(action.parameters, required=False),
    }
    described = extend_schema(
        operation_id=f"call_{action.slug}",
        summary=action.summary,
        tags=[_TAG],
        parameters=[
            OpenApiParameter("call_uuid", str, OpenApiParameter.PATH),
            _API_KEY,
            IDEMPOTENCY,
        ],
        request=inline_serializer(f"{action.__name__}Asked", fields),
        responses=_responses(action),
        auth=[],
    )
    return extend_schema_view(post=described)


def of_link(action: type[Action]) -> Callable[[type], Any]:
    """Describes the entrance of an action as a plain link."""
    parameters = [_API_KEY, _caller(required=True)]
    shared: dict[str, Any] = {
        "summary": f"{action.summary}, as a plain link",
        "tags": [_TAG],
        "auth": [],
    }
    shared["responses"] = _responses(action)
    return extend_schema_view(
        get=extend_schema(parameters=parameters, **shared),
        post=extend_schema(parameters=[*parameters, IDEMPOTENCY], request=None, **shared),
    )


def _responses(action: type[Action]) -> dict[int, Any]:
    members = {
        "success": serializers.BooleanField(help_text="True."),
        **_fields(action.answers, required=True),
    }
    done = inline_serializer(f"{action.__name__}Done", members) if action.answers else _DONE
    return {200: done, **_refused({401: _NOT_AUTHORIZED, 422: _in_words(action.errors)})}


# --- by a transfer's UUID ---------------------------------------------------------------------------------
_NOT_FOUND = "The transfer UUID is invalid: `transfer not found`."
_ENDED = "The call has ended."
CONNECT_ERRORS = {
    "call not live": _ENDED,
    "caller hung up": "The caller disconnected while on hold.",
    "caller not held": "The caller is not on hold, and can hear everything that is said.",
}
STOP_ERRORS = {
    "call not live": _ENDED,
    "transfer not in progress": "The transferee's line has ended.",
    "transferor not present": "Who transferred the call has left, and the caller would be left alone.",
}


def _by_transfer(
    verb: str, name: str, summary: str, errors: Mapping[str, str]
) -> Callable[[type], Any]:
    described = extend_schema(
        operation_id=name,
        summary=summary,
        tags=[_TAG],
        parameters=[OpenApiParameter("uuid", str, OpenApiParameter.PATH), IDEMPOTENCY],
        request=None,
        responses={200: _DONE, **_refused({404: _NOT_FOUND, 422: _in_words(errors)})},
        auth=[],
    )
    return extend_schema_view(**{verb: described})


connect_caller = _by_transfer(
    "post", "transfer_conference_caller", "Connect the caller of a transfer", CONNECT_ERRORS
)
stop_transfer = _by_transfer("delete", "transfer_stop", "Stop a transfer", STOP_ERRORS)
