"""Transfers: their caller is connected, or they are stopped, by the transfer's UUID alone."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from callcontrol.control import transfers
from callcontrol.key_types.call_control import CallControlKey
from callcontrol.models import Transfer
from campaigns.errors import Gone, NotFound, Refusal
from config.http.errors import CALL_CONTROL_SHAPE
from publishers.gateway.authentication import CredentialAuthentication
from publishers.gateway.request import KeyRequest
from publishers.gateway.viewset import Classes, KeyedViewSet, logged
from publishers.snapshot import current_snapshot

from . import call_control_schema
from .call_control_serializers import DoneSerializer


class TransferAuthentication(CredentialAuthentication):
    """The transfer's UUID in the path; keys that are sent along are ignored."""

    def credential(self, request: Request, view: Any) -> str:
        return str(view.kwargs["uuid"])

    def identify(self, key_request: KeyRequest, view: Any) -> None:
        try:
            uuid = UUID(key_request.key_text or "")
        except ValueError:
            return
        companies = Transfer.objects.filter(pk=uuid).values_list("call__company_id", flat=True)
        company_pk = companies.first()
        if company_pk is not None:
            key_request.snapshot = current_snapshot(company_pk)
            key_request.credential_type = "transfer"
            key_request.key_text = str(uuid)  # the spelling that fits a column

    def unknown(self) -> Refusal:
        return NotFound("transfer not found")


class CompanyExists(BasePermission):
    """410 when the company was deleted. The live calls of a deleted buyer go on."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.key_request.snapshot.retired:
            raise Gone("the owner of this transfer was deleted")
        return True


class CallControlIsEnabled(BasePermission):
    """403 when the company has switched call control off."""

    def has_permission(self, request: Request, view: Any) -> bool:
        CallControlKey.check_switch(view.key_request.snapshot.switches)
        return True


class TransferViewSet(KeyedViewSet):
    """A transfer of a live call. Its actions ask the carrier."""

    authentication_classes: Classes[BaseAuthentication] = (TransferAuthentication,)
    permission_classes: Classes[BasePermission] = (CompanyExists, CallControlIsEnabled)
    throttle_classes: Classes[BaseThrottle] = ()
    lookup_url_kwarg = "uuid"
    is_atomic: ClassVar = False
    error_shape: ClassVar[Mapping[str, Any]] = CALL_CONTROL_SHAPE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Apply the timeouts of the transferred call, which the log row names."""
        super().initial(request, *args, **kwargs)
        call = transfers.call_of(UUID(self.kwargs["uuid"]), now=self.key_request.now)
        self.key_request.call_uuid = call.pk

    @call_control_schema.connect_caller
    @action(detail=True, methods=["post"])
    @logged
    def conference_caller(self, request: Request, uuid: str) -> Response:
        """Take the caller off hold, into the conference."""
        transfers.connect_caller(transfer_uuid=UUID(uuid), now=self.key_request.now)
        return Response(DoneSerializer({"success": True}).data)

    @call_control_schema.stop_transfer
    @logged
    def destroy(self, request: Request, uuid: str) -> Response:
        """Stop the transfer: its transferee's leg ends."""
        transfers.stop_transfer(transfer_uuid=UUID(uuid), now=self.key_request.now)
        return Response(DoneSerializer({"success": True}).data)
