"""`simulate_call`: call a number of this installation without a network, and play the call."""

import argparse
import uuid
from collections.abc import Iterator
from datetime import timedelta
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

_MAX_COUNT = 24 * 60 * 60


class Command(BaseCommand):
    help = "Bring a call in on the simulator, play it with the options, and print its timeline."

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
            help="the next buyer answers after this time, if it still rings",
        )
        parser.add_argument(
            "--talk",
            type=_count,
            metavar="SECONDS",
            help="the caller hangs up this long after the answer (default: the call goes on)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.CARRIER != "simulator":
            raise CommandError(
                f"Calls go through {settings.CARRIER} here, and buyers would be rung in earnest."
            )
        try:
            caller = callers.parse_caller("--from", options["caller"])
            digits = callers.parse_caller("--digits", options["digits"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.text}.") from None
        to, call_id = options["to"], uuid.uuid4().hex
        arrival = Arrival("simulator", call_id, to, caller, digits, now=timezone.now())
        try:
            call = events.handle_arrival(arrival)
        except Refusal as refusal:
            raise CommandError(f"{to}: {refusal.text}.") from None
        talk, answer_after = _seconds(options["talk"]), _seconds(options["answer_after"])
        if talk is not None and answer_after is None:
            answer_after = timedelta(0)
        phones.play_phones(
            call_uuid=call.pk, busy=options["busy"], answer_after=answer_after, talk=talk
        )
        for line in _timeline_lines(
            Call.objects.select_related("company", "buyer").get(pk=call.pk)
        ):
            self.stdout.write(line)


def _count(written: str) -> int:
    if not written.isdecimal() or int(written) > _MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{written} is no whole number from 0 to {_MAX_COUNT}")
    return int(written)


def _seconds(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(seconds=number)


# --- timeline -------------------------------------------------------------------------------
def _timeline_lines(call: Call) -> Iterator[str]:
    """Yield the call, its tags, its events with minutes and seconds, and its outcome."""
    claimed = (
        f"claims reservation {call.reservation_id}" if call.reservation_id else "has no reservation"
    )
    caller = call.caller_number or "a withheld number"
    yield f"Call {call.uuid} from {caller} to {call.inbound_number} {claimed}."
    yield from (f"  tag {tag.name} = {tag.value}" for tag in call.tags.order_by("name"))
    for event in timeline.call_events(call):
        minutes, seconds = divmod(int((event["at"] - call.started_at).total_seconds()), 60)
        yield f"  {minutes}:{seconds:02} {event['text']}"
        yield from (f"       {verdict}" for verdict in event["verdicts"])
    if call.status == Call.Status.NO_TARGET:
        yield "Nobody takes it."
    elif call.payout is not None and call.revenue is not None:
        payout, revenue = decimal_text(call.payout), decimal_text(call.revenue)
        yield f"The call pays {payout} to the publisher and earns {revenue} from the buyer."
    elif not call.is_live:
        yield "It pays nothing."
    else:
        dialed = call.legs.exclude(party=Party.CALLER).select_related("buyer")
        last = dialed.order_by("started_at", "place").last()
        doing = "is ringing" if last and last.status == Leg.Status.RINGING else "is on the line"
        yield f"{last.buyer} at {last.number} {doing}." if last else "Nobody has been dialed yet."
