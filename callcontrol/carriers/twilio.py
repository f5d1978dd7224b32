"""Twilio: voice webhooks and TwiML bring the caller into a conference, the REST API brings everybody else.

What it posts and is asked is in docs/twilio.md. The helper library is the extra `twilio`; without it this file still loads.
"""

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.templatetags.static import static

from campaigns import phone
from campaigns.errors import NotFound, Refusal

from . import records
from .base import (
    Arrival,
    CallbackEvent,
    CallerJoined,
    Carrier,
    CarrierError,
    CarrierLeg,
    CarrierReply,
    CarrierWebhook,
    DialRequest,
    LegAnswered,
    LegEnded,
    LegRings,
)

try:
    from twilio.base.exceptions import TwilioException, TwilioRestException
    from twilio.http.http_client import TwilioHttpClient
    from twilio.request_validator import RequestValidator
    from twilio.rest import Client
    from twilio.twiml.voice_response import VoiceResponse

    INSTALLED = True
except ImportError:  # the plain install: `config.checks` says so when CARRIER=twilio
    INSTALLED = False
    TwilioException = TwilioRestException = type("Missing", (Exception,), {})
    TwilioHttpClient = object

API = "https://api.twilio.com"
SECONDS = 5.0  # for Twilio's API to connect, and again to answer
LATEST = timedelta(days=1)  # a moment that Twilio tells is believed if it is not older
# Twilio lets every phone ring five seconds longer than it is asked to, and takes no less than five.
RING_MARGIN = 5
HOLD_MUSIC = "https://s3.amazonaws.com/com.twilio.sounds.music/index.xml"  # Twilio's own, as in its conferences
ASK_NUMBER = "Please enter the phone number of the caller, then press pound."
NOBODY = "We are sorry. Nobody is available to take your call right now. Please try again later. Goodbye."

_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_OVER = {"completed", "busy", "no-answer", "failed", "canceled"}
_UNDER_WAY = {"queued", "initiated", "ringing"}
# What is no news: a line that is not there, or over already.
_GONE = {20404, 21220}
_UNDIALABLE = {
    13227: "the account may not dial that country",
    21211: "that is no number that can be dialed",
    21214: "that number cannot be reached",
    21215: "the account may not dial that country",
    21216: "Twilio blocks calls to that number",
    21217: "that is no number that can be dialed",
    21219: "a trial account may only dial numbers that it has verified",
}
_MEANINGS = _UNDIALABLE | {
    20003: "the account’s SID or token is wrong",
    21210: "that caller ID is not the account’s",
    21212: "that caller ID is no number",
}


# What the library makes of an answer that is no JSON, or of another kind.
_UNREADABLE = (TwilioException, ValueError, LookupError, AttributeError, TypeError)


class Refused(CarrierError):
    """Twilio's no, with its own number of the error."""

    def __init__(self, status: int, code: int | None) -> None:
        self.code = code
        meaning = _MEANINGS.get(code or 0, f"HTTP status {status}")
        # Its own words are not repeated: they hold numbers.
        super().__init__(
            f"Twilio refused (error {code}): {meaning}" if code else f"Twilio refused: {meaning}",
            is_final=400 <= status < 500 and status not in (408, 429),
        )


