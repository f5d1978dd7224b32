"""Recorded calls, event by event, with their outcomes: for tests in which order must not matter.

A script is a list of stages, a stage a list of lines. "b1 answered 5" is the carrier's event that
the line to buyer b1 was picked up in the fifth second, "b1 completed 100 95s" that it ended after
95
seconds of talk. "caller" is the caller's line, "third" that of a stranger that the call was
transferred to. The other lines are our actions, and begin a stage: "accept b1 20", "return b1 20",
"reject b1 20", "transfer b1 20 hold third", "transfer b1 20 join b2", "connect 40", "stop 40", and
"clock 120", which applies the timeouts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from callcontrol.carriers import registry
from callcontrol.carriers.base import (
    Arrival,
    Carrier,
    CarrierLeg,
    DialRequest,
    LegAnswered,
    LegEnded,
)
from callcontrol.control import handler, transfers
from callcontrol.control.access import Controller
from callcontrol.lifecycle import events, timeouts
from callcontrol.models import Call, Leg, Party, Transfer
from campaigns.caps import counters
from campaigns.models import Buyer, CapCounter, CapHold, GroupMember

T0 = datetime(2026, 5, 5, 12, tzinfo=UTC)
# Numbers that no row of the factories has, however many they make.
CALLER = "+19995550102"
STRANGER = "+19985550188"
OWN = {"accept", "return", "reject", "transfer", "connect", "stop", "clock"}
Script = Sequence[Sequence[str]]


class Quiet(Carrier):
    """A carrier that records its commands, and posts its events later."""

    slug = "quiet"
    commands: ClassVar[list[str]] = []

    def dial(self, order: DialRequest) -> str:
        self.commands.append(f"dial {order.number}")
        return f"line-{order.leg_uuid}"

    def hang_up(self, line: CarrierLeg) -> None:
        self.commands.append(f"hang up {name_of(line)}")

    def turn_away(self, caller: CarrierLeg) -> None:
        self.commands.append(f"turn away {name_of(caller)}")

    def hold(self, line: CarrierLeg) -> None:
        self.commands.append(f"hold {name_of(line)}")

    def unhold(self, line: CarrierLeg) -> None:
        self.commands.append(f"unhold {name_of(line)}")


def use(carrier: type[Carrier], monkeypatch: Any, settings: Any) -> None:
    """Has this installation's calls carried by `carrier`."""
    monkeypatch.setitem(registry.all_carriers(), carrier.slug, carrier)
    settings.CARRIER = carrier.slug
    if issubclass(carrier, Quiet):
        carrier.commands = []


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


# --- events and actions ----------------------------------------------------------------------------
def arrive(to: str, *, caller: str | None = CALLER, at: float = 0, name: str = "call") -> Call:
    carrier = registry.carrier_class().slug
    return events.handle_arrival(
        Arrival(
            carrier=carrier,
            carrier_call_id=name,
            to=to,
            caller=caller,
            digits=None,
            now=after(at),
            received_at=after(at),
        )
    )


def leg_of(call: Call, name: str) -> Leg:
    """The line of "caller", "third" or a buyer; of several the last one."""
    legs = call.legs.order_by("-place")
    if name == "caller":
        return legs.get(party=Party.CALLER)
    return (
        legs.filter(buyer=None, party=Party.TRANSFEREE)[0]
        if name == "third"
        else legs.filter(buyer__buyer_id=name)[0]
    )


def name_of(line: CarrierLeg) -> str:
    leg = Leg.objects.select_related("buyer").get(pk=line.leg_uuid)
    return (
        leg.buyer.buyer_id if leg.buyer else {"caller": "caller", "transferee": "third"}[leg.party]
    )


def second_of(line: str) -> int:
    """Return the second of a line's event."""
    return next(int(word) for word in line.split() if word.isdigit())


def event_of(call: Call, line: str) -> LegAnswered | LegEnded:
    name, what, _, *more = line.split()
    leg, at = leg_of(call, name), after(second_of(line))
    if what == "answered":
        return LegAnswered(leg.pk, at)
    return LegEnded(leg.pk, at, what, seconds=int(more[0][:-1]) if more else None)


def play_line(call: Call, line: str, *, now: datetime | None = None) -> None:
    """Plays a line; heard at `now`, at its own moment unless that is given."""
    if line.split()[0] in OWN:
        _do(call, *line.split())
    else:
        events.handle_event(event_of(call, line), now=now or after(second_of(line)))


def _do(call: Call, act: str, *words: str) -> None:
    at = after(second_of(" ".join(words)))
    if act == "clock":
        timeouts.apply_timeouts(call.pk, now=at)
    elif act == "transfer":
        to = (
            STRANGER
            if words[3] == "third"
            else Buyer.objects.get(company=call.company, buyer_id=words[3]).number
        )
        hold = words[2] == "hold"
        transfers.begin_transfer(
            call_uuid=call.pk,
            controller=controller(words[0]),
            transfer_to=to,
            hold_caller=hold,
            now=at,
        )
    elif act in ("connect", "stop"):
        newest = Transfer.objects.filter(call=call).latest("started_at").pk
        {"connect": transfers.connect_caller, "stop": transfers.stop_transfer}[act](
            transfer_uuid=newest, now=at
        )
    else:
        done = {
            "accept": handler.accept_call,
            "return": handler.return_call,
            "reject": handler.reject_call,
        }[act]
        done(call_uuid=call.pk, controller=controller(words[0]), now=at)


