"""The client's address of a request: only TRUSTED_PROXIES are believed."""

import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    networks: list[Network] = []
    for text in texts:
        # A typo in the settings allows no address, and fails no request.
        with suppress(ValueError):
            networks.append(ipaddress.ip_network(text, strict=False))
    return tuple(networks)


def is_within(address: str | None, networks: Sequence[str]) -> bool:
    """Return whether an address is in one of these networks (CIDR texts); False for None."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    known = getattr(known, "ipv4_mapped", None) or known
    return any(known in network for network in _networks(tuple(networks)))


def client_address(request: HttpRequest) -> str | None:
    """Return the peer's address; through our proxies, the nearest other one in X-Forwarded-For."""
    peer: str | None = request.META.get("REMOTE_ADDR") or None
    if not settings.TRUSTED_PROXIES or not is_within(peer, settings.TRUSTED_PROXIES):
        return _address_or_none(peer)
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        known = _address_or_none(hop.strip())
        if known is None:
            break
        peer = known
        if not is_within(known, settings.TRUSTED_PROXIES):
            break
    return _address_or_none(peer)


@lru_cache(maxsize=1024)
def _address_or_none(text: str | None) -> str | None:
    try:
        # Without the zone of a link-local address.
        return str(ipaddress.ip_address((text or "").partition("%")[0]))
    except ValueError:
        return None