class Twilio(Carrier):
    """Every party is a participant of the conference that is named by the call's UUID, under its leg's UUID as label."""

    slug = "twilio"
    webhooks = frozenset({"voice", "digits", "status", "conference", "left"})

    # --- what it is told ---
    def dial(self, order: DialRequest) -> str:
        """Also puts a caller who would hear nobody back to the ringing tone."""
        alone = records.waiting_caller(order.call_uuid)
        if alone is not None:
            with suppress(
                CarrierError
            ):  # what is only for comfort does not keep a call from going on
                self.hold(alone, _ours(static("callcontrol/ringing.xml")))
        if order.caller_id is None and not _is_sip(order.number):
            return self._dial_as_ourselves(order)
        try:
            return _create(
                order,
                order.caller_id or "anonymous",
                records.token_of(order.call_uuid, order.caller_id),
            )
        except Refused as refused:
            if refused.code in _UNDIALABLE or not refused.is_final or _is_sip(order.number):
                raise
            return self._dial_as_ourselves(order)

    def _dial_as_ourselves(self, order: DialRequest) -> str:
        """Twilio hides no number, and shows none that is neither the account's nor the caller's: it shows one of ours."""
        ours = settings.TWILIO_CALLER_ID or records.dialed_number(order.call_uuid)
        if phone.to_e164(ours, "US") is None:
            raise CarrierError(
                "there is no number to show: TWILIO_CALLER_ID is not set", is_final=True
            )
        name = _create(order, ours, "")
        records.shown_caller_number(order.leg_uuid, ours)
        return name

    def hang_up(self, line: CarrierLeg) -> None:
        _unless_gone(lambda: _client().calls(line.carrier_leg_id).update(status="completed"))

    def turn_away(self, caller: CarrierLeg) -> None:
        response = VoiceResponse()
        response.say(NOBODY)  # and at its end Twilio hangs up
        _unless_gone(lambda: _client().calls(caller.carrier_leg_id).update(twiml=response.to_xml()))

    def hold(self, line: CarrierLeg, music: str = HOLD_MUSIC) -> None:
        _twice(lambda: _participant(line).update(hold=True, hold_url=music, hold_method="GET"))

    def unhold(self, line: CarrierLeg) -> None:
        _twice(lambda: _participant(line).update(hold=False))

    def connected(self, caller: CarrierLeg) -> None:
        """A caller who was put back to the ringing tone hears the next one who picks up."""
        if records.may_hear(caller):
            self.unhold(caller)

    def check_account(self) -> str:
        account = _twice(lambda: _client().api.accounts(settings.TWILIO_ACCOUNT_SID).fetch())
        if account.status != "active":
            raise CarrierError(f"the account is {account.status}", is_final=True)
        return "The carrier is twilio, and its account is active."

    # --- what it tells ---
    def verify(self, hook: CarrierWebhook) -> bool:
        """By the signature over the public address and all parameters. Unreadable ones are wrong."""
        signature = hook.headers.get("X-Twilio-Signature", "")
        if not (INSTALLED and signature and settings.TWILIO_AUTH_TOKEN):
            return False
        return bool(
            RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(
                hook.url, dict(hook.parameters), signature
            )
        )

    def parse(self, hook: CarrierWebhook) -> CallbackEvent | None:
        match hook.name:
            case "voice" | "digits":
                return _arrival(hook)
            case "conference":
                return _of_conference(hook)
            case "left":
                return LegEnded(
                    _uuid(hook, "leg"),
                    _moment(hook),
                    "completed",
                    event_id=f"{_call_sid(hook)}:left",
                )
            case _:
                return _of_line(hook)

    def prompt_for_number(self, arrival: Arrival) -> CarrierReply:
        response = VoiceResponse()
        gather = response.gather(
            action=_webhook("digits"), timeout=10, finish_on_key="#", action_on_empty_result=True
        )
        gather.say(ASK_NUMBER)
        return CarrierReply(response.to_xml())

    def join_conference(self, *, call_uuid: UUID, caller: UUID) -> CarrierReply:
        response = VoiceResponse()
        response.dial(action=_webhook("left", leg=caller)).conference(
            str(call_uuid),
            participant_label=str(caller),
            beep=False,
            start_conference_on_enter=True,
            end_conference_on_exit=True,
            wait_url=_ours(static("callcontrol/ringing.xml")),
            wait_method="GET",
            status_callback=_webhook("conference", call=call_uuid, leg=caller),
            status_callback_event="start end join leave",
        )
        return CarrierReply(response.to_xml())

    def reject_arrival(self, arrival: Arrival) -> CarrierReply:
        """Twilio reads no body of a 404: it is told to reject, with a 200. The caller hears that the number is not in service."""
        response = VoiceResponse()
        response.reject()
        return CarrierReply(response.to_xml())

    def acknowledge(self, hook: CarrierWebhook) -> CarrierReply:
        response = VoiceResponse()
        if hook.name == "left":
            response.hangup()
        return CarrierReply(response.to_xml())


