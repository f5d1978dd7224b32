"""One word to a webhook: its address with what is known of the call filled in, signed, within a deadline, and what came back.

The signature is that of the Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks.
"""

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote, urlsplit
from uuid import UUID

from django.conf import settings

from callcontrol.models import Call
from callcontrol.state.tags import known_tags
from campaigns.models import Webhook
from campaigns.models.webhook import secret_bytes
from campaigns.routing import engine
from campaigns.routing.engine import Ping, PreparedPing
from config.http.client import RequestFailed, request
from config.http.values import decimal_text
from publishers.snapshot import Snapshot, WebhookSnapshot

_log = logging.getLogger("ringpost.webhooks")
LONGEST_URL = 8_000
# What may be gone in a moment; every other 4xx says that asking again will not help.
_FOR_A_WHILE = (408, 409, 425, 429)


# --- what is sent -----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request, ready to be sent by whoever has no rows at hand. `uuid` is the same each time it is sent."""

    uuid: UUID
    method: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """What came of a request: an answer's `status` and body, or an `error`. `is_final`: another try would come to the same."""

    status: int | None
    error: str
    is_final: bool
    body: bytes
    is_whole: bool
    duration_ms: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def outcome(self) -> str:
        """For people, as the end of a sentence."""
        if self.status is None:
            return self.error
        return f"it answered {self.status} in {self.duration_ms} ms" + (
            f", {self.error}" if self.error else ""
        )


def send_webhook(sending: WebhookRequest) -> WebhookResult:
    """Asks once, with no transaction open; whatever happens is in what it returns."""
    began = time.monotonic()
    try:
        if len(sending.url) > LONGEST_URL:
            raise RequestFailed(
                f"the address has more than {LONGEST_URL:,} characters with its tokens filled in",
                is_final=True,
            )
        answer = request(
            sending.method,
            sending.url,
            headers=_headers(sending, int(time.time())),
            body=None if sending.method == Webhook.Method.GET else b"",
            seconds=sending.seconds,
            allowed_hosts=settings.WEBHOOK_ALLOWED_HOSTS,
        )
    except RequestFailed as failure:
        return WebhookResult(None, str(failure)[:300], failure.is_final, b"", False, _since(began))
    except Exception:  # noqa: BLE001 - a fault of ours must not keep a caller waiting
        _log.exception("webhook %s could not be sent", sending.uuid)
        return WebhookResult(None, "it could not be sent", False, b"", False, _since(began))
    error, is_final = _verdict(answer.status)
    return WebhookResult(
        answer.status, error, is_final, answer.body, answer.is_whole, _since(began)
    )


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _verdict(status: int) -> tuple[str, bool]:
    """What is wrong with an answer, if anything is, and whether that stays so."""
    if 300 <= status < 400:
        return "a redirect, which is not followed", True
    if 400 <= status < 500:
        return "which is a no", status not in _FOR_A_WHILE
    return ("", False) if 200 <= status < 300 else ("which is a failure", False)


def _headers(sending: WebhookRequest, timestamp: int) -> dict[str, str]:
    """The body is empty, and all is in the address: so there is a signature of that, too."""
    parts = urlsplit(sending.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    uuid, secret = str(sending.uuid), secret_bytes(sending.secret)
    return {
        "Accept": "application/json",
        "Idempotency-Key": uuid,
        "webhook-id": uuid,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": _signature(secret, f"{uuid}.{timestamp}."),
        "ringpost-url-signature": _signature(
            secret, f"{uuid}.{timestamp}.{sending.method} {target}"
        ),
    }


def _signature(secret: bytes, text: str) -> str:
    return "v1," + base64.b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode()


# --- who is told, and at which address --------------------------------------------------------------------
def matching_webhooks(
    call: Call, trigger: str, *, snapshot: Snapshot, now: datetime
) -> Iterator[tuple[WebhookSnapshot, str]]:
    """The webhooks of the call's campaign for this trigger whose filters hold, each with its address as it is now.

    Where there is none for the trigger, nothing is asked of the database.
    """
    campaign = snapshot.campaigns.get(call.campaign_id)
    hooks = [hook for hook in campaign.webhooks if hook.trigger == trigger] if campaign else []
    if not hooks or campaign is None:
        return
    publisher = snapshot.publishers.get(call.publisher_id or 0)
    publisher_id = publisher.publisher_id if publisher else None
    ping = Ping(now, campaign.campaign_id, call.caller_number, known_tags(call), publisher_id)
    facts = _facts(call, trigger, ping)
    for hook in hooks:
        if engine.conditions_hold(hook.conditions, ping):
            yield hook, _filled(hook.url, facts, PreparedPing(ping, {}))


def _filled(url: str, facts: Mapping[str, str], asked: PreparedPing) -> str:
    """A token that nobody knows leaves nothing. What the call itself says goes before a tag of that name."""
    known_as = {
        name: facts[name] if name in facts else asked.value(name) for name in engine.parts_of(url)
    }
    return engine.fill_number(url, {name: quote(text, safe="") for name, text in known_as.items()})


def _facts(call: Call, trigger: str, ping: Ping) -> dict[str, str]:
    publisher_id, buyer_id = ping.publisher_id or "", call.buyer.buyer_id if call.buyer else ""
    is_decided = call.settled_at is not None or call.converted_at is not None
    return {
        "call_uuid": str(call.pk),
        "call_key": call.key,
        "caller_number": call.caller_number or "",
        "inbound_number": call.inbound_number,
        **dict.fromkeys(("publisher_id", "affiliate_id", "source_id"), publisher_id),
        "campaign_id": ping.campaign_id,
        **dict.fromkeys(("buyer_id", "target_id"), buyer_id),
        "trigger": trigger,
        "payout": decimal_text(call.payout or Decimal(0)) if is_decided else "",
        "revenue": decimal_text(call.revenue or Decimal(0)) if is_decided else "",
        "converted": str(call.converted_at is not None).lower() if is_decided else "",
        "connected_seconds": _connected_seconds(call) if call.settled_at else "",
    }


def _connected_seconds(call: Call) -> str:
    if call.connected_at is None or call.ended_at is None:
        return "0"
    return str(int((call.ended_at - call.connected_at).total_seconds()))
