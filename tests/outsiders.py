"""Servers outside, real ones on this machine: each says what a test gives it and keeps what it
heard."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Play = Callable[[socket.socket], None]


class Outsider:
    """A server that plays one part for each connection; `heard` are the requests as they came,
    heads and bodies."""

    def __init__(self, play: Play, address: str = "127.0.0.1") -> None:
        self.play, self.heard = play, []  # type: tuple[Play, list[str]]
        self._listening = socket.create_server(
            (address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET
        )
        self.port = self._listening.getsockname()[1]
        self.host = f"localhost:{self.port}"
        self.url = f"http://{self.host}"
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while not self.over.is_set():
                connection = self._listening.accept()[0]
                threading.Thread(target=self._meet, args=(connection,), daemon=True).start()

    def _meet(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.heard.append(connection.recv(65_536).decode("latin-1"))
            self.play(connection)

    def asked(self) -> list[str]:
        """The first line of each request."""
        return [request.partition("\r\n")[0] for request in self.heard]

    def headers(self, number: int = 0) -> dict[str, str]:
        """Of one request, by lowercase name."""
        lines = self.heard[number].partition("\r\n\r\n")[0].split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def somebody(play: Play | bytes, **more: Any) -> Iterator[Outsider]:
    """A server that is there for a while; bytes are said to everybody."""
    server = Outsider(says(play) if isinstance(play, bytes) else play, **more)
    try:
        yield server
    finally:
        server.close()


def says(text: bytes) -> Play:
    return lambda connection: connection.sendall(text)


def answer(body: bytes = b"", status: str = "200 OK", headers: str = "") -> bytes:
    """An answer on the wire."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def drips(text: bytes, byte: bytes = b"x") -> Play:
    """Says a text, and then a byte at a time for ever."""

    def play(connection: socket.socket) -> None:
        connection.sendall(text)
        silence = threading.Event()
        while not silence.wait(0.02):
            connection.sendall(byte)

    return play


def floods(connection: socket.socket) -> None:
    """Send up to ten gigabytes, as much as the client reads."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)