# --- reading ----------------------------------------------------------------------------------------------
def _arrival(hook: CarrierWebhook) -> Arrival:
    asked = hook.name == "digits"
    return Arrival(
        carrier=Twilio.slug,
        carrier_call_id=_call_sid(hook),
        to=hook.parameters.get("To", ""),
        caller=hook.parameters.get("From"),
        digits=hook.parameters.get("Digits", "") if asked else None,
        now=hook.now,
        token=""
        if asked
        else hook.parameters.get(
            "CallToken", ""
        ),  # with it, only the number that called can be shown
    )


def _of_conference(hook: CarrierWebhook) -> CallerJoined | LegEnded | None:
    """Who leaves, and that the caller came. The others' lines tell of themselves too, but what is told twice is not lost."""
    caller, event = _uuid(hook, "leg"), hook.parameters.get("StatusCallbackEvent", "")
    label = hook.parameters.get("ParticipantLabel", "")
    if event in ("conference-end", "participant-leave"):
        left = _uuid(hook, "leg", label) if event == "participant-leave" else caller
        return LegEnded(left, _moment(hook), "completed", event_id=_event_id(hook, "ConferenceSid"))
    return (
        CallerJoined(_uuid(hook, "call"), hook.now)
        if label == str(caller) and event == "participant-join"
        else None
    )


def _of_line(hook: CarrierWebhook) -> LegRings | LegAnswered | LegEnded | None:
    """The progress of a line that was dialed, named by its leg; without one, of a caller's line (the number's own callback)."""
    sid, status, at = _call_sid(hook), hook.parameters.get("CallStatus", ""), _moment(hook)
    leg = _uuid(hook, "leg") if "leg" in hook.query else None
    if status in _OVER:
        whose = leg or records.callers_leg(Twilio.slug, sid)
        if whose is None:
            raise NotFound("call not found")
        seconds = hook.parameters.get("CallDuration", "")
        told = int(seconds) if re.fullmatch(r"[0-9]{1,6}", seconds) and leg else None
        return LegEnded(whose, at, status, told, event_id=_event_id(hook, "CallSid"))
    if leg is None:
        return None
    if status == "in-progress":
        return LegAnswered(leg, at, event_id=_event_id(hook, "CallSid"), carrier_leg_id=sid)
    return LegRings(leg, at, sid) if status in _UNDER_WAY else None


def _call_sid(hook: CarrierWebhook) -> str:
    sid = hook.parameters.get("CallSid", "")
    if not _CALL_SID.fullmatch(sid):
        raise Refusal("CallSid must be the SID of a call")
    return sid


def _event_id(hook: CarrierWebhook, of: str) -> str:
    """A repeat has the same: Twilio counts the events of a call and of a conference."""
    state = hook.parameters.get("CallStatus") or hook.parameters.get("StatusCallbackEvent", "")
    return f"{hook.parameters.get(of, '')[:40]}:{hook.parameters.get('SequenceNumber', '')[:10]}:{state[:30]}"


def _uuid(hook: CarrierWebhook, name: str, text: str | None = None) -> UUID:
    try:
        return UUID(hook.query.get(name, "") if text is None else text)
    except ValueError:
        raise NotFound(f"{name} not found") from None


def _moment(hook: CarrierWebhook) -> datetime:
    """When it happened, as Twilio says: what was told late is money otherwise."""
    try:
        told = parsedate_to_datetime(hook.parameters.get("Timestamp", ""))
    except (ValueError, IndexError):
        return hook.now
    return told if told.tzinfo and hook.now - LATEST <= told <= hook.now else hook.now


