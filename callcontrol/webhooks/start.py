"""Start webhooks: sent before the first buyer is dialed; their responses become tags.

A short transaction claims the call, the requests are sent with no transaction open, and another
short transaction records the results. A process that finds the call claimed leaves it alone.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from callcontrol.models import Call, Delivery, DeliveryAttempt, EventKind
from callcontrol.state.locked_call import lock_call
from callcontrol.state.tags import apply_late_tags, write_call_tags
from callcontrol.state.timeline import add_event
from campaigns.models import Webhook
from config.db.insert import insert_row
from publishers.snapshot import Snapshot, WebhookSnapshot, current_snapshot

from .deliveries import (
    close_attempt,
    close_delivery,
    describe_tags,
    matching_webhooks,
    new_delivery,
)
from .requests import WebhookRequest, WebhookResult, send_webhook
from .response_tags import response_tags

# Longer than any deadline: a process that still holds a claim has died.
CLAIM_LASTS = timedelta(seconds=30)
StartAttempt = tuple[WebhookSnapshot, Delivery, DeliveryAttempt]


def has_start_webhooks(snapshot: Snapshot, campaign_pk: int) -> bool:
    """Whether calls of this campaign wait for start webhooks before routing."""
    campaign = snapshot.campaigns.get(campaign_pk)
    return campaign is not None and any(
        webhook.trigger == Webhook.Trigger.START for webhook in campaign.webhooks
    )


def run_start_webhooks(call_uuid: UUID, *, now: datetime) -> bool:
    """Send the start webhooks of a call, and record their responses.

    Return False while another process does it: that one goes on with the call. The call goes on
    without late and failed responses.
    """
    attempts = claim_call(call_uuid, now=now)
    if attempts is None:
        unprepared = Call.objects.filter(pk=call_uuid, prepared_at=None, status=Call.Status.ROUTING)
        return not unprepared.exists()
    return record_results(call_uuid, attempts, send_attempts(attempts), now=now)


def claim_call(call_uuid: UUID, *, now: datetime) -> Sequence[StartAttempt] | None:
    """Claim the call, with a delivery for each webhook; None if another process has it.

    The deliveries of an expired claim are sent again, under the same IDs.
    """
    unclaimed = Q(asked_at=None) | Q(asked_at__lte=now - CLAIM_LASTS)
    with transaction.atomic():
        unprepared = Call.objects.filter(
            unclaimed, pk=call_uuid, prepared_at=None, status=Call.Status.ROUTING
        )
        if not unprepared.update(asked_at=now):
            return None
        call = Call.objects.select_related("buyer").get(pk=call_uuid)
        snapshot = current_snapshot(call.company_id)
        campaign = snapshot.campaigns.get(call.campaign_id)
        publisher = snapshot.publishers.get(call.publisher_id or 0)
        if (campaign and campaign.paused) or (publisher and publisher.paused):
            return []  # no buyer will be dialed, so no webhook should hold a place
        attempts: list[StartAttempt] = []
        webhooks = matching_webhooks(call, Webhook.Trigger.START, snapshot=snapshot, now=now)
        for webhook, url in webhooks:
            delivery = new_delivery(call, webhook, url, now=now, due_at=None)
            if not insert_row(delivery):
                delivery = Delivery.objects.get(
                    call=call, webhook=webhook.row, trigger=webhook.trigger
                )
            delivery.attempts += 1
            delivery.save(update_fields=["attempts"])
            attempt = DeliveryAttempt.objects.create(delivery=delivery, at=now)
            attempts.append((webhook, delivery, attempt))
        return attempts


def send_attempts(attempts: Sequence[StartAttempt]) -> list[WebhookResult]:
    """Send all attempts at once, each within its own deadline."""
    if not attempts:
        return []
    requests = [
        WebhookRequest(row.pk, row.method, row.url, webhook.secret, webhook.seconds)
        for webhook, row, _ in attempts
    ]
    with ThreadPoolExecutor(len(requests), thread_name_prefix="start-webhook") as pool:
        return list(pool.map(send_webhook, requests))


def record_results(
    call_uuid: UUID,
    attempts: Sequence[StartAttempt],
    results: Sequence[WebhookResult],
    *,
    now: datetime,
) -> bool:
    """Record the results, later webhooks over earlier ones; False if the claim was taken over."""
    with transaction.atomic():
        claimed = Call.objects.filter(pk=call_uuid, asked_at=now, prepared_at=None)
        if not claimed.update(prepared_at=now):
            return False
        locked = lock_call(call_uuid)
        tags: dict[str, str] = {}
        for (webhook, delivery, attempt), result in zip(attempts, results, strict=True):
            close_attempt(attempt, result)
            status = Delivery.Status.DELIVERED if result.is_success else Delivery.Status.FAILED
            close_delivery(delivery, status, at=now + timedelta(milliseconds=result.duration_ms))
            found = response_tags(result, webhook.values)
            tags |= found
            said = result.outcome + describe_tags(
                found, webhook.values if result.is_success else {}
            )
            add_event(
                locked.call,
                EventKind.WEBHOOK_ASKED,
                at=locked.call_time(now),
                name=webhook.name,
                said=said,
            )
        if tags:
            write_call_tags(locked.call, tags, publisher_pk=None, now=now)
            apply_late_tags(locked.call)
        return True
