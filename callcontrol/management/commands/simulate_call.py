"""`simulate_call`: a caller dials a number of this installation, without a network, and the whole call may be played."""

import argparse
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events
from callcontrol.models import Call, Leg, Party
from callcontrol.simulation import callers, phones
from callcontrol.state import timeline
from campaigns.errors import Refusal
from config.http.values import decimal_text

_MOST = 24 * 60 * 60


class Command(BaseCommand):
    help = (
        "Brings a call in on the simulator, plays it if that is asked, and tells what became of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", help="the number or sip: address that is dialed")
        parser.add_argument(
            "--from", dest="caller", default=None, help="the caller's number; without it: withheld"
        )
        parser.add_argument(
            "--digits",
            default=None,
            help="what the caller keys in when asked for the real caller's number",
        )
        parser.add_argument(
            "--busy", type=_count, default=0, metavar="N", help="the first N buyers are busy"
        )
        parser.add_argument(
            "--answer-after",
            type=_count,
            metavar="SECONDS",
            help="the next one answers after so long, if it still rings",
        )
        parser.add_argument(
            "--talk",
            type=_count,
            metavar="SECONDS",
            help="the caller hangs up so long after the answer (without it they go on talking)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.CARRIER != "simulator":
            raise CommandError(
                f"Calls go through {settings.CARRIER} here, and buyers would be rung in earnest."
            )
        call = _dialed(options)
        talk, answer_after = _seconds(options["talk"]), _seconds(options["answer_after"])
        if talk is not None and answer_after is None:
            answer_after = timedelta(0)
        phones.play(call_uuid=call.pk, busy=options["busy"], answer_after=answer_after, talk=talk)
        for line in _story(Call.objects.select_related("company", "buyer").get(pk=call.pk)):
            self.stdout.write(line)


def _count(written: str) -> int:
    if not written.isdecimal() or int(written) > _MOST:
        raise argparse.ArgumentTypeError(f"{written} is no whole number from 0 to {_MOST}")
    return int(written)


def _seconds(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(seconds=number)


def _dialed(options: dict[str, Any]) -> Call:
    """CommandError for a caller or digits that are no number, and for a number that is not ours."""
    try:
        caller = callers.parse_caller("--from", options["caller"])
        digits = callers.parse_caller("--digits", options["digits"])
    except Refusal as refusal:
        raise CommandError(f"{refusal.text}.") from None
    to, call_id = options["to"], uuid.uuid4().hex
    arrival = Arrival(
        carrier="simulator",
        carrier_call_id=call_id,
        to=to,
        caller=caller,
        digits=digits,
        now=timezone.now(),
    )
    try:
        return events.handle_arrival(arrival)
    except Refusal as refusal:
        raise CommandError(f"{to}: {refusal.text}.") from None


# --- the story --------------------------------------------------------------------------------------------
def _story(call: Call) -> Iterator[str]:
    """Who called, what was known, what happened after how many minutes and seconds, and what came of it."""
    claimed = (
        f"claims reservation {call.reservation_id}" if call.reservation_id else "has no reservation"
    )
    yield f"Call {call.uuid} from {call.caller_number or 'a withheld number'} to {call.inbound_number} {claimed}."
    yield from (f"  tag {tag.name} = {tag.value}" for tag in call.tags.order_by("name"))
    for event in timeline.call_events(call):
        yield f"  {_since(call, event['at'])} {event['text']}"
        yield from (f"       {verdict}" for verdict in event["verdicts"])
    yield _end(call)


def _since(call: Call, at: datetime) -> str:
    minutes, seconds = divmod(int((at - call.started_at).total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


def _end(call: Call) -> str:
    if call.status == Call.Status.NO_TARGET:
        return "Nobody takes it."
    if call.payout is not None and call.revenue is not None:
        payout, revenue = decimal_text(call.payout), decimal_text(call.revenue)
        return f"The call pays {payout} to the publisher and earns {revenue} from the buyer."
    if not call.is_live:
        return "It pays nothing."
    last = (
        call.legs.exclude(party=Party.CALLER)
        .select_related("buyer")
        .order_by("started_at", "place")
        .last()
    )
    doing = "is ringing" if last and last.status == Leg.Status.RINGING else "is on the line"
    return f"{last.buyer} at {last.number} {doing}." if last else "Nobody has been dialed yet."
