"""Start webhooks: a call's campaign asks them before anybody is dialed, and what they answer becomes tags.

Three phases: a short transaction that takes the call to ask about, the asking with no transaction open, and a short
transaction that notes the answers down. Whoever comes while another asks leaves the call to that one.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from callcontrol.models import Call, Delivery, DeliveryAttempt
from callcontrol.state.locked_call import lock_call
from callcontrol.state.tags import apply_late_tags, write_call_tags
from callcontrol.state.timeline import add_event
from campaigns.models import Webhook
from config.db.insert import insert_row
from publishers.snapshot import Snapshot, WebhookSnapshot, current_snapshot

from .deliveries import close_attempt, close_delivery, new_delivery, save_response_tags
from .requests import WebhookRequest, WebhookResult, matching_webhooks, send_webhook
from .response_tags import response_tags

# Longer than any deadline: whoever asks for so long has died.
ASKED_WITHIN = timedelta(seconds=30)
Asked = tuple[WebhookSnapshot, Delivery, DeliveryAttempt]


def has_start_webhooks(snapshot: Snapshot, campaign_pk: int) -> bool:
    """Whether calls of this campaign wait for somebody's answer before they are routed."""
    campaign = snapshot.campaigns.get(campaign_pk)
    return campaign is not None and any(
        hook.trigger == Webhook.Trigger.START for hook in campaign.webhooks
    )


def run_start_webhooks(call_uuid: UUID, *, now: datetime) -> bool:
    """Asks the start webhooks of a call that nobody was dialed for yet; False when another is at it, who goes on with it.

    Late and failed answers are noted down, and the call goes on without them.
    """
    asked = _take(call_uuid, now=now)
    if asked is None:
        return not Call.objects.filter(
            pk=call_uuid, prepared_at=None, status=Call.Status.ROUTING
        ).exists()
    return _keep(call_uuid, asked, _all_told(asked), now=now)


def _take(call_uuid: UUID, *, now: datetime) -> Sequence[Asked] | None:
    """Marks the call as being asked about, with a delivery for each webhook; None when another has it.

    Who is overtaken, because it has asked too long, has left its deliveries: they go out again under the same ids.
    """
    untaken = Q(asked_at=None) | Q(asked_at__lte=now - ASKED_WITHIN)
    with transaction.atomic():
        unprepared = Call.objects.filter(
            untaken, pk=call_uuid, prepared_at=None, status=Call.Status.ROUTING
        )
        if not unprepared.update(asked_at=now):
            return None
        call = Call.objects.select_related("buyer").get(pk=call_uuid)
        snapshot = current_snapshot(call.company_id)
        if _is_paused(call, snapshot):
            return []
        hooks = matching_webhooks(call, Webhook.Trigger.START, snapshot=snapshot, now=now)
        return [_opened(call, hook, url, now=now) for hook, url in hooks]


def _is_paused(call: Call, snapshot: Snapshot) -> bool:
    """Nobody is dialed then, so nobody is asked to hold a place."""
    campaign, publisher = (
        snapshot.campaigns.get(call.campaign_id),
        snapshot.publishers.get(call.publisher_id or 0),
    )
    return bool((campaign and campaign.paused) or (publisher and publisher.paused))


def _opened(call: Call, hook: WebhookSnapshot, url: str, *, now: datetime) -> Asked:
    new = new_delivery(call, hook, url, now=now, due_at=None)
    delivery = (
        new
        if insert_row(new)
        else Delivery.objects.get(call=call, webhook=hook.row, trigger=hook.trigger)
    )
    delivery.attempts += 1
    delivery.save(update_fields=["attempts"])
    return hook, delivery, DeliveryAttempt.objects.create(delivery=delivery, at=now)


def _all_told(asked: Sequence[Asked]) -> list[WebhookResult]:
    """What they answer, each within its own deadline, all at once."""
    if not asked:
        return []
    sendings = [
        WebhookRequest(row.pk, row.method, row.url, hook.secret, hook.seconds)
        for hook, row, _ in asked
    ]
    with ThreadPoolExecutor(max_workers=len(sendings), thread_name_prefix="start-webhook") as pool:
        return list(pool.map(send_webhook, sendings))


def _keep(
    call_uuid: UUID, asked: Sequence[Asked], told: Sequence[WebhookResult], *, now: datetime
) -> bool:
    """Notes the answers down, those of a later webhook over those of an earlier; False for one who was overtaken meanwhile."""
    with transaction.atomic():
        if not Call.objects.filter(pk=call_uuid, asked_at=now, prepared_at=None).update(
            prepared_at=now
        ):
            return False
        locked_call = lock_call(call_uuid)
        tags: dict[str, str] = {}
        for (hook, delivery, attempt), answer in zip(asked, told, strict=True):
            close_attempt(attempt, answer)
            at = now + timedelta(milliseconds=answer.duration_ms)
            close_delivery(
                delivery,
                Delivery.Status.DELIVERED if answer.is_success else Delivery.Status.FAILED,
                at=at,
            )
            found = response_tags(answer, hook.values)
            tags |= found
            said = answer.outcome + save_response_tags(
                found, hook.values if answer.is_success else {}
            )
            add_event(
                locked_call.call,
                "webhook-asked",
                at=locked_call.call_time(now),
                name=hook.name,
                said=said,
            )
        if tags:
            write_call_tags(locked_call.call, tags, publisher_pk=None, now=now)
            apply_late_tags(locked_call.call)
        return True
