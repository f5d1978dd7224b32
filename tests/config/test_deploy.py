"""The files for a server of one's own: nginx and systemd take them, and nginx does what they are
for."""

import http.server
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.config.running import PATIENCE, ROOT, free_port

DEPLOY = ROOT / "deploy"
KEY = "f38240dd-7f65-4e17-a4d7-2e09ccafad0e"
needs_nginx = pytest.mark.skipif(
    not shutil.which("nginx", path="/usr/sbin:/usr/bin"), reason="nginx is not installed"
)


@dataclass
class Proxy:
    """nginx with our file in front of a small server; `seen` are the requests that came through."""

    url: str
    port: int
    folder: Path
    seen: list[dict[str, str]] = field(default_factory=list)


def main_file(folder: Path, *, port: int, behind: int) -> Path:
    """Our file as it is, but for the ports, the certificate and the place of the log, within the
    frame that nginx needs."""
    ours = (DEPLOY / "nginx.conf").read_text()
    ours = re.sub(r"\n\s*ssl_certificate.*", "", ours).replace(
        "listen 443 ssl", f"listen 127.0.0.1:{port}"
    )
    ours = ours.replace("127.0.0.1:8000", f"127.0.0.1:{behind}").replace(
        "listen 80", f"listen 127.0.0.1:{free_port()}"
    )
    ours = ours.replace("/var/log/nginx", str(folder))
    temporary = "".join(
        f"{part}_temp_path {folder}/{part};"
        for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/main.log; events {{}} http {{ {temporary}\n{ours}\n}}"
    )
    return file


class Small(http.server.BaseHTTPRequestHandler):
    """Notes what came and answers with how long the body was."""

    seen: list[dict[str, str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append({**self.headers, "path": self.path})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(len(body)).encode())

    def log_message(self, *_words: object) -> None:
        """Silent."""


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    port = free_port()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Small) as behind:
        threading.Thread(target=behind.serve_forever).start()
        file = main_file(tmp_path, port=port, behind=behind.server_address[1])
        with subprocess.Popen(
            ["/usr/sbin/nginx", "-e", f"{tmp_path}/main.log", "-p", tmp_path, "-c", file]
        ) as nginx:
            _wait_for(port)
            Small.seen = []
            yield Proxy(f"http://127.0.0.1:{port}", port, tmp_path, Small.seen)
            nginx.terminate()
            nginx.wait(timeout=PATIENCE)
        behind.shutdown()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx did not start")


def post(proxy: Proxy, path: str, content: bytes = b"") -> httpx.Response:
    return httpx.post(
        proxy.url + path, content=content, headers={"Host": "calls.example.com"}, trust_env=False
    )


@needs_nginx
def test_a_request_comes_through_with_its_client(proxy: Proxy) -> None:
    assert post(proxy, f"/rtbs.json?key={KEY}", b"{}").text == "2"
    assert [
        proxy.seen[0][name] for name in ("path", "Host", "X-Forwarded-For", "X-Forwarded-Proto")
    ] == [
        f"/rtbs.json?key={KEY}",
        "calls.example.com",
        "127.0.0.1",
        "http",
    ]


@needs_nginx
def test_a_half_sent_body_takes_no_thread(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as one:
        one.sendall(
            b"POST /rtbs.json HTTP/1.1\r\nHost: calls.example.com\r\nContent-Length: 10\r\n\r\nhalf"
        )
        time.sleep(0.3)
    assert proxy.seen == []


@needs_nginx
def test_no_key_is_in_a_log(proxy: Proxy) -> None:
    post(proxy, f"/data_writing/{KEY}?key={KEY}")
    post(proxy, f"/data_writing/{KEY}", b"x" * 2_100_000)
    assert [file.name for file in proxy.folder.glob("*.log") if KEY in file.read_text()] == []


@needs_nginx
def test_a_body_that_is_far_too_long_is_refused_in_json(proxy: Proxy) -> None:
    answer = post(proxy, "/rtbs.json", b"x" * 2_100_000)
    assert answer.status_code == 413
    assert answer.json() == {"error": "body too large"}


@needs_nginx
def test_an_absent_ringpost_is_503_in_json(tmp_path: Path) -> None:
    port = free_port()
    file = main_file(tmp_path, port=port, behind=free_port())
    with subprocess.Popen(
        ["/usr/sbin/nginx", "-e", f"{tmp_path}/main.log", "-p", tmp_path, "-c", file]
    ) as nginx:
        _wait_for(port)
        answer = post(Proxy(f"http://127.0.0.1:{port}", port, tmp_path), "/rtbs.json")
        nginx.terminate()
    assert answer.status_code == 503
    assert answer.json() == {"error": "temporarily unavailable"}
    assert answer.headers["retry-after"] == "1"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for file in DEPLOY.glob("ringpost*.*"):
        # Where it would be installed there is nothing on this machine.
        (tmp_path / file.name).write_text(
            file.read_text().replace("/opt/ringpost/.venv/bin/python", shutil.which("true") or "")
        )
    checked = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.glob("ringpost*.[st]*")))],
        capture_output=True,
        text=True,
    )
    assert [line for line in checked.stderr.splitlines() if "ringpost" in line] == []


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_the_units_run_what_up_runs(name: str) -> None:
    (words,) = re.findall(
        r"^ExecStart=\S+ -m (.*)$", (DEPLOY / f"ringpost-{name}.service").read_text(), re.MULTILINE
    )
    source = (ROOT / "config/management/commands/up.py").read_text()
    assert [
        word for word in words.split() if not word[0].isdigit() and f'"{word}"' not in source
    ] == []
