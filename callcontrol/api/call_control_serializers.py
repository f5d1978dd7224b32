"""Serializers of call control: the API description, and what renders the answers."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from callcontrol.control.actions.base import Action, ActionParameter
from config.http.serializer_fields import MillisecondsField


class ControlErrorSerializer(serializers.Serializer[Any]):
    """Why a request was refused, in words."""

    success = serializers.BooleanField(help_text="False.")
    error = serializers.CharField()


class ActiveCallSerializer(serializers.Serializer[Any]):
    """A call that the key's owner is on, from its leg. Moments are in milliseconds since 1970."""

    caller_number = serializers.CharField(
        source="call.caller_number",
        allow_null=True,
        help_text="The caller's number; null: withheld.",
    )
    caller_number_sent = serializers.CharField(
        allow_null=True, help_text="The number that the handler was sent."
    )
    dialed_out_number = serializers.CharField(
        source="number", help_text="The number or SIP address of the handler that was dialed."
    )
    call_uuid = serializers.UUIDField(source="call_id")
    started_at = MillisecondsField(source="call.started_at", help_text="When the call came in.")
    dialed_out_at = MillisecondsField(source="started_at", help_text="When the handler was dialed.")


@extend_schema_serializer(many=False)
class ActiveCallsSerializer(serializers.Serializer[Any]):
    """The calls that the key's owner is on."""

    success = serializers.BooleanField(help_text="False when there is none.")
    results = ActiveCallSerializer(many=True)


class DoneSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField(help_text="True.")


# --- of an action ---------------------------------------------------------------------------------
_FIELDS: Mapping[type, type[serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    bool: serializers.BooleanField,
    UUID: serializers.UUIDField,
}


def _fields(members: Mapping[str, ActionParameter], *, required: bool) -> dict[str, Any]:
    return {
        name: _FIELDS[member.type](required=required, help_text=member.meaning)
        for name, member in members.items()
    }


def _name(action: type[Action]) -> str:
    return action.__name__.removesuffix("Action")


@cache
def request_serializer(action: type[Action]) -> type[serializers.Serializer[Any]]:
    """Return the serializer of what an action reads."""
    fields = _fields(action.parameters, required=False)
    key = {"api_key": serializers.CharField(required=False)}
    return type(f"{_name(action)}Asked", (serializers.Serializer,), {**key, **fields})


@cache
def done_serializer(action: type[Action]) -> type[serializers.Serializer[Any]]:
    """Return the serializer of what an action answers."""
    fields = _fields(action.answers, required=True)
    if not fields:
        return DoneSerializer
    return type(f"{_name(action)}Done", (DoneSerializer,), fields)
