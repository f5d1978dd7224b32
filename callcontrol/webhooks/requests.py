"""One webhook request: signed, sent within a deadline, and its result.

The signature is that of Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks.
"""

import base64
import hashlib
import hmac
import logging
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from campaigns.models import Webhook
from campaigns.models.webhook import secret_bytes
from config.http.client import RequestFailed, request

_log = logging.getLogger("ringpost.webhooks")
LONGEST_URL = 8_000
# Temporary client errors; after any other 4xx, another attempt would fail too.
_TEMPORARY = (408, 409, 425, 429)


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request, ready to be sent without the database. Each attempt has the same `uuid`."""

    uuid: UUID
    method: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """The response's `status` and body, or an `error`. `is_final`: another attempt would fail."""

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
        """The result in words, as the end of a sentence."""
        if self.status is None:
            return self.error
        text = f"it answered {self.status} in {self.duration_ms} ms"
        return f"{text}, {self.error}" if self.error else text


def send_webhook(webhook: WebhookRequest) -> WebhookResult:
    """Send a request once, with no transaction open. Errors are in the result."""
    started = time.monotonic()

    def failed(error: str, *, is_final: bool) -> WebhookResult:
        return WebhookResult(None, error, is_final, b"", False, _milliseconds_since(started))

    try:
        if len(webhook.url) > LONGEST_URL:
            raise RequestFailed(
                f"the address has more than {LONGEST_URL:,} characters with its tokens filled in",
                is_final=True,
            )
        response = request(
            webhook.method,
            webhook.url,
            headers=_headers(webhook, int(time.time())),
            body=None if webhook.method == Webhook.Method.GET else b"",
            seconds=webhook.seconds,
            allowed_hosts=settings.WEBHOOK_ALLOWED_HOSTS,
        )
    except RequestFailed as failure:
        return failed(str(failure)[:300], is_final=failure.is_final)
    except Exception:  # noqa: BLE001 - a bug here must not keep a caller waiting
        _log.exception("webhook %s could not be sent", webhook.uuid)
        return failed("it could not be sent", is_final=False)
    error, is_final = "", False
    if 300 <= response.status < 400:
        error, is_final = "a redirect, which is not followed", True
    elif 400 <= response.status < 500:
        error, is_final = "a client error", response.status not in _TEMPORARY
    elif not 200 <= response.status < 300:
        error = "a server error"
    return WebhookResult(
        response.status,
        error,
        is_final,
        response.body,
        response.is_whole,
        _milliseconds_since(started),
    )


def _milliseconds_since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def _headers(webhook: WebhookRequest, timestamp: int) -> dict[str, str]:
    parts = urlsplit(webhook.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    uuid, secret = str(webhook.uuid), secret_bytes(webhook.secret)
    return {
        "Accept": "application/json",
        "Idempotency-Key": uuid,
        "webhook-id": uuid,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": _signature(secret, f"{uuid}.{timestamp}."),
        # The body is empty, so this signature covers the content, which is in the URL.
        "ringpost-url-signature": _signature(
            secret, f"{uuid}.{timestamp}.{webhook.method} {target}"
        ),
    }


def _signature(secret: bytes, text: str) -> str:
    return "v1," + base64.b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode()
