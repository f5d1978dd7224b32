"""Twilio: voice webhooks and TwiML for the caller's leg, the REST API for all other legs.

docs/twilio.md describes its requests. The helper library is the extra `twilio`; this file loads
without it.
"""

import re
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.templatetags.static import static

from campaigns import phone
from campaigns.errors import NotFound, Refusal

from . import records, twilio_rest
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
from .twilio_rest import TwilioRefused

try:
    from twilio.request_validator import RequestValidator
    from twilio.twiml.voice_response import VoiceResponse
except ImportError:  # the plain install, see `twilio_rest.INSTALLED`
    RequestValidator = VoiceResponse = None

MAX_DELAY = timedelta(days=1)  # an older time in a webhook is not believed
# Twilio's own music, as in its conferences.
HOLD_MUSIC = "https://s3.amazonaws.com/com.twilio.sounds.music/index.xml"
ASK_NUMBER = "Please enter the phone number of the caller, then press pound."
UNAVAILABLE = (
    "We are sorry. Nobody is available to take your call right now. "
    "Please try again later. Goodbye."
)
_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_ENDED = {"completed", "busy", "no-answer", "failed", "canceled"}
_UNDER_WAY = {"queued", "initiated", "ringing"}


class Twilio(Carrier):
    """Every party is a participant of the conference named by the call's UUID.

    The label of a participant is the UUID of its leg.
    """

    slug = "twilio"
    webhooks = frozenset({"voice", "digits", "status", "conference", "left"})

    # --- commands ---
    def dial(self, request: DialRequest) -> str:
        """Also puts a caller that waits alone back to the ringing tone."""
        waiting = records.waiting_caller(request.call_uuid)
        if waiting is not None:
            # The tone is a comfort; without it the call goes on.
            with suppress(CarrierError):
                self.hold(waiting, _own_url(static("callcontrol/ringing.xml")))
        is_sip = twilio_rest.is_sip(request.number)
        if request.caller_id is None and not is_sip:
            return self._dial_with_own_number(request)
        caller_id = request.caller_id or "anonymous"
        token = records.arrival_token(request.call_uuid, request.caller_id)
        try:
            return self._dial_party(request, caller_id, token)
        except TwilioRefused as refused:
            if refused.code in twilio_rest.UNDIALABLE or not refused.is_final or is_sip:
                raise
            return self._dial_with_own_number(request)

    def _dial_with_own_number(self, request: DialRequest) -> str:
        # Twilio cannot withhold a number, and shows only numbers of the account or the caller's.
        number = settings.TWILIO_CALLER_ID or records.dialed_number(request.call_uuid)
        if phone.to_e164(number, "US") is None:
            raise CarrierError(
                "there is no number to show: TWILIO_CALLER_ID is not set", is_final=True
            )
        sid = self._dial_party(request, number, "")
        records.record_caller_id(request.leg_uuid, number)
        return sid

    def _dial_party(self, request: DialRequest, caller_id: str, token: str) -> str:
        callback = _webhook_url("status", leg=request.leg_uuid)
        return twilio_rest.dial_party(
            request, caller_id=caller_id, token=token, status_callback=callback
        )

    def hang_up(self, leg: CarrierLeg) -> None:
        twilio_rest.unless_gone(
            lambda: twilio_rest.client().calls(leg.carrier_leg_id).update(status="completed")
        )

    def turn_away(self, caller: CarrierLeg) -> None:
        response = VoiceResponse()
        response.say(UNAVAILABLE)  # Twilio hangs up at the end
        twilio_rest.unless_gone(
            lambda: (
                twilio_rest.client().calls(caller.carrier_leg_id).update(twiml=response.to_xml())
            )
        )

    def hold(self, leg: CarrierLeg, music: str = HOLD_MUSIC) -> None:
        twilio_rest.twice(
            lambda: twilio_rest.participant(leg).update(
                hold=True, hold_url=music, hold_method="GET"
            )
        )

    def unhold(self, leg: CarrierLeg) -> None:
        twilio_rest.twice(lambda: twilio_rest.participant(leg).update(hold=False))

    def connected(self, caller: CarrierLeg) -> None:
        """Return a caller that was put back to the ringing tone to the conference."""
        if records.may_join(caller):
            self.unhold(caller)

    def check_account(self) -> str:
        sid = settings.TWILIO_ACCOUNT_SID
        account = twilio_rest.twice(lambda: twilio_rest.client().api.accounts(sid).fetch())
        if account.status != "active":
            raise CarrierError(f"the account is {account.status}", is_final=True)
        return "The carrier is twilio, and its account is active."

    # --- webhooks ---
    def verify(self, webhook: CarrierWebhook) -> bool:
        """Check the signature over the public address and all parameters."""
        signature = webhook.headers.get("X-Twilio-Signature", "")
        if not (twilio_rest.INSTALLED and signature and settings.TWILIO_AUTH_TOKEN):
            return False
        validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
        return bool(validator.validate(webhook.url, dict(webhook.parameters), signature))

    def parse(self, webhook: CarrierWebhook) -> CallbackEvent | None:
        parameters = webhook.parameters
        match webhook.name:
            case "voice" | "digits":
                has_digits = webhook.name == "digits"
                return Arrival(
                    carrier=self.slug,
                    carrier_call_id=_call_sid(webhook),
                    to=parameters.get("To", ""),
                    caller=parameters.get("From"),
                    digits=parameters.get("Digits", "") if has_digits else None,
                    now=webhook.now,
                    # With a token, Twilio shows only the number that called. After a prompt, the
                    # caller's number is the one in the digits.
                    token="" if has_digits else parameters.get("CallToken", ""),
                )
            case "conference":
                # The caller's joining, and every leaving. A leg's status callback reports the
                # latter too.
                leg = _uuid(webhook, "leg")
                event = parameters.get("StatusCallbackEvent", "")
                label = parameters.get("ParticipantLabel", "")
                if event in ("conference-end", "participant-leave"):
                    if event == "participant-leave":
                        leg = _uuid(webhook, "leg", label)
                    event_id = _event_id(webhook, "ConferenceSid")
                    return LegEnded(leg, _event_time(webhook), "completed", event_id=event_id)
                if label == str(leg) and event == "participant-join":
                    return CallerJoined(_uuid(webhook, "call"), webhook.now)
                return None
            case "left":
                return LegEnded(
                    leg_uuid=_uuid(webhook, "leg"),
                    at=_event_time(webhook),
                    outcome="completed",
                    event_id=f"{_call_sid(webhook)}:left",
                )
            case _:
                return _parse_status(webhook)

    def prompt_for_number(self, arrival: Arrival) -> CarrierReply:
        response = VoiceResponse()
        gather = response.gather(
            action=_webhook_url("digits"),
            timeout=10,
            finish_on_key="#",
            action_on_empty_result=True,
        )
        gather.say(ASK_NUMBER)
        return CarrierReply(response.to_xml())

    def join_conference(self, *, call_uuid: UUID, caller: UUID) -> CarrierReply:
        response = VoiceResponse()
        response.dial(action=_webhook_url("left", leg=caller)).conference(
            str(call_uuid),
            participant_label=str(caller),
            beep=False,
            start_conference_on_enter=True,
            end_conference_on_exit=True,
            wait_url=_own_url(static("callcontrol/ringing.xml")),
            wait_method="GET",
            status_callback=_webhook_url("conference", call=call_uuid, leg=caller),
            status_callback_event="start end join leave",
        )
        return CarrierReply(response.to_xml())

    def reject_arrival(self, arrival: Arrival) -> CarrierReply:
        # Twilio does not read the body of a 404, so this is a 200 with <Reject>.
        response = VoiceResponse()
        response.reject()
        return CarrierReply(response.to_xml())

    def acknowledge(self, webhook: CarrierWebhook) -> CarrierReply:
        response = VoiceResponse()
        if webhook.name == "left":
            response.hangup()
        return CarrierReply(response.to_xml())


