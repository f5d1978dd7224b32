"""The REST API of the stand-in: the few resources that calls are steered by, over real HTTP."""

import base64
import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.callcontrol.twilio.standin import ACCOUNT, PUBLIC, TOKEN, Line, StandIn

ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
KEY = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
Answer = tuple[int, dict[str, Any]]


def refusal(status: int, code: int, message: str = "Refused") -> Answer:
    """An error as Twilio words it, with numbers in its text."""
    return status, {
        "code": code,
        "message": f"{message} +14165550101",
        "more_info": "",
        "status": status,
    }


class Api:
    """The REST API of a stand-in.

    Each of `troubles` answers one request, which has no effect. While `is_silent` is set, requests
    take effect but get no answer.
    """

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.troubles: deque[Answer] = deque()
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.speaks = threading.Event()
        self.speaks.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.speaks.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def told(self, verb: str = "POST") -> list[str]:
        """The paths that were asked, below the account's, in their order."""
        return [path.removeprefix(ROOT) for method, path, _ in self.asked if method == verb]

    # --- resources ---
    def answer(self, method: str, path: str, key: str, asked: dict[str, Any]) -> Answer:
        self.asked.append((method, path, asked))
        if key != KEY:
            return refusal(401, 20003, "Authenticate")
        if self.troubles:
            return self.troubles.popleft()
        for pattern, verb, act in _ROUTES:
            found = re.fullmatch(ROOT + pattern, path)
            if found and verb == method:
                return act(self.standin, asked, *map(unquote, found.groups()))
        return refusal(404, 20404, "The requested resource was not found")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                self._reply("POST", body)

            def do_GET(self) -> None:
                self._reply("GET", urlsplit(self.path).query)

            def _reply(self, method: str, form: str) -> None:
                said = {
                    name: values if name.endswith("Event") else values[-1]
                    for name, values in parse_qs(form, True).items()
                }
                status, body = api.answer(
                    method, urlsplit(self.path).path, self.headers.get("Authorization", ""), said
                )
                api.speaks.wait()
                text = json.dumps(body).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:  # the client did not wait
                    return

            def log_message(self, format: str, *args: object) -> None:
                """Not in a test's output."""

        return Handler


@contextmanager
def running_api(standin: StandIn, settings: Any) -> Iterator[Api]:
    """Answer for Twilio, with settings under which the product asks the stand-in."""
    api = Api(standin)
    settings.CARRIER = "twilio"
    settings.PUBLIC_BASE_URL, settings.TWILIO_API_BASE_URL = PUBLIC, api.url
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    yield api
    api.close()
    standin.close()


def _dial(standin: StandIn, asked: dict[str, Any]) -> Answer:
    return _made(standin, standin.dialed(asked, twiml=asked.get("Twiml", "")))


def _dial_in(standin: StandIn, asked: dict[str, Any], conference: str) -> Answer:
    standin.conference(conference)
    line = standin.dialed(
        asked,
        conference=conference,
        label=asked.get("Label", ""),
        early_media=asked.get("EarlyMedia") == "true",
        ends_conference=asked.get("EndConferenceOnExit") == "true",
    )
    locked_call = standin.conferences[conference].sid
    return 201, {
        "call_sid": line.sid,
        "label": line.label,
        "conference_sid": locked_call,
        "status": "queued",
    }


def _update(standin: StandIn, asked: dict[str, Any], sid: str) -> Answer:
    line = standin.lines.get(sid)
    if line is None:
        return refusal(404, 20404, "The requested resource was not found")
    if not line.is_live:
        return refusal(400, 21220, "Call is not in-progress. Cannot redirect.")
    if "Twiml" in asked:
        standin.redirect(line, asked["Twiml"])
    else:
        standin._end(line, "completed" if line.status == "in-progress" else "canceled")
    return _made(standin, line)


def _hold(standin: StandIn, asked: dict[str, Any], conference: str, who: str) -> Answer:
    found = next((each for each in standin.conferences.values() if each.sid == conference), None)
    lines = (
        []
        if found is None
        else [line for line in standin._in(found.name) if who in (line.sid, line.label)]
    )
    if found is None or not lines:
        return refusal(404, 20404, "The requested resource was not found")
    lines[0].hold = asked["Hold"].lower() == "true"
    lines[0].hears = asked.get("HoldUrl", "")
    return 200, {"call_sid": lines[0].sid, "hold": lines[0].hold, "conference_sid": conference}


def _find(standin: StandIn, asked: dict[str, Any]) -> Answer:
    name, status = asked.get("FriendlyName"), asked.get("Status", "in-progress")
    rows = [
        each for each in standin.conferences.values() if each.name == name and each.status == status
    ]
    shown = [
        {"sid": each.sid, "friendly_name": each.name, "status": each.status, "account_sid": ACCOUNT}
        for each in rows
    ]
    return 200, {
        "conferences": shown,
        "page": 0,
        "page_size": 50,
        "next_page_uri": None,
        "uri": f"{ROOT}/Conferences.json",
    }


def _account(standin: StandIn, asked: dict[str, Any]) -> Answer:
    return 200, {"sid": ACCOUNT, "status": "active"}


def _made(standin: StandIn, line: Line) -> Answer:
    return 201, {"sid": line.sid, "status": line.status, "to": line.to, "from": line.from_}


_ROUTES = (
    (r"/Calls\.json", "POST", _dial),
    (r"/Calls/(\w+)\.json", "POST", _update),
    (r"/Conferences/([^/]+)/Participants\.json", "POST", _dial_in),
    (r"/Conferences/([^/]+)/Participants/([^/]+)\.json", "POST", _hold),
    (r"/Conferences\.json", "GET", _find),
    (r"\.json", "GET", _account),
)