def controller(name: str, *, return_seconds: int = 60, reject_seconds: int = 90) -> Controller:
    """Return the controller of this buyer's handler key, or of the group's."""
    buyer = Buyer.objects.filter(buyer_id=name).first()
    if buyer is not None:
        return Controller(
            buyer.pk, buyer.company_id, frozenset({buyer.pk}), return_seconds, reject_seconds
        )
    members = GroupMember.objects.filter(group__name=name)
    company = members.values_list("group__company", flat=True)[0]
    return Controller(
        10_000,
        company,
        frozenset(members.values_list("buyer", flat=True)),
        return_seconds,
        reject_seconds,
    )


Shuffle = Callable[[Sequence[str], int], Sequence[str]]
Step = tuple[str, datetime | None]


def steps(stages: Script, shuffled: Shuffle = lambda lines, turn: lines) -> list[Step]:
    """Return the lines of all stages, each with the moment at which it is handled.

    Our actions of a stage come first, then the carrier's events in the order of `shuffled`. These
    are all handled when the last of them has happened, as if the earlier ones had been late.
    """
    played: list[Step] = []
    for turn, stage in enumerate(stages):
        now = after(max(map(second_of, stage)))
        played += [(line, None) for line in stage if line.split()[0] in OWN]
        reported = [line for line in stage if line.split()[0] not in OWN]
        played += [(line, now) for line in shuffled(reported, turn)]
    return played


def play(call: Call, stages: Script) -> None:
    for line, now in steps(stages):
        play_line(call, line, now=now)


# --- the final state --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class FinalState:
    """The outcome of a call. Moments are seconds after the arrival; `legs` are "party outcome
    answered-ended".

    `places` are what its buyers' counters show: "b1 0/1" is a buyer with no call at once, and one
    in each period.
    """

    status: str
    ended: int | None
    legs: tuple[str, ...]
    places: str
    connected: int | None = None
    paid: str = ""
    transfers: tuple[str, ...] = ()
    settled: bool = True
    faults: tuple[str, ...] = ()


def final_state(call: Call) -> FinalState:
    call = Call.objects.get(pk=call.pk)
    legs = list(call.legs.select_related("buyer").order_by("place"))
    return FinalState(
        status=call.status,
        ended=_seconds(call.ended_at),
        connected=_seconds(call.connected_at),
        paid=f"{call.payout:.2f}/{call.revenue:.2f} at {_seconds(call.converted_at)}"
        if call.payout is not None
        else "",
        legs=tuple(_leg_text(leg) for leg in legs),
        transfers=tuple(_transfer_text(row) for row in call.transfers.order_by("started_at", "pk")),
        places=", ".join(sorted(places(call.company_id))),
        settled=call.settled_at is not None,
        faults=tuple(faults(call)),
    )


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - T0).total_seconds())


def _leg_text(leg: Leg) -> str:
    name = (
        leg.buyer.buyer_id if leg.buyer else {"caller": "caller", "transferee": "third"}[leg.party]
    )
    state = leg.outcome or leg.status
    began, over = _seconds(leg.answered_at), _seconds(leg.ended_at)
    accepted = f" accepted {_seconds(leg.accepted_at)}" if leg.accepted_at else ""
    return (
        f"{name} {state} {'' if began is None else began}-{'' if over is None else over}{accepted}"
    )


def _transfer_text(row: Transfer) -> str:
    return f"{'held' if row.hold_caller else 'joined'} {row.status} {_seconds(row.ended_at)}"


def places(company_pk: int) -> Iterator[str]:
    """For each owner that was ever counted: calls at once, and calls in a period, of which all
    must tell the same."""
    owners = dict(Buyer.objects.filter(company=company_pk).values_list("pk", "buyer_id"))
    used_places = CapCounter.objects.filter(company=company_pk).order_by("owner", "kind")
    used: dict[str, dict[str, int]] = {}
    for owner, kind, number in used_places.values_list("owner", "kind", "used"):
        used.setdefault(owner, {})[kind] = number
    for owner, kinds in used.items():
        at_once, periods = kinds.pop("concurrency"), sorted(set(kinds.values()))
        of, row = owner.split(":")
        yield f"{owners[int(row)] if of == 'buyer' else of} {at_once}/{','.join(map(str, periods))}"


def faults(call: Call) -> Iterator[str]:
    """What must not be said of an ended and settled call, or of any counter at any time."""
    yield from (
        f"drift {drift}" for drift in counters.recount(company_id=call.company_id, now=after(0))
    )
    if call.ended_at is None:
        return
    yield from (f"{leg} is live" for leg in call.legs.live())
    yield from (f"{transfer} is live" for transfer in call.transfers.live())
    if (
        call.settled_at is not None
        and CapHold.objects.filter(status="held", company=call.company_id).exists()
    ):
        yield "a place is still held"
