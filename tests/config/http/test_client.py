"""The HTTP client: answers, deadlines, the size limit, and no way to a private address."""

import socket
import ssl
import threading
from typing import Any

import pytest
import trustme

from config.http import client
from config.http.client import OutsideResponse, RequestFailed, is_public, request
from tests.outsiders import Outsider, answer, drips, floods, says, somebody

PRIVATE = "the address is private, and its host is not among the allowed ones"
NO_ADDRESS = "a web address begins with http:// or https:// and is printable ASCII"
NO_HOST = "the host of a web address is a name or an IP address, with a port if need be"


def fetch(server: Outsider, path: str = "/", *, seconds: float = 5, **more: Any) -> OutsideResponse:
    return request(
        more.pop("method", "GET"),
        server.url + path,
        seconds=seconds,
        allowed_hosts=[server.host],
        **more,
    )


def refused(url: str, *, seconds: float = 5, allowed: str = "") -> tuple[str, bool]:
    """Why there is no answer, and whether that is final."""
    with pytest.raises(RequestFailed) as failure:
        request("GET", url, seconds=seconds, allowed_hosts=[allowed])
    return str(failure.value), failure.value.is_final


# --- an answer ------------------------------------------------------------------------------------
def test_an_answer_whatever_its_status() -> None:
    with somebody(answer(b'{"a": 1}', "418 Teapot", "X-Pot: short\r\n")) as server:
        assert fetch(server) == OutsideResponse(
            418, {"content-length": "8", "x-pot": "short"}, b'{"a": 1}', True
        )


def test_the_target_is_sent_as_written() -> None:
    with somebody(answer()) as server:
        fetch(server, "/a;b/%5B?c=[d]&e=%2B1#f")
        assert server.asked() == ["GET /a;b/%5B?c=[d]&e=%2B1 HTTP/1.1"]


def test_an_empty_post_has_a_content_length_of_0() -> None:
    with somebody(answer()) as server:
        fetch(server, method="POST", body=b"", headers={"X-Sent": "yes"})
        said = server.headers()
        assert said["content-length"] == "0"
        assert said["x-sent"] == "yes"
        assert said["host"] == server.host


def test_a_redirect_is_returned_and_not_followed() -> None:
    with (
        somebody(answer()) as inside,
        somebody(answer(b"", "302 Found", f"Location: {inside.url}/\r\n")) as server,
    ):
        assert fetch(server).status == 302
        assert inside.heard == []


def test_of_ten_gigabytes_the_first_64_kib_are_read() -> None:
    with somebody(floods) as server:
        response = fetch(server)
        assert response.status == 200
        assert len(response.body) == 65_536
        assert response.is_whole is False


def test_exactly_64_kib_are_whole() -> None:
    with somebody(answer(b"x" * 65_536)) as server:
        assert fetch(server).is_whole is True


# --- deadlines ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("begins", "byte"),
    [
        pytest.param(b"", b"", id="silence"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x", id="headers"),
        pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", id="hints"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x", id="body"),
    ],
)
def test_a_tarpit_ends_at_the_deadline(begins: bytes, byte: bytes) -> None:
    with somebody(drips(begins, byte)) as server:
        assert refused(server.url, seconds=0.3, allowed=server.host) == (
            "no answer within 0.3 seconds",
            False,
        )


def test_a_tarpit_in_the_handshake_of_tls() -> None:
    with somebody(drips(b"\x16\x03\x03\x20\x00", b"\x02")) as server:
        url = server.url.replace("http:", "https:")
        assert refused(url, seconds=0.3, allowed=server.host) == (
            "no answer within 0.3 seconds",
            False,
        )


def test_headers_without_end() -> None:
    with somebody(says(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 20_000)) as server:
        assert refused(server.url, allowed=server.host)[1] is False


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-Guard\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"]
)
def test_an_incomplete_answer_is_a_failure(said: bytes) -> None:
    with somebody(said) as server:
        assert refused(server.url, allowed=server.host)[0].startswith("no answer: ")


def test_a_closed_port() -> None:
    with somebody(answer()) as server:
        pass
    assert refused(server.url, allowed=server.host) == (
        "no answer: [Errno 111] Connection refused",
        False,
    )


# --- names ----------------------------------------------------------------------------------------
def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_more: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert refused("http://nowhere.example/") == ("no answer: the host is unknown", False)


def test_a_name_that_is_looked_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: [release.wait(30)])
    assert refused("http://nowhere.example/", seconds=0.1) == (
        "no answer within 0.1 seconds",
        False,
    )
    release.set()


