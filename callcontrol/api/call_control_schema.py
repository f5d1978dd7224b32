"""API description of call control."""

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from callcontrol.control.actions.base import Action
from config.http.openapi import IDEMPOTENCY, LINK, by_key
from config.http.pagination import MAX_PER_PAGE, PER_PAGE

from .call_control_serializers import (
    ActiveCallsSerializer,
    ControlErrorSerializer,
    DoneSerializer,
    done_serializer,
    request_serializer,
)

_TAG = "Call control"


def _refused(more: dict[int, str]) -> dict[int, Any]:
    """Describe the usual errors in the shape of call control; `more` describes some of them."""
    usual = {status: answer.description for status, answer in by_key().items()}
    return {
        status: OpenApiResponse(ControlErrorSerializer, when)
        for status, when in (usual | more).items()
    }


def _in_words(errors: Mapping[str, str]) -> str:
    return "Refused, or a value is unusable. " + " ".join(
        f"`{text}`: {when}" for text, when in errors.items()
    )


# --- by a handler key -----------------------------------------------------------------------------
_NOT_AUTHORIZED = (
    "The key is unknown, does not carry the action, or its owner is not on the call:"
    " `not authorized`."
)
_API_KEY = OpenApiParameter(
    "api_key",
    str,
    OpenApiParameter.QUERY,
    description="The handler key; also key, in the body, or as a bearer token.",
)
_PAGES = [
    OpenApiParameter("page", int, OpenApiParameter.QUERY, description="Counted from 1."),
    OpenApiParameter(
        "per_page", int, OpenApiParameter.QUERY, description=f"{PER_PAGE}, at most {MAX_PER_PAGE}."
    ),
]


def _caller(**more: Any) -> OpenApiParameter:
    return OpenApiParameter(
        "caller_number",
        str,
        OpenApiParameter.QUERY,
        description=(
            "The caller's number as it is or as the handler was sent it, in any spelling;"
            " or anonymous."
        ),
        **more,
    )


list_active_calls = extend_schema(
    operation_id="active_calls",
    summary="Active calls of a handler",
    tags=[_TAG],
    parameters=[_API_KEY, _caller(), *_PAGES, LINK],
    responses={200: ActiveCallsSerializer, **_refused({401: _NOT_AUTHORIZED})},
    auth=[],
)


def describe_action(action: type[Action]) -> Callable[..., Any]:
    """Describe the endpoint of an action at a call's UUID."""
    return extend_schema(
        operation_id=f"call_{action.slug}",
        summary=action.summary,
        tags=[_TAG],
        parameters=[
            OpenApiParameter("call_uuid", str, OpenApiParameter.PATH),
            _API_KEY,
            IDEMPOTENCY,
        ],
        request=request_serializer(action),
        responses=_responses(action),
        auth=[],
    )


def describe_link(action: type[Action]) -> Callable[..., Any]:
    """Describe the endpoint of an action as a plain link."""
    parameters = [_API_KEY, _caller(required=True)]
    shared: dict[str, Any] = {
        "summary": f"{action.summary}, as a plain link",
        "tags": [_TAG],
        "auth": [],
        "responses": _responses(action),
    }
    get = extend_schema(methods=["GET"], parameters=parameters, **shared)
    post = extend_schema(
        methods=["POST"], parameters=[*parameters, IDEMPOTENCY], request=None, **shared
    )
    return lambda endpoint: get(post(endpoint))


def _responses(action: type[Action]) -> dict[int, Any]:
    errors = _refused({401: _NOT_AUTHORIZED, 422: _in_words(action.errors)})
    return {200: done_serializer(action), **errors}


# --- by a transfer's UUID -------------------------------------------------------------------------
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
    "transferor not present": (
        "The handler that transferred the call has left: the caller would be left alone."
    ),
}


def _by_transfer(operation_id: str, summary: str, errors: Mapping[str, str]) -> Callable[..., Any]:
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        tags=[_TAG],
        parameters=[OpenApiParameter("uuid", str, OpenApiParameter.PATH), IDEMPOTENCY],
        request=None,
        responses={200: DoneSerializer, **_refused({404: _NOT_FOUND, 422: _in_words(errors)})},
        auth=[],
    )


connect_caller = _by_transfer(
    "transfer_conference_caller", "Connect the caller of a transfer", CONNECT_ERRORS
)
stop_transfer = _by_transfer("transfer_stop", "Stop a transfer", STOP_ERRORS)
