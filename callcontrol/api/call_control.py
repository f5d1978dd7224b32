"""Call control by a handler key: the calls that its owner is on, and the actions on them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.decorators import action as endpoint
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from callcontrol.control import lookup, registry
from callcontrol.control.access import Controller, controller_of
from callcontrol.control.actions.base import Action, ActionRequest
from callcontrol.key_types.call_control import CallControlKey
from callcontrol.lifecycle import timeouts
from campaigns.errors import Missing, NotAuthorized, Refusal
from campaigns.models import Buyer, BuyerGroup
from config.http.errors import CALL_CONTROL_SHAPE
from publishers.gateway.viewset import Classes, KeyedViewSet, logged

from . import call_control_schema
from .call_control_serializers import ActiveCallsSerializer, done_serializer

# How many of a company's calls are brought up to date before a list is read. Lines that are past
# their time are left out of the list anyway, and the sweep is about to end them.
_MAX_TIMED_OUT = 10


class KeyAllowsAction(BasePermission):
    """401 unless the handler key's settings list the view's `key_action`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.key_action not in view.key_request.key.settings["actions"]:
            raise NotAuthorized
        return True


class HandlerKeyViewSet(KeyedViewSet):
    """Base: requests by a handler key."""

    key_types: ClassVar = (CallControlKey.slug,)
    key_names: ClassVar = ("api_key", "key")
    final_permission_classes: Classes[BasePermission] = (KeyAllowsAction,)
    error_shape: ClassVar[Mapping[str, Any]] = CALL_CONTROL_SHAPE
    key_action: str = ""

    def controller(self) -> Controller:
        return controller_of(self.key, company_pk=self.snapshot.company_pk)


class ActiveCallViewSet(HandlerKeyViewSet):
    """The calls that the key's owner is on now."""

    key_action = registry.LISTING

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Apply the timeouts of the company's calls."""
        super().initial(request, *args, **kwargs)
        timeouts.apply_company_timeouts(
            company_pk=self.snapshot.company_pk, now=self.key_request.now, limit=_MAX_TIMED_OUT
        )

    @call_control_schema.list_active_calls
    @logged
    def list(self, request: Request) -> Response:
        """The calls, most recently dialed first; only those of a caller when one is named."""
        legs = lookup.active_legs(self.controller(), now=self.key_request.now)
        if self.parameters.number_text("caller_number") is not None:
            legs = lookup.of_caller(legs, self.key_request.caller_number)
        page = self.paginate_queryset(legs)
        answer = ActiveCallsSerializer({"success": bool(page), "results": page})
        return self.get_paginated_response(answer.data)


class ActingViewSet(HandlerKeyViewSet):
    """Base: actions on one call of the key's owner. An action asks the carrier."""

    is_atomic: ClassVar = False

    def act(self, action: type[Action], call_uuid: UUID, controller: Controller) -> Response:
        """Run an action; the log row names the call unless the key does not reach it."""
        key_request = self.key_request
        try:
            members = action.act(
                ActionRequest(call_uuid, controller, self.parameters, key_request.now)
            )
        except NotAuthorized:
            raise
        except Refusal:
            key_request.call_uuid = call_uuid
            raise
        key_request.call_uuid = call_uuid
        return Response(done_serializer(action)({"success": True, **members}).data)


class HandledCallViewSet(ActingViewSet):
    """`POST /call_control/v1/calls/{call_uuid}/{action}`."""

    lookup_url_kwarg = "call_uuid"


class OwnerLinkViewSet(ActingViewSet):
    """Plain links that a browser can follow: the call is named by its caller.

    `GET` or `POST` of `/buyers/{buyer_id}/call_control/{action}`, and of a group's.
    """

    def is_owner(self, owner_id: str) -> bool:
        """Return whether this is the key's owner."""
        raise NotImplementedError

    def act_on_newest(self, action: type[Action], owner_id: str) -> Response:
        """Run an action on the newest call from the caller that the request names."""
        if not self.is_owner(owner_id):
            raise NotAuthorized
        if self.parameters.number_text("caller_number") is None:
            raise Missing("caller_number")
        controller = self.controller()
        newest = lookup.newest_call(
            controller,
            caller_number=self.key_request.caller_number,
            now=self.key_request.now,
        )
        return self.act(action, newest, controller)


class BuyerLinkViewSet(OwnerLinkViewSet):
    """The links of a buyer."""

    lookup_url_kwarg = "buyer_id"

    def is_owner(self, owner_id: str) -> bool:
        return Buyer.objects.filter(pk=self.key.buyer_pk or 0, buyer_id=owner_id).exists()


class GroupLinkViewSet(OwnerLinkViewSet):
    """The links of a group of buyers."""

    lookup_url_kwarg = "group_id"

    def is_owner(self, owner_id: str) -> bool:
        return BuyerGroup.objects.filter(pk=self.key.group_pk or 0, group_id=owner_id).exists()


# --- one endpoint for each action -----------------------------------------------------------------
def with_actions(
    viewset: type[ActingViewSet], actions: Iterable[type[Action]]
) -> type[ActingViewSet]:
    """Return the viewset with an endpoint for each action, so that a new action is one file."""
    make = _link if issubclass(viewset, OwnerLinkViewSet) else _on_call
    members = {f"{action.slug}_call": make(action) for action in actions}
    return type(viewset.__name__, (viewset,), {"__doc__": viewset.__doc__, **members})


def _on_call(action: type[Action]) -> Callable[..., Any]:
    @logged
    def act(self: HandledCallViewSet, request: Request, call_uuid: str) -> Response:
        try:
            uuid = UUID(call_uuid)
        except ValueError:
            raise NotAuthorized from None  # as any unknown call
        return self.act(action, uuid, self.controller())

    return _endpoint(action, act, ["post"], action.slug, call_control_schema.describe_action)


def _link(action: type[Action]) -> Callable[..., Any]:
    @logged
    def act(self: OwnerLinkViewSet, request: Request, **owner: str) -> Response:
        return self.act_on_newest(action, *owner.values())

    path = f"call_control/{action.slug}"
    return _endpoint(action, act, ["get", "post"], path, call_control_schema.describe_link)


def _endpoint(
    action: type[Action],
    act: Callable[..., Any],
    methods: Sequence[Any],
    path: str,
    describe: Callable[[type[Action]], Callable[..., Any]],
) -> Callable[..., Any]:
    act.__name__ = f"{action.slug}_call"
    act.__doc__ = action.summary
    route = endpoint(detail=True, methods=methods, url_path=path, key_action=action.slug)
    return describe(action)(route(act))