# --- asking -----------------------------------------------------------------------------------------------
def _create(order: DialRequest, shows: str, token: str) -> str:
    """Dials; never twice, since an answer that got lost may be a phone that rings."""
    asked: dict[str, Any] = {
        "to": _destination(order),
        "from_": shows,
        "timeout": max(order.timeout_seconds - RING_MARGIN, RING_MARGIN),
        "status_callback": _webhook("status", leg=order.leg_uuid),
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
    }
    if order.sip_username:
        asked |= {"sip_auth_username": order.sip_username, "sip_auth_password": order.sip_password}
    if token and not _is_sip(order.number):
        asked["call_token"] = token
    if name := _once(lambda: _dialed(order, asked)):
        return str(name)
    raise CarrierError("Twilio’s answer has no name of the call", is_final=False)


def _dialed(order: DialRequest, asked: Mapping[str, Any]) -> str:
    """A participant cannot be sent digits: who is, is a call that enters the conference by itself after them."""
    label, conference = str(order.leg_uuid), str(order.call_uuid)
    if order.send_digits:
        response = VoiceResponse()
        response.dial().conference(
            conference,
            participant_label=label,
            beep=False,
            wait_url="",
            end_conference_on_exit=False,
        )
        call = _client().calls.create(
            **asked, send_digits=order.send_digits, twiml=response.to_xml()
        )
        return str(call.sid or "")
    participants = _client().conferences(conference).participants
    participant = participants.create(
        **asked,
        label=label,
        beep="false",
        wait_url="",
        start_conference_on_enter=True,
        end_conference_on_exit=False,
        early_media=order.inband_signals,
    )
    return str(participant.call_sid or "")


def _destination(order: DialRequest) -> str:
    """A SIP address carries the headers that say which call it is; `sips:` is spelled as Twilio knows it."""
    scheme, _, address = order.number.partition(":")
    if not _is_sip(order.number):
        return order.number
    security = ";transport=tls" if scheme.lower() == "sips" else ""
    return f"sip:{address}{security}?" + urlencode(order.headers, quote_via=quote, safe="")


def _is_sip(number: str) -> bool:
    return number.lower().startswith(("sip:", "sips:"))


def _participant(line: CarrierLeg) -> Any:
    """The line in its conference, which can be named by Twilio's own id only. CarrierFailed when there is none."""
    found = _client().conferences.list(
        friendly_name=str(line.call_uuid), status="in-progress", limit=1
    )
    if not found:
        raise CarrierError("the conference is over", is_final=True)
    return _client().conferences(found[0].sid).participants(line.carrier_leg_id)


def _once(ask: Callable[[], Any]) -> Any:
    """Asks Twilio. Raises CarrierFailed, whose text holds neither numbers nor keys."""
    try:
        return ask()
    except TwilioRestException as error:
        raise Refused(error.status, error.code) from None
    except OSError:  # among them everything that the library's HTTP client raises
        raise CarrierError("Twilio could not be reached in time", is_final=False) from None
    except _UNREADABLE:
        raise CarrierError("Twilio’s answer could not be read", is_final=False) from None


def _twice(ask: Callable[[], Any]) -> Any:
    """For what may be asked again: once more, when it was not a final no."""
    try:
        return _once(ask)
    except CarrierError as failure:
        if failure.is_final:
            raise
        return _once(ask)


def _unless_gone(ask: Callable[[], object]) -> None:
    try:
        _twice(ask)
    except Refused as refused:
        if refused.code not in _GONE:
            raise


_silent = logging.Logger("silent", logging.CRITICAL)


class _Http(TwilioHttpClient):
    """The library's, to another address where one is set, and silent: it would log what it asks."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=SECONDS, logger=_silent)
        self.base = base
        self.session.trust_env = not base  # a stand-in is asked directly

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, (self.base or API) + url.removeprefix(API), *args, **kwargs)


def _client() -> Any:
    return _client_for(
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_API_BASE_URL
    )


@lru_cache(maxsize=4)
def _client_for(account: str, token: str, base: str) -> Any:
    return Client(account, token, http_client=_Http(base.rstrip("/")))


def _webhook(name: str, **query: object) -> str:
    return _ours(f"/carriers/{Twilio.slug}/{name}") + (f"?{urlencode(query)}" if query else "")


def _ours(path: str) -> str:
    return settings.PUBLIC_BASE_URL + path
