"""A local stand-in of Twilio: its REST API over real HTTP, the far ends of its lines, and the
callbacks it would post.

The API's half runs in threads. What it would post by itself waits in a queue until the test acts
again or `settle`s, so that a test says in which order things happen: nothing is timed.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import urljoin

import httpx
from defusedxml import ElementTree
from twilio.request_validator import RequestValidator

ACCOUNT = "AC" + "0" * 32
TOKEN = "not-a-token-of-any-account"
PUBLIC = "https://calls.example.com"
OVER = {"no-answer", "busy", "failed", "canceled", "completed"}


@dataclass
class Line:
    """A call, as Twilio calls every line: one that came in, or one that it was asked to dial."""

    sid: str
    to: str
    from_: str
    status: str = "queued"
    conference: str = ""
    label: str = ""
    hold: bool = False
    hears: str = ""  # of a line on its own: the TwiML, music or words
    early_media: bool = False
    ends_conference: bool = False
    twiml: str = ""
    action: str = ""
    callback: str = ""
    asked: dict[str, Any] = field(default_factory=dict)
    sequence: count = field(default_factory=count)
    answered_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.status not in OVER


@dataclass
class Conference:
    sid: str
    name: str
    callback: str = ""
    wait_url: str = ""
    status: str = "init"
    sequence: count = field(default_factory=lambda: count(1))


@dataclass(frozen=True)
class Post:
    """One webhook: where to, and with what."""

    url: str
    said: dict[str, str]


class StandIn:
    """`posts` are all webhooks that were sent, each with the status that it got."""

    def __init__(self, app: str, transport: httpx.BaseTransport | None = None) -> None:
        self.app, self.public, self.api = app, PUBLIC, ""
        self.lines: dict[str, Line] = {}
        self.conferences: dict[str, Conference] = {}
        self.waiting: deque[Post] = deque()
        self.posts: list[tuple[Post, int]] = []
        self.times = 1  # how often each webhook is posted
        self.loses: set[str] = set()  # events that never arrive
        self.ago = timedelta()  # how late the moments of its events are
        self._numbers = count(1)
        self._signer = RequestValidator(TOKEN)
        # No TLS: to load the certificates of authorities takes longer than a call.
        plain = transport or httpx.HTTPTransport(verify=False)
        self._http = httpx.Client(trust_env=False, timeout=30, transport=plain)

    def close(self) -> None:
        self._http.close()

    # --- far ends ---
    def call(
        self,
        to: str,
        from_: str = "+12025550102",
        *,
        digits: str | None = None,
        joins: bool = True,
        **more: str,
    ) -> Line:
        """Call one of the account's numbers and run the TwiML. `joins` False: a slow caller."""
        line = self._line(to, from_, "ringing")
        said = self._said(line) | {"CallToken": f"token-{line.sid}"} | more
        answer = self.post(Post(f"{PUBLIC}/carriers/twilio/voice", said))
        line.status = "in-progress"
        self.obey(line, answer.text, digits=digits)
        if joins:
            self.settle()
        return line

    def answer(self, line: Line) -> None:
        """The far end picks up, and what the line was dialed for happens: it comes into its
        conference."""
        line.status, line.answered_at = "in-progress", datetime.now(UTC)
        self.progress(line, "answered")
        if line.twiml:
            self.obey(line, line.twiml)
        else:
            self._join(line, line.conference)
        self.settle()

    def ring(self, line: Line) -> None:
        line.status = "ringing"
        self.progress(line, "ringing")
        self.settle()

    def end(self, line: Line, outcome: str) -> None:
        """The line ends: `busy`, `no-answer`, `failed`, or `completed` when a party hangs up."""
        self._end(line, outcome)
        self.settle()

    def line_of(self, label: object) -> Line:
        """The line of a leg; one that was dialed to send digits has its label once it is in the
        conference."""
        return next(
            line
            for line in self.lines.values()
            if str(label) in (line.label, line.callback.rpartition("leg=")[2])
        )

    def audible_parties(self, line: Line) -> list[str]:
        """The labels of the lines that this one hears in its conference."""
        conference = self.conferences.get(line.conference)
        if (
            line.status != "in-progress"
            or line.hold
            or conference is None
            or conference.status != "in-progress"
        ):
            return []
        return [
            other.label
            for other in self._in(line.conference)
            if other is not line and not other.hold
        ]

    # --- webhooks ---
    def settle(self) -> None:
        """Posts all that waits, and what follows from it."""
        while self.waiting:
            self.post(self.waiting.popleft())

    def post(self, post: Post, **headers: str) -> httpx.Response:
        """Posts a webhook as often as it is to come, signed; through a proxy that ends TLS, so
        to another host."""
        signature = self._signer.compute_signature(post.url, post.said)
        sent = {"X-Twilio-Signature": signature, "X-Forwarded-Proto": "https", **headers}
        url = post.url.replace(self.public, self.app, 1)
        for _ in range(self.times):
            answer = self._http.post(
                url, data=post.said, headers={name: text for name, text in sent.items() if text}
            )
            self.posts.append((post, answer.status_code))
        return answer

    def progress(self, line: Line, event: str) -> None:
        """Post the status callback that the application asked for when it dialed."""
        wanted = line.asked.get("StatusCallbackEvent", [])
        if line.callback and (event in wanted or not wanted) and event not in self.loses:
            said = self._said(line) | {
                "CallbackSource": "call-progress-events",
                "Timestamp": self._now(),
            }
            said["SequenceNumber"] = str(next(line.sequence))
            if event == "completed":
                said |= {"CallDuration": self._duration(line), "Duration": "1"}
            self.waiting.append(Post(line.callback, said))

    def _of_conference(
        self, conference: Conference, event: str, line: Line | None = None, **more: str
    ) -> None:
        if not conference.callback or event in self.loses:
            return
        said = {
            "ConferenceSid": conference.sid,
            "FriendlyName": conference.name,
            "AccountSid": ACCOUNT,
            **more,
        }
        said |= {
            "SequenceNumber": str(next(conference.sequence)),
            "Timestamp": self._now(),
            "StatusCallbackEvent": event,
        }
        if line is not None:
            said |= {
                "CallSid": line.sid,
                "Muted": "false",
                "Hold": str(line.hold).lower(),
                "Coaching": "false",
            }
            said |= {
                "EndConferenceOnExit": str(line.ends_conference).lower(),
                "StartConferenceOnEnter": "true",
            }
            said |= {"ParticipantLabel": line.label} if line.label else {}
        self.waiting.append(Post(conference.callback, said))

    # --- what a line does ---
    def obey(self, line: Line, twiml: str, *, digits: str | None = None) -> None:
        """Does what the first verb says; a <Gather> goes on with what its action answers."""
        verb = next(iter(ElementTree.fromstring(twiml)), None)
        if verb is None or verb.tag in {"Reject", "Hangup"}:
            self._end(line, "busy" if verb is not None and verb.tag == "Reject" else "completed")
        elif verb.tag == "Gather":
            said = self._said(line) | {"Digits": digits or "", "FinishedOnKey": "#"}
            self.obey(line, self.post(Post(urljoin(PUBLIC, verb.get("action", "")), said)).text)
        elif verb.tag == "Say":
            line.hears = verb.text or ""
            self._end(line, "completed")
        else:
            (locked_call,) = verb
            line.action, line.label = (
                verb.get("action", ""),
                locked_call.get("participantLabel", ""),
            )
            line.ends_conference = locked_call.get("endConferenceOnExit") == "true"
            self._join(
                line,
                locked_call.text or "",
                callback=locked_call.get("statusCallback", ""),
                wait_url=locked_call.get("waitUrl", ""),
            )

    def _join(self, line: Line, name: str, *, callback: str = "", wait_url: str = "") -> None:
        conference = self.conference(name, callback=callback, wait_url=wait_url)
        line.conference = name
        self._of_conference(conference, "participant-join", line)
        if conference.status == "init" and len(self._in(name)) > 1:
            conference.status = "in-progress"
            self._of_conference(conference, "conference-start")

    def conference(self, name: str, *, callback: str = "", wait_url: str = "") -> Conference:
        """Return the live conference of this name, or a new one with the first caller's
        callback."""
        found = self.conferences.get(name)
        if found is None or found.status == "completed":
            found = self.conferences[name] = Conference(self._sid("CF"), name, callback, wait_url)
        return found

    def redirect(self, line: Line, twiml: str) -> None:
        """The application gives a line something else to do: it leaves its conference."""
        self._leave(line, "participant_updated_via_api")
        line.action = ""
        self.obey(line, twiml)

    def _end(self, line: Line, outcome: str) -> None:
        if not line.is_live:
            return
        was_in = line.status == "in-progress"
        line.status = outcome
        self.progress(line, "completed")
        if was_in and line.conference:
            self._leave(line, "participant_hung_up")
        if line.action:
            said = self._said(line) | {"DialCallStatus": "answered"}
            self.waiting.append(Post(line.action, said))

    def _leave(self, line: Line, reason: str) -> None:
        name, conference = line.conference, self.conferences.get(line.conference)
        line.conference = ""
        if conference is None or conference.status == "completed":
            return
        self._of_conference(conference, "participant-leave", line, ReasonParticipantLeft=reason)
        left = self._in(name)
        if left and not line.ends_conference:
            return
        conference.status = "completed"
        self._of_conference(
            conference,
            "conference-end",
            CallSidEndingConference=line.sid,
            ReasonConferenceEnded="ended",
        )
        for other in left:
            self._end(other, "completed")

    # --- names ---
    def _in(self, name: str) -> list[Line]:
        return [
            line
            for line in self.lines.values()
            if line.conference == name and line.status == "in-progress"
        ]

    def dialed(self, asked: dict[str, Any], **fields: Any) -> Line:
        """A line that the application asked for."""
        line = self._line(asked["To"], asked["From"], "queued")
        line.callback, line.asked = asked.get("StatusCallback", ""), asked
        for name, value in fields.items():
            setattr(line, name, value)
        self.progress(line, "initiated")
        return line

    def _line(self, to: str, from_: str, status: str) -> Line:
        line = Line(self._sid("CA"), to, from_, status)
        self.lines[line.sid] = line
        return line

    def _sid(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):032x}"

    def _said(self, line: Line) -> dict[str, str]:
        direction = "outbound-api" if line.asked else "inbound"
        plain = {
            "CallSid": line.sid,
            "AccountSid": ACCOUNT,
            "From": line.from_,
            "To": line.to,
            "Called": line.to,
        }
        return plain | {
            "CallStatus": line.status,
            "Direction": direction,
            "ApiVersion": "2010-04-01",
            "Caller": line.from_,
        }

    def _now(self) -> str:
        return format_datetime(datetime.now(UTC) - self.ago)

    def _duration(self, line: Line) -> str:
        return (
            str(int((datetime.now(UTC) - line.answered_at).total_seconds()))
            if line.answered_at
            else "0"
        )
