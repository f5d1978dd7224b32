"""Webhooks that are told what happened: written down in the transaction that makes it true, sent afterwards until they hear.

Each is sent at least once; by its id the other end knows one that comes again.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from callcontrol.models import Call, Delivery, DeliveryAttempt, Party
from callcontrol.state.locked_call import LockedCall, lock_call
from callcontrol.state.tags import write_call_tags
from callcontrol.state.timeline import add_event
from campaigns.models import Webhook
from config.db.insert import insert_row
from publishers.snapshot import Snapshot, WebhookSnapshot

from .requests import LONGEST_URL, WebhookRequest, WebhookResult, matching_webhooks, send_webhook
from .response_tags import response_tags

_log = logging.getLogger("ringpost.webhooks")
# How long after each try that failed the next one comes; after the last the word is given up.
AGAIN_AFTER = tuple(
    timedelta(seconds=wait) for wait in (10, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600)
)
# Whoever sends has sent by then, or has died.
SENT_WITHIN = timedelta(seconds=60)
# Of one webhook at a time, so that one that never answers leaves locked_call for the others.
OF_ONE = 10
_SHOWN = 2_048


# --- written down -----------------------------------------------------------------------------------------
def queue_webhooks(call: Call, trigger: str, *, snapshot: Snapshot, now: datetime) -> None:
    """Has the webhooks told that wait for this, once a call; inside the transaction that makes it true."""
    due_at = min(now, timezone.now())  # a simulated call may live ahead of the wall's clock
    for hook, url in matching_webhooks(call, trigger, snapshot=snapshot, now=now):
        insert_row(new_delivery(call, hook, url, now=now, due_at=due_at))


def queue_conversion_webhooks(
    locked_call: LockedCall, *, snapshot: Snapshot, now: datetime
) -> None:
    """The call is over and its money decided. A pick-up of which only its end was told has been nobody's news yet."""
    if any(leg.party == Party.HANDLER and leg.was_answered for leg in locked_call.legs):
        queue_webhooks(locked_call.call, Webhook.Trigger.ANSWERED, snapshot=snapshot, now=now)
    queue_webhooks(locked_call.call, Webhook.Trigger.ENDED, snapshot=snapshot, now=now)
    if locked_call.call.converted_at:
        queue_webhooks(locked_call.call, Webhook.Trigger.CONVERTED, snapshot=snapshot, now=now)


def new_delivery(
    call: Call, hook: WebhookSnapshot, url: str, *, now: datetime, due_at: datetime | None
) -> Delivery:
    """Not saved yet."""
    return Delivery(
        company_id=call.company_id,
        call_id=call.pk,
        webhook_id=hook.row,
        name=hook.name,
        trigger=hook.trigger,
        method=hook.method,
        url=url[: LONGEST_URL + 1],  # so much shows that it is too long
        created_at=now,
        next_attempt_at=due_at,
    )


# --- sent -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """A delivery that this process alone sends now, and the row of the attempt."""

    delivery: Delivery
    attempt: DeliveryAttempt
    sending: WebhookRequest
    values: Mapping[str, str]


def send_concurrently(sendings: Sequence[WebhookRequest]) -> Iterator[tuple[UUID, WebhookResult]]:
    """Sends them, each in a thread of its own; what came of each as soon as it is known."""
    with ThreadPoolExecutor(max_workers=len(sendings), thread_name_prefix="webhook") as pool:
        running = {pool.submit(send_webhook, one): one.uuid for one in sendings}
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
    """Sends at most so many that are due, all at once; how many. Safe twice and in parallel. With a company: only its own.

    Only this thread speaks to the database. What a process had sent when it died is sent again.
    """
    due = _due(company_pk, now=now, limit=limit)
    tries = {one.sending.uuid: one for delivery in due if (one := _take(delivery, now=now))}
    if tries:
        for uuid, told in send_all([one.sending for one in tries.values()]):
            _note_down(tries[uuid], told, now=now)
    return len(tries)


