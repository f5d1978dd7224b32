"""`simulate_call`: a caller dials a number of this installation, without a network."""

import uuid
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callcontrol import callers, lifecycle
from callcontrol.arrivals import Arrival
from callcontrol.models import Call, Party
from campaigns.refusals import Refusal


class Command(BaseCommand):
    help = "Brings a call in on the simulator and says what became of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", help="the number or sip: address that is dialed")
        parser.add_argument("--from", dest="caller", default=None, help="the caller's number; without it: withheld")
        parser.add_argument("--digits", default=None, help="what the caller keys in when asked for the real caller's number")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.CARRIER != "simulator":
            raise CommandError(f"Calls go through {settings.CARRIER} here, and buyers would be rung in earnest.")
        for line in self._story(_dialed(options)):
            self.stdout.write(line)

    def _story(self, call: Call) -> list[str]:
        claimed = f"claims reservation {call.reservation_id}" if call.reservation_id else "has no reservation"
        lines = [f"Call {call.uuid} from {call.caller_number or 'a withheld number'} to {call.inbound_number} {claimed}."]
        lines += [f"  tag {tag.name} = {tag.value}" for tag in call.tags.order_by("name")]
        for leg in call.legs.filter(party=Party.HANDLER).select_related("buyer").order_by("started_at"):
            became = f"could not be rung: {leg.outcome}" if leg.ended_at else "is ringing"
            lines.append(f"{leg.buyer} at {leg.number} {became}.")
        if call.status == Call.Status.NO_TARGET:
            last = call.events.order_by("-id").first()
            lines.append(f"Nobody takes it: {last.detail.get('why') if last else 'no buyer'}.")
        return lines


def _dialed(options: dict[str, Any]) -> Call:
    """CommandError for a caller or digits that are no number, and for a number that is not ours."""
    try:
        caller = callers.checked("--from", options["caller"])
        digits = callers.checked("--digits", options["digits"])
    except Refusal as refusal:
        raise CommandError(f"{refusal.text}.") from None
    to, call_id = options["to"], uuid.uuid4().hex
    arrival = Arrival(carrier="simulator", carrier_call_id=call_id, to=to, caller=caller, digits=digits, now=timezone.now())
    try:
        return lifecycle.call_arrived(arrival)
    except Refusal as refusal:
        raise CommandError(f"{to}: {refusal.text}.") from None
