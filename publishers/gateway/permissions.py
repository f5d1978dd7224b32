"""Permission classes: whether a known key may be used now, and from here."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from campaigns.errors import Gone
from config.http.address import is_within
from publishers.keys.types import key_type_of

from .request import KeyRequest


class OwnerExists(BasePermission):
    """410 when the key's owner or its company was deleted."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key_request: KeyRequest = view.key_request
        snapshot, key = key_request.snapshot, key_request.key
        if snapshot is None or key is None or key.owner_is_gone or snapshot.retired:
            raise Gone("the owner of this key was deleted")
        return True


class KeyIsActive(BasePermission):
    """403 while the key is paused."""

    message = "this key is paused"

    def has_permission(self, request: Request, view: Any) -> bool:
        return not view.key_request.key.paused


class FeatureIsEnabled(BasePermission):
    """403 when the company has switched the key type's feature off."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key_type_of(view.key_request.key.type).check_switch(view.key_request.snapshot.switches)
        return True


class AddressIsAllowed(BasePermission):
    """403 from outside the key's allowed networks."""

    message = "this key may not be used from this address"

    def has_permission(self, request: Request, view: Any) -> bool:
        networks = view.key_request.key.networks
        return not networks or is_within(view.key_request.address, networks)