def _due(company_pk: int | None = None, *, now: datetime, limit: int) -> list[Delivery]:
    """Those that have waited longest, of each webhook a few."""
    place = Window(
        RowNumber(), partition_by=F("webhook_id"), order_by=[F("next_attempt_at"), F("pk")]
    )
    due = Delivery.objects.filter(status=Delivery.Status.WAITING, next_attempt_at__lte=now)
    due = due if company_pk is None else due.filter(company_id=company_pk)
    first = due.annotate(place=place).filter(place__lte=OF_ONE).order_by("next_attempt_at", "pk")
    return list(first.select_related("webhook", "call")[:limit])


def _take(delivery: Delivery, *, now: datetime) -> DeliveryRequest | None:
    """Claims a delivery as it was read, so that one of many sends it; None for another's, and for one whose webhook is gone."""
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
                add_event(
                    delivery.call,
                    "webhook-failed",
                    at=now,
                    **_named(delivery),
                    said="it was deleted",
                )
            return None
        if not waiting.update(attempts=delivery.attempts + 1, next_attempt_at=now + SENT_WITHIN):
            return None
        delivery.attempts += 1
        attempt = DeliveryAttempt.objects.create(delivery=delivery, at=now)
    sending = WebhookRequest(
        delivery.pk, delivery.method, delivery.url, webhook.secret, webhook.deadline_ms / 1000
    )
    return DeliveryRequest(delivery, attempt, sending, webhook.values)


def _note_down(one: DeliveryRequest, told: WebhookResult, *, now: datetime) -> None:
    """One that cannot be noted down must not keep the others waiting: it is sent again."""
    try:
        with transaction.atomic():
            _finish(one, told, at=now + timedelta(milliseconds=told.duration_ms))
    except Exception:  # noqa: BLE001 - see above
        _log.exception("delivery %s could not be noted down", one.delivery.pk)


def _finish(one: DeliveryRequest, told: WebhookResult, *, at: datetime) -> None:
    delivery, wait = one.delivery, _wait(one.delivery, told)
    close_attempt(one.attempt, told)
    if not told.is_success and wait:
        Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(
            next_attempt_at=at + wait
        )
        return
    status = Delivery.Status.DELIVERED if told.is_success else Delivery.Status.FAILED
    if not close_delivery(delivery, status, at=at):
        return
    tags = response_tags(told, one.values)
    if tags:
        write_call_tags(lock_call(delivery.call_id).call, tags, publisher_pk=None, now=at)
    said = told.outcome + save_response_tags(tags, one.values if told.is_success else {})
    add_event(delivery.call, f"webhook-{status}", at=at, **_named(delivery), said=said)


def _wait(delivery: Delivery, told: WebhookResult) -> timedelta | None:
    """Until the next try; None when there is none."""
    return (
        None
        if told.is_final or delivery.attempts > len(AGAIN_AFTER)
        else AGAIN_AFTER[delivery.attempts - 1]
    )


def close_attempt(attempt: DeliveryAttempt, told: WebhookResult) -> None:
    attempt.status, attempt.error, attempt.duration_ms = told.status, told.error, told.duration_ms
    attempt.answer = told.body[:_SHOWN].decode("utf-8", "replace").replace("\0", "\ufffd")
    attempt.save(update_fields=["status", "error", "duration_ms", "answer"])


def close_delivery(delivery: Delivery, status: Delivery.Status, *, at: datetime) -> bool:
    """Ends a delivery that waits; False when it was ended already."""
    waiting = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.WAITING)
    return bool(waiting.update(status=status, finished_at=at, next_attempt_at=None))


def save_response_tags(tags: Mapping[str, str], values: Mapping[str, str]) -> str:
    """What became tags and what did not, as the end of a sentence; only names: the timeline is no place for values."""
    became = f"; became tags: {', '.join(sorted(tags))}" if tags else ""
    missing = sorted(values.keys() - tags.keys())
    return became + (f"; not in the answer, or unusable: {', '.join(missing)}" if missing else "")


def _named(delivery: Delivery) -> dict[str, str]:
    return {"name": delivery.name, "trigger": delivery.trigger}
