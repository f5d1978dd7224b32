"""Call control: the calls that a handler is on, its actions on them, and what a transfer's UUID may do."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest

from callcontrol.control import lookup, registry, transfers
from callcontrol.control.access import Controller, controller_of
from callcontrol.control.actions.base import Action, ActionRequest
from callcontrol.key_types.call_control import CallControlKey
from callcontrol.lifecycle import timeouts
from callcontrol.models import Leg, Transfer
from campaigns.errors import Gone, Missing, NotAuthorized, NotFound, Refusal
from campaigns.models import Buyer, BuyerGroup
from config.http.errors import CALL_CONTROL_SHAPE
from config.http.pagination import link_header, paginate
from config.http.values import milliseconds
from publishers.gateway.request import KeyRequest
from publishers.gateway.viewset import KeyedViewSet
from publishers.snapshot import current_snapshot

from . import call_control_schema

Told = tuple[int, dict[str, Any]]
_MOST_BEHIND = 10  # of a company's calls; the lines of others are only left out of a list, for a sweep is about to end them


# --- by a handler key -------------------------------------------------------------------------------------
class ByHandlerKey(KeyedViewSet):
    """A key that carries the `word` of what is asked."""

    kinds: ClassVar = (CallControlKey.slug,)
    key_names: ClassVar = ("api_key", "key")
    error_shape: ClassVar[Mapping[str, Any]] = CALL_CONTROL_SHAPE
    word: ClassVar[str]

    def prepare(self, visit: KeyRequest) -> None:
        key, _ = visit.let_in()
        if self.word not in key.settings["actions"]:
            raise NotAuthorized

    def controller(self, visit: KeyRequest) -> Controller:
        key, snapshot = visit.let_in()
        return controller_of(key, company_pk=snapshot.company_pk)


@call_control_schema.list_active_calls
class ActiveCalls(ByHandlerKey):
    """The calls on which the key's owner is now."""

    word = registry.LISTING

    def prepare(self, visit: KeyRequest) -> None:
        super().prepare(visit)
        _, snapshot = visit.let_in()
        timeouts.apply_company_timeouts(
            company_pk=snapshot.company_pk, now=visit.now, limit=_MOST_BEHIND
        )

    def get(self, visit: KeyRequest) -> Told:
        legs = lookup.active_legs(self.controller(visit), now=visit.now)
        if visit.parameters.number_text("caller_number") is not None:
            legs = lookup.of_caller(legs, visit.caller_number)
        page = paginate(legs, visit.parameters)
        visit.headers["Link"] = link_header(page, self.request)
        return 200, {"success": bool(page.rows), "results": [_listed(leg) for leg in page.rows]}


def _listed(leg: Leg) -> dict[str, Any]:
    """In the seed's order; moments in milliseconds since 1970."""
    return {
        "caller_number": leg.call.caller_number,
        "caller_number_sent": leg.caller_number_sent,
        "dialed_out_number": leg.number,
        "call_uuid": leg.call_id,
        "started_at": milliseconds(leg.call.started_at),
        "dialed_out_at": milliseconds(leg.started_at),
    }


class Acting(ByHandlerKey):
    """One action on one call of the key's owner."""

    asks_outside = True
    what: ClassVar[type[Action]]

    def act_on(self, visit: KeyRequest, call_uuid: UUID, controller: Controller) -> Told:
        try:
            members = self.what.act(
                ActionRequest(call_uuid, controller, visit.parameters, visit.now)
            )
        except NotAuthorized:
            raise
        except Refusal:
            visit.call_uuid = call_uuid
            raise
        visit.call_uuid = call_uuid
        return 200, {"success": True, **members}


class ByUUID(Acting):
    """Names the call by its UUID. One that is none is as unknown as any other."""

    def post(self, visit: KeyRequest, call_uuid: str) -> Told:
        try:
            found = UUID(call_uuid)
        except ValueError:
            raise NotAuthorized from None
        return self.act_on(visit, found, self.controller(visit))


class ByLink(Acting):
    """Names the call by its caller, and the key's owner by its id: a link that a browser can follow."""

    def get(
        self, visit: KeyRequest, buyer_id: str | None = None, group_id: str | None = None
    ) -> Told:
        if not _is_owner(visit, buyer_id, group_id):
            raise NotAuthorized
        if visit.parameters.number_text("caller_number") is None:
            raise Missing("caller_number")
        controller = self.controller(visit)
        newest = lookup.newest_call(controller, caller_number=visit.caller_number, now=visit.now)
        return self.act_on(visit, newest, controller)

    post = get


def _is_owner(visit: KeyRequest, buyer_id: str | None, group_id: str | None) -> bool:
    key, _ = visit.let_in()
    if group_id is not None:
        return BuyerGroup.objects.filter(pk=key.group_pk or 0, group_id=group_id).exists()
    return Buyer.objects.filter(pk=key.buyer_pk or 0, buyer_id=buyer_id).exists()


def by_uuid(action: type[Action]) -> type[ByUUID]:
    """The entrance of an action, at the call's UUID."""
    door = type(
        action.__name__, (ByUUID,), {"what": action, "word": action.slug, "__doc__": action.summary}
    )
    return call_control_schema.of_action(action)(door)


def by_link(action: type[Action]) -> type[ByLink]:
    """The entrance of an action as a plain link."""
    door = type(
        f"{action.__name__}ByLink",
        (ByLink,),
        {"what": action, "word": action.slug, "__doc__": action.summary},
    )
    return call_control_schema.of_link(action)(door)


# --- by a transfer's UUID ---------------------------------------------------------------------------------
class ByTransfer(KeyedViewSet):
    """The transfer's UUID in the path is what lets a request in; keys that are sent along are ignored."""

    asks_outside = True
    error_shape: ClassVar[Mapping[str, Any]] = CALL_CONTROL_SHAPE

    def credential(self, request: HttpRequest, visit: KeyRequest) -> str:
        return str(self.kwargs["uuid"])

    def unknown(self) -> Refusal:
        return NotFound("transfer not found")

    def look_up(self, visit: KeyRequest) -> None:
        try:
            uuid = UUID(visit.key_text or "")
        except ValueError:
            return
        company_pk = (
            Transfer.objects.filter(pk=uuid).values_list("call__company_id", flat=True).first()
        )
        if company_pk is not None:
            visit.snapshot, visit.let_in_as = current_snapshot(company_pk), "transfer"
            visit.key_text = str(uuid)  # of all its spellings the one that fits a column

    def check_right(self, visit: KeyRequest) -> None:
        """A deleted buyer's live calls go on, and so do its transfers; a deleted company's do not."""
        if visit.snapshot is None or visit.snapshot.retired:
            raise Gone("the owner of this transfer was deleted")
        CallControlKey.check_switch(visit.snapshot.switches)

    def prepare(self, visit: KeyRequest) -> None:
        visit.call_uuid = transfers.call_of(UUID(visit.key_text or ""), now=visit.now).pk


@call_control_schema.connect_caller
class ConferenceCaller(ByTransfer):
    """The caller is taken off hold, and into the conference."""

    def post(self, visit: KeyRequest, uuid: str) -> Told:
        transfers.connect_caller(transfer_uuid=UUID(uuid), now=visit.now)
        return 200, {"success": True}


@call_control_schema.stop_transfer
class OneTransfer(ByTransfer):
    """The transfer is stopped: its transferee's line ends."""

    def delete(self, visit: KeyRequest, uuid: str) -> Told:
        transfers.stop_transfer(transfer_uuid=UUID(uuid), now=visit.now)
        return 200, {"success": True}
