"""The client's address of a request: only trusted proxies are believed."""

from typing import Any

import pytest
from django.test import RequestFactory

from config.http.address import client_address, is_within

OURS = ["10.0.0.0/8", "fd00::/8", "no network"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("fd00::1", "2001:DB8:0::7", "2001:db8::7"),
        ("fe80::1%eth0", "", "fe80::1"),
        ("", "198.51.100.1", None),
        ("/run/socket", "", None),
    ],
)
def test_the_clients_address(settings: Any, peer: str, forwarded: str, address: str | None) -> None:
    settings.TRUSTED_PROXIES = OURS
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == address


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    request = RequestFactory().get(
        "/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "198.51.100.1"}
    )
    assert client_address(request) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "networks", "within"),
    [
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("11.1.2.3", ["10.0.0.0/8"], False),
        ("10.1.2.3", ["10.1.2.3"], True),
        ("10.1.2.3", ["10.1.2.9/24"], True),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True),
        ("2001:db8::7", ["10.0.0.0/8", "2001:db8::/32"], True),
        ("10.1.2.3", ["no network"], False),
        ("10.1.2.3", [], False),
        (None, ["0.0.0.0/0"], False),
    ],
)
def test_within(address: str | None, networks: list[str], within: bool) -> None:
    assert is_within(address, networks) is within