# --- reading webhooks -----------------------------------------------------------------------
def _parse_status(webhook: CarrierWebhook) -> LegRings | LegAnswered | LegEnded | None:
    """The progress of a dialed leg, or the end of a caller's leg (the number's own callback)."""
    sid, at = _call_sid(webhook), _event_time(webhook)
    status = webhook.parameters.get("CallStatus", "")
    dialed = _uuid(webhook, "leg") if "leg" in webhook.query else None
    if status in _ENDED:
        leg_uuid = dialed or records.caller_leg_uuid(Twilio.slug, sid)
        if leg_uuid is None:
            raise NotFound("call not found")
        duration = webhook.parameters.get("CallDuration", "")
        seconds = int(duration) if re.fullmatch(r"[0-9]{1,6}", duration) and dialed else None
        return LegEnded(leg_uuid, at, status, seconds, event_id=_event_id(webhook, "CallSid"))
    if dialed is None:
        return None
    if status == "in-progress":
        event_id = _event_id(webhook, "CallSid")
        return LegAnswered(dialed, at, event_id=event_id, carrier_leg_id=sid)
    return LegRings(dialed, at, sid) if status in _UNDER_WAY else None


def _call_sid(webhook: CarrierWebhook) -> str:
    sid = webhook.parameters.get("CallSid", "")
    if not _CALL_SID.fullmatch(sid):
        raise Refusal("CallSid must be the SID of a call")
    return sid


def _event_id(webhook: CarrierWebhook, sid_name: str) -> str:
    """An ID that a repeat has too: Twilio numbers the events of a call and of a conference."""
    parameters = webhook.parameters
    state = parameters.get("CallStatus") or parameters.get("StatusCallbackEvent", "")
    sid, number = parameters.get(sid_name, ""), parameters.get("SequenceNumber", "")
    return f"{sid[:40]}:{number[:10]}:{state[:30]}"


def _uuid(webhook: CarrierWebhook, name: str, text: str | None = None) -> UUID:
    try:
        return UUID(webhook.query.get(name, "") if text is None else text)
    except ValueError:
        raise NotFound(f"{name} not found") from None


def _event_time(webhook: CarrierWebhook) -> datetime:
    """The time of the event by Twilio's own clock: a late webhook must not cost talk time."""
    try:
        at = parsedate_to_datetime(webhook.parameters.get("Timestamp", ""))
    except (ValueError, IndexError):
        return webhook.now
    return at if at.tzinfo and webhook.now - MAX_DELAY <= at <= webhook.now else webhook.now


def _webhook_url(name: str, **query: object) -> str:
    path = f"/carriers/{Twilio.slug}/{name}"
    return _own_url(f"{path}?{urlencode(query)}" if query else path)


def _own_url(path: str) -> str:
    return settings.PUBLIC_BASE_URL + path
