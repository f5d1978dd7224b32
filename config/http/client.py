"""The HTTP client: one deadline for all, a limit of size, no redirects, no private address.

The address is checked on the opened socket, before anything is sent: a second look-up of the name
may return another address.
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore

LARGEST_ANSWER = 64 * 1024
_AGENT = "Ringpost"
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[(?=.*:)[0-9A-Fa-f:.]+\]"
)
_PRINTED = re.compile(r"[!-~]+")
_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
    UnicodeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class OutsideResponse:
    """An answer; `headers` by lowercase name, at most LARGEST_ANSWER bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


class RequestFailed(Exception):
    """A request without an answer. `is_final`: a retry cannot help, as with a forbidden address."""

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float,
    allowed_hosts: Collection[str] = (),
) -> OutsideResponse:
    """Send a request and return its answer of any status, within `seconds`; or raise RequestFailed.

    `allowed_hosts` are host names, with a port or for all ports, that may have a private address.
    A redirect is returned like any other answer. The error's text has no URL.
    """
    until = time.monotonic() + seconds
    parts = split(url)
    # The URL goes out by its checked parts, so that no other reading of the text is possible.
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    checked_url = httpcore.URL(
        scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target=target
    )
    own = {
        "Host": parts.netloc,
        "User-Agent": _AGENT,
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    sent = [
        (name.encode("ascii"), value.encode("utf-8"))
        for name, value in {**own, **(headers or {})}.items()
    ]
    sockets = _Checked(until, allowed_hosts)
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=_tls(), network_backend=sockets, max_connections=1, retries=0
            ) as pool,
            pool.stream(method.encode("ascii"), checked_url, headers=sent, content=body) as answer,
        ):
            # Cut soon after LARGEST_ANSWER bytes: then the connection is closed.
            read = bytearray()
            for chunk in answer.iter_stream():
                read += chunk
                if len(read) > LARGEST_ANSWER:
                    break
            names = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in answer.headers
            }
            return OutsideResponse(
                answer.status, names, bytes(read[:LARGEST_ANSWER]), len(read) <= LARGEST_ANSWER
            )
    except httpcore.TimeoutException:
        raise RequestFailed(f"no answer within {seconds:g} seconds") from None
    except _FAILURES as error:
        raise RequestFailed(f"no answer: {error or type(error).__name__}") from None


def split(url: str) -> SplitResult:
    """Return the parts of a web address; RequestFailed, final, for any other text."""
    try:
        parts = urlsplit(url)
        port, name = parts.port, parts.netloc
    except ValueError:
        raise RequestFailed("that is no web address", is_final=True) from None
    if parts.scheme not in _PORTS or not _PRINTED.fullmatch(url):
        raise RequestFailed(
            "a web address begins with http:// or https:// and is printable ASCII", is_final=True
        )
    host = name.removesuffix(f":{port}") if port is not None else name
    if not _HOST.fullmatch(host):  # a name and password before it do not match either
        raise RequestFailed(
            "the host of a web address is a name or an IP address, with a port if need be",
            is_final=True,
        )
    return parts


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


# --- the socket -----------------------------------------------------------------------------------
class _Checked(httpcore.NetworkBackend):
    """Opens sockets to public addresses, and to those of the allowed hosts."""

    def __init__(self, until: float, allowed_hosts: Collection[str]) -> None:
        self._until = until
        self._allowed = {host.lower() for host in allowed_hosts}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        name = f"[{host}]".lower() if ":" in host else host.lower()
        may_be_private = not self._allowed.isdisjoint({name, f"{name}:{port}"})
        last: Exception = httpcore.ConnectError("the host has no address")
        addresses = _addresses(host, port, _left(self._until))
        for place, address in enumerate(addresses):
            _refuse_private(address, may_be_private)
            try:
                # An address that never answers leaves the others their time.
                share = _left(self._until) / (len(addresses) - place)
                stream = httpcore.SyncBackend().connect_tcp(address, port, timeout=share)
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                last = error
                continue
            try:
                _refuse_private(str(stream.get_extra_info("server_addr")[0]), may_be_private)
            except OSError:  # it is closed already
                stream.close()
                raise httpcore.ConnectError("the connection was closed at once") from None
            except RequestFailed:
                stream.close()
                raise
            return _Bounded(stream, self._until)
        raise last


def _refuse_private(address: str, may_be_private: bool) -> None:
    if not (may_be_private or is_public(address)):
        raise RequestFailed(
            "the address is private, and its host is not among the allowed ones", is_final=True
        )


class _Bounded(httpcore.NetworkStream):
    """A stream with one deadline for all steps, however slowly the server sends."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._until))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Bounded(
            self._stream.start_tls(ssl_context, server_hostname, _left(self._until)), self._until
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left


# --- names ----------------------------------------------------------------------------------------
# The system's look-up of a name has no deadline: each runs in a thread that is left behind if late.
_look_ups = threading.BoundedSemaphore(64)


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of a host, each once, within `seconds`."""
    found: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - raised again where the result is waited for
            found.set_exception(error)
        finally:
            _look_ups.release()

    if not _look_ups.acquire(timeout=seconds):
        raise httpcore.ConnectTimeout("too many names are being looked up")
    threading.Thread(target=look_up, daemon=True, name="name").start()
    try:
        return list(dict.fromkeys(str(address[0]) for *_, address in found.result(timeout=seconds)))
    except TooLate:
        raise httpcore.ConnectTimeout("the host's name was not found in time") from None
    except (OSError, UnicodeError):
        raise httpcore.ConnectError("the host is unknown") from None


# --- addresses ------------------------------------------------------------------------------------
_INTERNET = ipaddress.IPv6Network("2000::/3")  # all that has been assigned
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Python may be older than what says so: documentation, and the relays of 6to4.
_NOT_PUBLIC = (ipaddress.ip_network("3fff::/20"), ipaddress.ip_network("192.88.99.0/24"))


def is_public(address: str) -> bool:
    """Return whether an IP address is public; an IPv6 form of a private IPv4 address is not.

    Such forms are the mapped addresses, 6to4, Teredo and NAT64.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
        if ip not in _INTERNET:
            return False
    return ip.is_global and not (
        ip.is_multicast or ip.is_reserved or any(ip in network for network in _NOT_PUBLIC)
    )
