"""Webhook deliveries: queued in the transaction of their event, sent later until they succeed.

A delivery is sent at least once; a receiver recognizes a repeat by its ID.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import quote
from uuid import UUID

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from callcontrol.models import Call, Delivery, DeliveryAttempt, EventKind, Party
from callcontrol.state.locked_call import LockedCall, lock_call
from callcontrol.state.tags import known_tags, write_call_tags
from callcontrol.state.timeline import add_event
from campaigns.models import Webhook
from campaigns.routing import engine
from campaigns.routing.engine import Ping, PreparedPing
from config.db.insert import insert_row
from config.http.values import decimal_text
from publishers.snapshot import Snapshot, WebhookSnapshot

from .requests import LONGEST_URL, WebhookRequest, WebhookResult, send_webhook
from .response_tags import response_tags

_log = logging.getLogger("ringpost.webhooks")
# The waits after each failed attempt; after the last one the delivery has failed.
RETRY_AFTER = tuple(
    timedelta(seconds=wait) for wait in (10, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600)
)
# A process that has not sent a delivery by then has died.
SENT_WITHIN = timedelta(seconds=60)
# Deliveries of one webhook at a time: a receiver that hangs must not block the others.
BATCH_PER_WEBHOOK = 10
_KEPT_BYTES = 2_048  # of a response's body


# --- queueing -------------------------------------------------------------------------------
def queue_webhooks(call: Call, trigger: str, *, snapshot: Snapshot, now: datetime) -> None:
    """Queue the webhooks of a trigger, once a call, in the transaction that fires it."""
    due_at = min(now, timezone.now())  # a simulated call may live ahead of the wall clock
    for webhook, url in matching_webhooks(call, trigger, snapshot=snapshot, now=now):
        insert_row(new_delivery(call, webhook, url, now=now, due_at=due_at))


def queue_conversion_webhooks(locked: LockedCall, *, snapshot: Snapshot, now: datetime) -> None:
    """Queue the webhooks of a settled call."""
    # An answer that became known only with the end has not fired its trigger yet.
    if any(leg.party == Party.HANDLER and leg.was_answered for leg in locked.legs):
        queue_webhooks(locked.call, Webhook.Trigger.ANSWERED, snapshot=snapshot, now=now)
    queue_webhooks(locked.call, Webhook.Trigger.ENDED, snapshot=snapshot, now=now)
    if locked.call.converted_at:
        queue_webhooks(locked.call, Webhook.Trigger.CONVERTED, snapshot=snapshot, now=now)


def matching_webhooks(
    call: Call, trigger: str, *, snapshot: Snapshot, now: datetime
) -> Iterator[tuple[WebhookSnapshot, str]]:
    """Yield the campaign's webhooks of a trigger that match the call, each with its filled URL."""
    campaign = snapshot.campaigns.get(call.campaign_id)
    webhooks = [row for row in campaign.webhooks if row.trigger == trigger] if campaign else []
    if not webhooks or campaign is None:
        return  # no query for a campaign without webhooks
    publisher = snapshot.publishers.get(call.publisher_id or 0)
    publisher_id = publisher.publisher_id if publisher else None
    ping = Ping(now, campaign.campaign_id, call.caller_number, known_tags(call), publisher_id)
    tokens = url_tokens(call, trigger, ping)
    for webhook in webhooks:
        if engine.conditions_hold(webhook.conditions, ping):
            # The call's own tokens win over tags; an unknown token becomes blank.
            prepared = PreparedPing(ping, {})
            values = {
                name: tokens[name] if name in tokens else prepared.value(name)
                for name in engine.parts_of(webhook.url)
            }
            quoted = {name: quote(value, safe="") for name, value in values.items()}
            yield webhook, engine.fill_number(webhook.url, quoted)


def url_tokens(call: Call, trigger: str, ping: Ping) -> dict[str, str]:
    """Return the call's own values for the tokens of a URL; money and talk time once decided."""
    publisher_id, buyer_id = ping.publisher_id or "", call.buyer.buyer_id if call.buyer else ""
    is_decided = call.settled_at is not None or call.converted_at is not None
    seconds = 0
    if call.connected_at and call.ended_at:
        seconds = int((call.ended_at - call.connected_at).total_seconds())
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
        "connected_seconds": str(seconds) if call.settled_at else "",
    }


def new_delivery(
    call: Call, webhook: WebhookSnapshot, url: str, *, now: datetime, due_at: datetime | None
) -> Delivery:
    """Return a delivery that is not saved yet."""
    return Delivery(
        company_id=call.company_id,
        call_id=call.pk,
        webhook_id=webhook.row,
        name=webhook.name,
        trigger=webhook.trigger,
        method=webhook.method,
        url=url[: LONGEST_URL + 1],  # enough to see that it is too long
        created_at=now,
        next_attempt_at=due_at,
    )


# --- sending --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """A delivery that this process has claimed, and its attempt."""

    delivery: Delivery
    attempt: DeliveryAttempt
    request: WebhookRequest
    values: Mapping[str, str]


def send_concurrently(requests: Sequence[WebhookRequest]) -> Iterator[tuple[UUID, WebhookResult]]:
    """Send each request in its own thread; yield the results as they arrive."""
    with ThreadPoolExecutor(max_workers=len(requests), thread_name_prefix="webhook") as pool:
        running = {pool.submit(send_webhook, request): request.uuid for request in requests}
        for done in as_completed(running):
            yield running[done], done.result()


