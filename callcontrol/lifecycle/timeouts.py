"""Timeouts: unanswered legs, unaccepted calls, and calls left behind by a crash or a lost event.

Sweeps apply them, and so does every reading or action on a call: it never matters how late.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from callcontrol.carriers.base import CarrierError
from callcontrol.carriers.registry import carrier, carrier_class
from callcontrol.models import Call, Leg, Outcome, Party
from callcontrol.state.locked_call import LockedCall, lock_call

from . import legs, settlement
from .ending import end_call
from .events import dial_next, handle_events, run_follow_ups

_log = logging.getLogger("ringpost.calls")
# Longer than any request may take: older work was left by a process that died.
STUCK_AFTER = timedelta(seconds=60)
# How long a slow carrier may keep a sweep, or a reading; the next one does the rest.
SWEEP_SECONDS = 20.0
READ_SECONDS = 2.0
# How long a carrier has to confirm a command before it is sent again.
CONFIRMED_WITHIN = timedelta(seconds=10)


# --- one call -------------------------------------------------------------------------------
def apply_timeouts(call_uuid: UUID, *, now: datetime) -> None:
    """Apply all timeouts of a call up to now, by its own clock. Raises NotFound.

    Timeouts of linked calls apply in their order too: they may change this call.
    """
    is_due = True
    while is_due:
        linked = carrier().linked_calls(call_uuid)
        next_uuid, at = call_uuid, now
        if len(linked) > 1:  # the one with the earliest timeout, by their common clock
            live = Leg.objects.live().filter(call__in=linked).select_related("call")
            at = max([now, *(leg.call.clock for leg in live)])
            due = [(end, linked.index(leg.call_id)) for end, leg in _deadlines(live) if end <= at]
            next_uuid = linked[min(due)[1]] if due else call_uuid
        is_due = _apply_next(next_uuid, at)


def _apply_next(call_uuid: UUID, now: datetime) -> bool:
    """Apply the earliest timeout and what follows from it; False if nothing is due."""
    with transaction.atomic():
        locked = lock_call(call_uuid)
        call, at = locked.call, locked.call_time(now)
        done_at = _apply_earliest(locked, at=at) if call.is_live else None
        is_stuck = call.status == Call.Status.ROUTING and call.started_at + STUCK_AFTER <= at
    if done_at:
        run_follow_ups(locked, now=done_at)
        return True
    if is_stuck:
        return dial_next(call_uuid, now=now)
    if not locked.call.is_live:
        settlement.settle_call(call_uuid, now=now)
    return False


def _apply_earliest(locked: LockedCall, *, at: datetime) -> datetime | None:
    """Apply the earliest timeout that is due at `at`; return when it happened, None if none is."""
    # Virtual time has timeouts happen when they were due, real time when they are applied.
    is_virtual = carrier_class().keeps_virtual_time
    due = [(moment, leg) for moment, leg in _deadlines(locked.dialed_legs()) if moment <= at]
    aged = locked.call.started_at + settlement.GREATEST_AGE
    if due:
        moment, leg = min(due, key=lambda deadline: deadline[0])
        if leg.status == Leg.Status.RINGING and not leg.carrier_leg_id:
            legs.leg_failed(locked, leg, why="the carrier did not receive the request", at=at)
            return at
        happened = moment if is_virtual else at
        outcome = Outcome.NOT_ACCEPTED if leg.is_talking else Outcome.NO_ANSWER
        legs.end_leg(locked, leg, outcome=outcome, at=happened)
        return happened
    if aged <= at:
        happened = aged if is_virtual else at
        end_call(locked, at=happened, why="its carrier went silent")
        return happened
    return None


def _deadlines(candidates: Iterable[Leg]) -> Iterable[tuple[datetime, Leg]]:
    """Yield the time at which each dialed leg has to be answered or accepted."""
    for leg in candidates:
        if leg.party == Party.CALLER:
            continue
        if leg.status == Leg.Status.RINGING and not leg.carrier_leg_id:
            yield leg.started_at + STUCK_AFTER, leg
        elif leg.status == Leg.Status.RINGING and leg.rings_until:
            yield leg.rings_until, leg
        elif leg.is_talking and leg.accept_until and leg.accepted_at is None:
            yield leg.accept_until, leg


# --- many calls -----------------------------------------------------------------------------
def apply_company_timeouts(*, company_pk: int, now: datetime, limit: int = 25) -> int:
    """Apply the timeouts of at most `limit` calls of a company, before a list of calls is read.

    Return the number of calls.
    """
    overdue = _overdue_calls(
        Leg.objects.filter(call__company_id=company_pk), company_pk, now=now, limit=limit
    )
    return _apply_all(overdue, now=now, seconds=READ_SECONDS)


def apply_due_timeouts(*, now: datetime, limit: int) -> int:
    """Sweep: apply the timeouts of at most `limit` calls; return the number of calls.

    Safe to run twice and in parallel.
    """
    overdue = _overdue_calls(Leg.objects.all(), None, now=now, limit=limit)
    calls = [*overdue, *settlement.unsettled_places(limit=limit)][:limit]
    return _apply_all(calls, now=now, seconds=SWEEP_SECONDS)


def _overdue_calls(
    legs_of: QuerySet[Leg], company_pk: int | None, *, now: datetime, limit: int
) -> list[UUID]:
    calls = Call.objects.all() if company_pk is None else Call.objects.filter(company_id=company_pk)
    unrequested = legs_of.filter(
        status="ringing", carrier_leg_id="", started_at__lte=now - STUCK_AFTER
    )
    ringing = legs_of.filter(status="ringing", rings_until__lte=now)
    unaccepted = legs_of.filter(status="in-progress", accepted_at=None, accept_until__lte=now)
    found: list[UUID] = []
    for due in (unrequested.exclude(party=Party.CALLER), ringing, unaccepted):
        found += due.order_by("started_at").values_list("call_id", flat=True)[:limit]
    stuck = calls.filter(status=Call.Status.ROUTING, started_at__lte=now - STUCK_AFTER)
    aged = calls.live().filter(ended_at=None, started_at__lte=now - settlement.GREATEST_AGE)
    unsettled = calls.filter(ended_at__lte=now - settlement.LAST_EVENT_WAIT, settled_at=None)
    for overdue in (
        stuck.order_by("started_at"),
        aged.order_by("started_at"),
        unsettled.order_by("ended_at"),
    ):
        found += overdue.values_list("pk", flat=True)[:limit]
    return list(dict.fromkeys(found))[:limit]


def _apply_all(calls: Sequence[UUID], *, now: datetime, seconds: float) -> int:
    return _for_each(
        calls,
        lambda call_uuid: apply_timeouts(call_uuid, now=now),
        seconds=seconds,
        failure="timeouts of call %s could not be applied",
    )


def _for_each(
    items: Sequence[Any], apply: Callable[[Any], None], *, seconds: float, failure: str
) -> int:
    """Apply a function to each item, for at most `seconds`; return how many were reached."""
    until = time.monotonic() + seconds
    for reached, item in enumerate(items):
        if time.monotonic() >= until:
            return reached
        try:
            apply(item)
        except Exception:  # noqa: BLE001 - one call that fails must not keep the others waiting
            _log.exception(failure, getattr(item, "pk", item))
    return len(items)


# --- unconfirmed commands -------------------------------------------------------------------
def repeat_commands(*, now: datetime, limit: int) -> int:
    """Send `hang_up` and `unhold` again where the carrier has not confirmed them.

    Return the number of legs. A minute after its end, a leg counts as confirmed unless the command
    fails even then; after hours it is left alone.
    """
    ended = Leg.objects.filter(
        status=Leg.Status.ENDED,
        final=False,
        ended_at__range=(now - settlement.GREATEST_AGE, now - CONFIRMED_WITHIN),
    )
    joining = Leg.objects.filter(status=Leg.Status.IN_PROGRESS, joining=True)
    unconfirmed = [*joining.order_by("started_at")[:limit], *ended.order_by("ended_at")[:limit]]
    return _for_each(
        unconfirmed,
        lambda leg: _repeat_command(leg, now=now),
        seconds=SWEEP_SECONDS,
        failure="the command for leg %s could not be repeated",
    )


def _repeat_command(leg: Leg, *, now: datetime) -> None:
    with transaction.atomic():
        locked = lock_call(leg.call_id)
        current = locked.leg(leg.pk)
        if current.is_live and current.joining and not current.held:
            locked.add_command("unhold", current, at=locked.call_time(now))
        elif not current.is_live and not current.final:
            locked.add_command("hang_up", current, at=current.ended_at or now)
    port = carrier()
    try:
        for command in locked.commands:
            command.send(port)
    except CarrierError as failure:
        _log.warning("leg %s: the carrier failed again: %s", leg.pk, failure)
        return
    row = Leg.objects.filter(pk=leg.pk)
    row.filter(joining=True).update(joining=False)
    long_ended = row.filter(status=Leg.Status.ENDED, ended_at__lte=now - settlement.LAST_EVENT_WAIT)
    long_ended.update(final=True)
    handle_events(port.immediate_events(), now=now)
