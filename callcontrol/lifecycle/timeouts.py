"""What the clock brings about: lines ring out, calls are not accepted in time, and what a silent carrier or a crash left goes on.

Sweeps do it, and so does whoever reads or steers a call: late is never wrong.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from callcontrol.carriers.base import CarrierError
from callcontrol.carriers.registry import carrier, carrier_class
from callcontrol.models import Call, Leg, Outcome, Party
from callcontrol.state.locked_call import LockedCall, lock_call

from . import legs, settlement
from .carrier_commands import send_command
from .ending import end_call
from .events import dial_next, handle_events, run_follow_ups

_log = logging.getLogger("ringpost.calls")
# Longer than any request may take: what is older was left by a process that died.
STUCK_AFTER = timedelta(seconds=60)
# How long a sweep, and somebody's reading, may be kept by a slow carrier; what is left comes with the next one.
SWEEP_SECONDS = 20.0
READ_SECONDS = 2.0
# How long a carrier has to confirm that a line has ended, before it is told again.
CONFIRMED_WITHIN = timedelta(seconds=10)


# --- one call ---------------------------------------------------------------------------------------------
def apply_timeouts(call_uuid: UUID, *, now: datetime) -> None:
    """Brings a call to where it is at this moment, by its own clock. NotFound when there is none.

    What is due in a call that is coupled to it comes in its time too: it may decide what becomes of this one.
    """
    while _step(*_next_of(call_uuid, now=now)):
        pass


def _next_of(call_uuid: UUID, *, now: datetime) -> tuple[UUID, datetime]:
    """The one of the coupled calls in which something is due first, and the moment by the clock that they share."""
    together = carrier().linked_calls(call_uuid)
    if len(together) < 2:
        return call_uuid, now
    live = Leg.objects.live().filter(call__in=together).select_related("call")
    now = max([now, *(leg.call.clock for leg in live)])
    due = [
        (moment, together.index(leg.call_id)) for moment, leg in _deadlines(live) if moment <= now
    ]
    return (together[min(due)[1]] if due else call_uuid), now


def _step(call_uuid: UUID, now: datetime) -> bool:
    """The next thing that is due, if anything is. Consequences of one come before the next, as they did."""
    with transaction.atomic():
        locked_call = lock_call(call_uuid)
        at = locked_call.call_time(now)
        done_at = _do_next(locked_call, at=at) if locked_call.call.is_live else None
        is_stuck = (
            locked_call.call.status == Call.Status.ROUTING
            and locked_call.call.started_at + STUCK_AFTER <= at
        )
    if done_at:
        run_follow_ups(locked_call, now=done_at)
        return True
    if is_stuck:
        return dial_next(call_uuid, now=now)
    if not locked_call.call.is_live:
        settlement.settle_call(call_uuid, now=now)
    return False


def _do_next(locked_call: LockedCall, *, at: datetime) -> datetime | None:
    """Does the earliest of what is due at `at`; the moment when it happened, None when nothing is due."""
    due = [(moment, leg) for moment, leg in _deadlines(locked_call.dialed_legs()) if moment <= at]
    aged = locked_call.call.started_at + settlement.GREATEST_AGE
    if due:
        moment, leg = min(due, key=lambda each: each[0])
        if leg.status == Leg.Status.RINGING and not leg.carrier_leg_id:
            legs.leg_failed(locked_call, leg, why="the carrier was never asked", at=at)
            return at
        happened = _moment_of(moment, at)
        legs.end_leg(
            locked_call,
            leg,
            outcome=Outcome.NOT_ACCEPTED if leg.is_talking else Outcome.NO_ANSWER,
            at=happened,
        )
        return happened
    if aged <= at:
        end_call(locked_call, at=_moment_of(aged, at), why="its carrier went silent")
        return _moment_of(aged, at)
    return None


def _moment_of(due: datetime, at: datetime) -> datetime:
    """What was due has happened then where time is virtual; in the real world it happens when somebody sees to it."""
    return due if carrier_class().keeps_virtual_time else at


def _deadlines(lines: Iterable[Leg]) -> Iterable[tuple[datetime, Leg]]:
    for leg in lines:
        if leg.party == Party.CALLER:
            continue
        if leg.status == Leg.Status.RINGING and not leg.carrier_leg_id:
            yield leg.started_at + STUCK_AFTER, leg
        elif leg.status == Leg.Status.RINGING and leg.rings_until:
            yield leg.rings_until, leg
        elif leg.is_talking and leg.accept_until and leg.accepted_at is None:
            yield leg.accept_until, leg


# --- many calls -------------------------------------------------------------------------------------------
def apply_company_timeouts(*, company_pk: int, now: datetime, limit: int = 25) -> int:
    """Brings a company's calls to where they are, at most so many; how many were behind. For those who read a list."""
    behind = _behind(
        Leg.objects.filter(call__company_id=company_pk), company_pk, now=now, limit=limit
    )
    return _catch_up_all(behind, now=now, seconds=READ_SECONDS)