SendAll = Callable[[Sequence[WebhookRequest]], Iterator[tuple[UUID, WebhookResult]]]


def send_due(
    *,
    now: datetime,
    limit: int,
    company_pk: int | None = None,
    send_all: SendAll = send_concurrently,
) -> int:
    """Send at most `limit` due deliveries, of one company or all; return their number.

    Safe to run twice and in parallel. What a process had sent when it died is sent again. Only
    this thread uses the database.
    """
    position = Window(
        RowNumber(), partition_by=F("webhook_id"), order_by=[F("next_attempt_at"), F("pk")]
    )
    due = Delivery.objects.filter(status=Delivery.Status.WAITING, next_attempt_at__lte=now)
    due = due if company_pk is None else due.filter(company_id=company_pk)
    batch = due.annotate(position=position).filter(position__lte=BATCH_PER_WEBHOOK)
    batch = batch.order_by("next_attempt_at", "pk").select_related("webhook", "call")
    claims = [claim_delivery(delivery, now=now) for delivery in batch[:limit]]
    claimed = {claim.request.uuid: claim for claim in claims if claim}
    if claimed:
        for uuid, result in send_all([claim.request for claim in claimed.values()]):
            at = now + timedelta(milliseconds=result.duration_ms)
            try:
                with transaction.atomic():
                    _record_result(claimed[uuid], result, at=at)
            except Exception:  # noqa: BLE001 - it must not keep the others waiting: it is sent again
                _log.exception("result of delivery %s could not be recorded", uuid)
    return len(claimed)


def claim_delivery(delivery: Delivery, *, now: datetime) -> DeliveryRequest | None:
    """Claim a delivery as it was read, so that one process sends it.

    Return None if another process has it, or if its webhook was deleted.
    """
    webhook = delivery.webhook
    waiting = Delivery.objects.filter(
        pk=delivery.pk,
        status=Delivery.Status.WAITING,
        next_attempt_at=delivery.next_attempt_at,
        attempts=delivery.attempts,
    )
    with transaction.atomic():
        if webhook is None:
            if waiting.update(status=Delivery.Status.FAILED, finished_at=now):
                _add_delivery_event(
                    delivery, EventKind.WEBHOOK_FAILED, at=now, said="it was deleted"
                )
            return None
        if not waiting.update(attempts=delivery.attempts + 1, next_attempt_at=now + SENT_WITHIN):
            return None
        delivery.attempts += 1
        attempt = DeliveryAttempt.objects.create(delivery=delivery, at=now)
    request = WebhookRequest(
        uuid=delivery.pk,
        method=delivery.method,
        url=delivery.url,
        secret=webhook.secret,
        seconds=webhook.deadline_ms / 1000,
    )
    return DeliveryRequest(delivery, attempt, request, webhook.values)


def _record_result(claim: DeliveryRequest, result: WebhookResult, *, at: datetime) -> None:
    """Close the attempt; schedule the next one, or close the delivery with its tags and event."""
    delivery = claim.delivery
    close_attempt(claim.attempt, result)
    may_retry = not result.is_final and delivery.attempts <= len(RETRY_AFTER)
    if not result.is_success and may_retry:
        Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(
            next_attempt_at=at + RETRY_AFTER[delivery.attempts - 1]
        )
        return
    status = Delivery.Status.DELIVERED if result.is_success else Delivery.Status.FAILED
    if not close_delivery(delivery, status, at=at):
        return
    tags = response_tags(result, claim.values)
    if tags:
        write_call_tags(lock_call(delivery.call_id).call, tags, publisher_pk=None, now=at)
    values = claim.values if result.is_success else {}
    said = result.outcome + describe_tags(tags, values)
    kind = EventKind.WEBHOOK_DELIVERED if result.is_success else EventKind.WEBHOOK_FAILED
    _add_delivery_event(delivery, kind, at=at, said=said)


def _add_delivery_event(delivery: Delivery, kind: EventKind, *, at: datetime, said: str) -> None:
    add_event(delivery.call, kind, at=at, name=delivery.name, trigger=delivery.trigger, said=said)


def close_attempt(attempt: DeliveryAttempt, result: WebhookResult) -> None:
    """Save the result of an attempt, with the first bytes of the response."""
    attempt.status, attempt.error = result.status, result.error
    attempt.duration_ms = result.duration_ms
    # PostgreSQL stores no null character.
    text = result.body[:_KEPT_BYTES].decode("utf-8", "replace")
    attempt.answer = text.replace("\0", "\ufffd")
    attempt.save(update_fields=["status", "error", "duration_ms", "answer"])


def close_delivery(delivery: Delivery, status: Delivery.Status, *, at: datetime) -> bool:
    """End a waiting delivery; return False if it had ended already."""
    waiting = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.WAITING)
    return bool(waiting.update(status=status, finished_at=at, next_attempt_at=None))


def describe_tags(tags: Mapping[str, str], values: Mapping[str, str]) -> str:
    """Describe which values became tags, as the end of a sentence. Values are left out."""
    text = f"; became tags: {', '.join(sorted(tags))}" if tags else ""
    missing = sorted(values.keys() - tags.keys())
    return f"{text}; not in the response, or unusable: {', '.join(missing)}" if missing else text
