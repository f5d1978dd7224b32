"""Twilio's REST API: the client, the legs and calls to create, and the errors of its answers."""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from .base import CarrierError, CarrierLeg, DialRequest

try:
    from twilio.base.exceptions import TwilioException, TwilioRestException
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client
    from twilio.twiml.voice_response import VoiceResponse

    INSTALLED = True
except ImportError:  # the plain install: `config.checks` reports it when CARRIER=twilio
    INSTALLED = False
    TwilioException = TwilioRestException = type("Missing", (Exception,), {})
    TwilioHttpClient = object

API = "https://api.twilio.com"
SECONDS = 5.0  # for Twilio's API to connect, and again to answer
# Twilio rings every phone for five seconds longer than requested, and accepts no less than five.
RING_MARGIN = 5
GONE = {20404, 21220}  # the call does not exist, or has ended
UNDIALABLE = {
    13227: "the account may not dial that country",
    21211: "that number cannot be dialed",
    21214: "that number cannot be reached",
    21215: "the account may not dial that country",
    21216: "Twilio blocks calls to that number",
    21217: "that number cannot be dialed",
    21219: "a trial account may only dial numbers that it has verified",
}
_MEANINGS = UNDIALABLE | {
    20003: "the account’s SID or token is wrong",
    21210: "that caller ID does not belong to the account",
    21212: "that caller ID is not a number",
}
# Raised by the library for an answer that is not JSON, or that has another shape.
_UNREADABLE = (TwilioException, ValueError, LookupError, AttributeError, TypeError)


class TwilioRefused(CarrierError):
    """An error response of Twilio, with its error code."""

    def __init__(self, status: int, code: int | None) -> None:
        self.code = code
        meaning = _MEANINGS.get(code or 0, f"HTTP status {status}")
        # Twilio's own text is left out: it contains phone numbers.
        super().__init__(
            f"Twilio refused (error {code}): {meaning}" if code else f"Twilio refused: {meaning}",
            is_final=400 <= status < 500 and status not in (408, 429),
        )


def dial_party(request: DialRequest, *, caller_id: str, token: str, status_callback: str) -> str:
    """Dial a party into its conference; return the SID of its call. Raises CarrierError.

    It is requested only once: after a lost answer, the phone may already ring.
    """
    to = request.number
    if is_sip(to):  # the headers identify the call
        scheme, _, address = to.partition(":")
        # Twilio spells `sips:` as a transport.
        security = ";transport=tls" if scheme.lower() == "sips" else ""
        to = f"sip:{address}{security}?" + urlencode(request.headers, quote_via=quote, safe="")
    parameters: dict[str, Any] = {
        "to": to,
        "from_": caller_id,
        "timeout": max(request.timeout_seconds - RING_MARGIN, RING_MARGIN),
        "status_callback": status_callback,
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
    }
    if request.sip_username:
        parameters["sip_auth_username"] = request.sip_username
        parameters["sip_auth_password"] = request.sip_password
    if token and not is_sip(request.number):
        parameters["call_token"] = token
    # Twilio sends digits to calls only, not to participants: such a leg is a call that joins the
    # conference by its TwiML after the digits.
    create = _create_call if request.send_digits else _create_participant
    if sid := once(lambda: create(request, parameters)):
        return str(sid)
    raise CarrierError("Twilio’s answer has no name of the call", is_final=False)


def _create_call(request: DialRequest, parameters: dict[str, Any]) -> str:
    response = VoiceResponse()
    response.dial().conference(
        str(request.call_uuid),
        participant_label=str(request.leg_uuid),
        beep=False,
        wait_url="",
        end_conference_on_exit=False,
    )
    call = client().calls.create(
        **parameters, send_digits=request.send_digits, twiml=response.to_xml()
    )
    return str(call.sid or "")


def _create_participant(request: DialRequest, parameters: dict[str, Any]) -> str:
    participant = (
        client()
        .conferences(str(request.call_uuid))
        .participants.create(
            **parameters,
            label=str(request.leg_uuid),
            beep="false",
            wait_url="",
            start_conference_on_enter=True,
            end_conference_on_exit=False,
            early_media=request.inband_signals,
        )
    )
    return str(participant.call_sid or "")


def is_sip(number: str) -> bool:
    return number.lower().startswith(("sip:", "sips:"))


def participant(leg: CarrierLeg) -> Any:
    """Return the leg's participant resource. Raises CarrierError if the conference is over."""
    # The resource needs Twilio's own ID of the conference.
    conferences = client().conferences.list(
        friendly_name=str(leg.call_uuid), status="in-progress", limit=1
    )
    if not conferences:
        raise CarrierError("the conference is over", is_final=True)
    return client().conferences(conferences[0].sid).participants(leg.carrier_leg_id)


def once(request: Callable[[], Any]) -> Any:
    """Send a request. Raises CarrierError, with a text without numbers and keys."""
    try:
        return request()
    except TwilioRestException as error:
        raise TwilioRefused(error.status, error.code) from None
    except OSError:  # includes all errors of the library's HTTP client
        raise CarrierError("Twilio could not be reached in time", is_final=False) from None
    except _UNREADABLE:
        raise CarrierError("Twilio’s answer could not be read", is_final=False) from None


def twice(request: Callable[[], Any]) -> Any:
    """Send a request that is safe to repeat, again after an error that is not final."""
    try:
        return once(request)
    except CarrierError as failure:
        if failure.is_final:
            raise
        return once(request)


def unless_gone(request: Callable[[], object]) -> None:
    """Send a request for a call, which may have ended already."""
    try:
        twice(request)
    except TwilioRefused as refused:
        if refused.code not in GONE:
            raise


class _HttpClient(TwilioHttpClient):
    """The library's client, for another base URL in tests, and without its logging of requests."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=SECONDS, logger=logging.Logger("silent", logging.CRITICAL))
        self.base = base
        self.session.trust_env = not base  # no proxy to a stand-in on this machine

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, (self.base or API) + url.removeprefix(API), *args, **kwargs)


def client() -> Any:
    """Return the client of the account in the settings."""
    return _client_for(
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_API_BASE_URL
    )


@lru_cache(maxsize=4)
def _client_for(account: str, token: str, base: str) -> Any:
    return Client(account, token, http_client=_HttpClient(base.rstrip("/")))