def apply_due_timeouts(*, now: datetime, limit: int) -> int:
    """The sweep: brings at most so many calls to where they are; how many were behind. Safe twice and in parallel."""
    behind = _behind(Leg.objects.all(), None, now=now, limit=limit)
    return _catch_up_all(
        [*behind, *settlement.unsettled_places(limit=limit)][:limit], now=now, seconds=SWEEP_SECONDS
    )


def _behind(of: QuerySet[Leg], company_pk: int | None, *, now: datetime, limit: int) -> list[UUID]:
    calls = Call.objects.all() if company_pk is None else Call.objects.filter(company_id=company_pk)
    unasked = of.filter(status="ringing", carrier_leg_id="", started_at__lte=now - STUCK_AFTER)
    ringing = of.filter(status="ringing", rings_until__lte=now)
    unaccepted = of.filter(status="in-progress", accepted_at=None, accept_until__lte=now)
    found: list[UUID] = []
    for legs_due in (unasked.exclude(party=Party.CALLER), ringing, unaccepted):
        found += legs_due.order_by("started_at").values_list("call_id", flat=True)[:limit]
    stuck = calls.filter(status=Call.Status.ROUTING, started_at__lte=now - STUCK_AFTER)
    aged = calls.live().filter(ended_at=None, started_at__lte=now - settlement.GREATEST_AGE)
    unsettled = calls.filter(ended_at__lte=now - settlement.LAST_WORD, settled_at=None)
    for behind in (
        stuck.order_by("started_at"),
        aged.order_by("started_at"),
        unsettled.order_by("ended_at"),
    ):
        found += behind.values_list("pk", flat=True)[:limit]
    return list(dict.fromkeys(found))[:limit]


def _catch_up_all(calls: list[UUID], *, now: datetime, seconds: float) -> int:
    """Within so many seconds of real time; how many were reached."""
    until = time.monotonic() + seconds
    for reached, call_uuid in enumerate(calls):
        if time.monotonic() >= until:
            return reached
        try:
            apply_timeouts(call_uuid, now=now)
        except Exception:  # noqa: BLE001 - one call that cannot go on must not keep the others waiting
            _log.exception("call %s could not go on", call_uuid)
    return len(calls)


# --- what the carrier has not confirmed -------------------------------------------------------------------
def repeat_commands(*, now: datetime, limit: int) -> int:
    """Tells the carrier once more to end the lines, and to let in the callers, of which it has not confirmed it; how many.

    What it was told to end is taken to be over a minute later, unless it fails even then; after hours it is let be.
    """
    while_it_may_last = (now - settlement.GREATEST_AGE, now - CONFIRMED_WITHIN)
    ended = Leg.objects.filter(
        status=Leg.Status.ENDED, final=False, ended_at__range=while_it_may_last
    )
    joining = Leg.objects.filter(status=Leg.Status.IN_PROGRESS, joining=True)
    unconfirmed = [*joining.order_by("started_at")[:limit], *ended.order_by("ended_at")[:limit]]
    until = time.monotonic() + SWEEP_SECONDS
    for reached, leg in enumerate(unconfirmed):
        if time.monotonic() >= until:
            return reached
        try:
            _ask_once_more(leg, now=now)
        except Exception:  # noqa: BLE001 - one line of which the carrier wants to know nothing must not keep the others waiting
            _log.exception("leg %s: the carrier could not be asked again", leg.pk)
    return len(unconfirmed)


def _ask_once_more(leg: Leg, *, now: datetime) -> None:
    with transaction.atomic():
        locked_call = lock_call(leg.call_id)
        mine = locked_call.leg(leg.pk)
        if mine.is_live and mine.joining and not mine.held:
            locked_call.add_command("unhold", mine, at=locked_call.call_time(now))
        elif not mine.is_live and not mine.final:
            locked_call.add_command("hang_up", mine, at=mine.ended_at or now)
    line, asked = carrier(), Leg.objects.filter(pk=leg.pk)
    try:
        for order in locked_call.commands:
            send_command(line, order)
    except CarrierError as failure:
        _log.warning("leg %s: the carrier could not be asked again: %s", leg.pk, failure)
        return
    asked.filter(joining=True).update(joining=False)
    asked.filter(status=Leg.Status.ENDED, ended_at__lte=now - settlement.LAST_WORD).update(
        final=True
    )
    handle_events(line.immediate_events(), now=now)