def test_a_name_with_a_public_and_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80))
        for one in ("10.0.0.1", "203.0.114.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: addresses)
    assert refused("http://twofold.example/") == (PRIVATE, True)


def test_the_next_address_is_tried_when_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with somebody(answer(b"here")) as server:
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, server.port))
            for one in ("127.0.0.2", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: addresses)
        assert fetch(server).body == b"here"


# --- private addresses ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.1.2.3",
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[ff02::1]",
    ],
)  # fmt: skip
def test_a_private_address_is_refused(host: str) -> None:
    assert refused(f"http://{host}:9/") == (PRIVATE, True)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1"])
@pytest.mark.parametrize("with_port", [True, False])
def test_an_allowed_host_may_be_private(name: str, with_port: bool) -> None:
    with somebody(answer(b"in")) as server:
        allowed = f"{name.lower()}:{server.port}" if with_port else name.lower()
        assert (
            request("GET", f"http://{name}:{server.port}/", seconds=5, allowed_hosts=[allowed]).body
            == b"in"
        )


def test_another_port_of_an_allowed_host_is_refused() -> None:
    with somebody(answer()) as server:
        assert refused(server.url, allowed=f"localhost:{server.port + 1}") == (PRIVATE, True)


def test_the_peer_of_the_opened_socket_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network of the machine may route a public address to a private one."""
    with somebody(answer()) as server:
        private_socket = socket.create_connection(("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "create_connection", lambda *_args, **_more: private_socket)
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.114.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: addresses)
        assert refused(server.url) == (PRIVATE, True)
        assert private_socket.fileno() == (-1)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True), ("::ffff:8.8.8.8", True), ("64:ff9b::808:808", True),
        ("2002:808:808::", True), ("2606:4700::1", True), ("192.0.2.1", False),
        ("198.18.0.1", False), ("192.88.99.1", False), ("fec0::1", False),
        ("64:ff9b:1::808:808", False), ("::ffff:0:8.8.8.8", False), ("2001:db8::1", False),
        ("3fff::1", False), ("fe80::1%eth0", False), ("2001:0:808:808::f5ff:fffe", False),
        ("240.0.0.1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, expected: bool) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://files.example/", NO_ADDRESS),
        ("file:///etc/passwd", NO_ADDRESS),
        ("//example.com/", NO_ADDRESS),
        ("http://exämple.example/", NO_ADDRESS),
        ("http://example.com/a b", NO_ADDRESS),
        ("http://example.com/\r\nX-Other: 1", NO_ADDRESS),
        ("http:///path", NO_HOST),
        ("http://somebody:secret@example.com/", NO_HOST),
        ("http://@example.com/", NO_HOST),
        ("http://example.com\\@localhost/", NO_HOST),
        ("http://[host]/", "that is no web address"),
        ("http://example.com:99999/", "that is no web address"),
        ("http://[::1/", "that is no web address"),
    ],
)
def test_an_invalid_url_is_refused(url: str, why: str) -> None:
    assert refused(url, allowed="localhost") == (why, True)


# --- TLS ------------------------------------------------------------------------------------------
@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """A certificate authority that this machine trusts."""
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    client._tls.cache_clear()
    yield found
    client._tls.cache_clear()


class Secure(Outsider):
    """A server with TLS and a certificate for this name."""

    def __init__(self, authority: Any, name: str) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self.context)
        super().__init__(says(answer(b"safe")))
        self.url = self.url.replace("http:", "https:")

    def _meet(self, connection: socket.socket) -> None:
        try:
            super()._meet(self.context.wrap_socket(connection, server_side=True))
        except OSError:
            connection.close()


def test_a_certificate_that_is_believed(authority: Any) -> None:
    assert fetch(Secure(authority, "localhost")).body == b"safe"


@pytest.mark.parametrize(
    ("by", "name"), [("another", "localhost"), ("the same", "elsewhere.example")]
)
def test_a_certificate_that_is_not_believed(authority: Any, by: str, name: str) -> None:
    server = Secure(trustme.CA() if by == "another" else authority, name)
    why, is_final = refused(server.url, allowed=server.host)
    assert why.startswith("no answer: [SSL: CERTIFICATE_VERIFY_FAILED]") is True
    assert is_final is False
    assert server.heard == []


def test_a_server_without_tls() -> None:
    with somebody(answer()) as server:
        why, is_final = refused(server.url.replace("http:", "https:"), allowed=server.host)
        assert why.startswith("no answer: [SSL") is True
        assert is_final is False
