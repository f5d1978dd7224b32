"""Random walks of several clients on one call: the legal answers, and the invariants.

The legal answers come from the rows and the error tables of the contract, not from the code under
test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

from callcontrol.carriers.base import LegAnswered, LegEnded
from callcontrol.control import handler, transfers
from callcontrol.control.access import Controller
from callcontrol.lifecycle import events, timeouts
from callcontrol.models import Call, Leg, Transfer
from campaigns.caps import counters
from campaigns.errors import Refusal
from campaigns.models import Buyer, CapCounter, CapHold
from tests.callcontrol.scripts import STRANGER, after

NOT_LIVE = "call not live"
TRANSFERRED = "call already transferred"
NOT_OURS = {"not authorized"}
Answers = set[str]


@dataclass(frozen=True, slots=True)
class View:
    """A call as its rows show it, in the order of the dialing."""

    call: Call
    legs: list[Leg]
    transfers: list[Transfer]
    at: datetime

    @property
    def live(self) -> bool:
        return self.call.ended_at is None

    @property
    def caller(self) -> Leg:
        return self.legs[0]

    def named(self, status: str) -> list[Leg]:
        return [leg for leg in self.legs[1:] if leg.status == status]

    def live_transfers(self) -> list[Transfer]:
        return [transfer for transfer in self.transfers if transfer.status != "ended"]

    def brings(self, leg: Leg) -> bool:
        return any(transfer.transferor_id == leg.pk for transfer in self.live_transfers())


def view(call: Call, at: datetime) -> View:
    call = Call.objects.get(pk=call.pk)
    legs = list(call.legs.order_by("place"))
    brought = call.transfers.select_related("transferor", "transferee").order_by(
        "transferee__place"
    )
    return View(call, legs, list(brought), max(at, call.clock))


# --- what is legal --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Reached:
    """How a key's owner is on the call: by a present leg, one that it gave up by this key, or
    one that made a transfer."""

    leg: Leg | None
    present: bool = False
    reaches: bool = True


def reached(seen: View, who: Controller) -> Reached:
    theirs = [leg for leg in seen.legs[1:] if leg.buyer_id in who.buyer_pks]
    present = [
        leg
        for leg in theirs
        if leg.status == "in-progress" or (leg.status == "ringing" and leg.party == "handler")
    ]
    if present:
        return Reached(present[-1], present=True)
    for others in (
        [leg for leg in theirs if leg.given_up_by == who.key_pk],
        [leg for leg in theirs if seen.brings(leg)],
    ):
        if others:
            return Reached(others[-1])
    was_on = [
        leg for leg in seen.legs[1:] if leg.buyer_id and (leg.party == "handler" or leg.answered_at)
    ]
    last = was_on[-1] if was_on and not seen.live else None
    return Reached(last) if last in theirs else Reached(None, reaches=False)


def _those(**holds: bool) -> Answers:
    """The errors that fit; "ok" if none does."""
    return {error.replace("_", " ") for error, fits in holds.items() if fits} or {"ok"}


def _done(of: Reached, who: Controller, outcome: str) -> bool:
    return (
        of.leg is not None
        and not of.present
        and (of.leg.outcome, of.leg.given_up_by) == (outcome, who.key_pk)
    )


def may_transfer(seen: View, who: Controller) -> Answers:
    of = reached(seen, who)
    if not of.reaches:
        return NOT_OURS
    others = [
        one for one in seen.live_transfers() if of.leg is None or one.transferee_id != of.leg.pk
    ]
    if not of.present and of.leg and seen.live and seen.brings(of.leg):
        return {TRANSFERRED}
    talks = of.leg is not None and of.leg.status == "in-progress"
    return _those(call_not_live=not seen.live or not talks, call_already_transferred=bool(others))


def may_return(seen: View, who: Controller) -> Answers:
    of = reached(seen, who)
    if not of.reaches or of.leg is None:
        return NOT_OURS
    if _done(of, who, "returned"):
        return {"ok"}
    brings = seen.brings(of.leg)
    return _those(
        call_not_live=not seen.live or not of.leg.answered_at or (not of.present and not brings),
        return_timeout_passed=(seen.at - of.leg.started_at).total_seconds() > who.return_seconds,
        call_requires_acceptance=of.leg.acceptance_seconds is not None,
        call_already_transferred=brings,
    )


def may_reject(seen: View, who: Controller) -> Answers:
    of = reached(seen, who)
    if not of.reaches or of.leg is None:
        return NOT_OURS
    if _done(of, who, "rejected"):
        return {"ok"}
    return _those(
        call_not_live=not seen.live or (not of.present and not seen.brings(of.leg)),
        reject_timeout_passed=(seen.at - of.leg.started_at).total_seconds() > who.reject_seconds,
        call_already_accepted=of.leg.accepted_at is not None,
        call_already_transferred=seen.brings(of.leg),
    )


def may_accept(seen: View, who: Controller) -> Answers:
    of = reached(seen, who)
    late = [
        leg
        for leg in seen.legs[1:]
        if leg.buyer_id in who.buyer_pks and leg.outcome == "not-accepted"
    ]
    if not of.reaches and not late:
        return NOT_OURS
    leg = of.leg or late[-1]
    return _those(
        call_not_live=not seen.live
        or (leg.outcome != "not-accepted" and leg.status != "in-progress" and not leg.accepted_at),
        acceptance_not_required=leg.acceptance_seconds is None,
        acceptance_timeout_passed=leg.outcome == "not-accepted",
    )


def may_connect(seen: View, transfer: Transfer) -> Answers:
    if not seen.live:
        return {"caller hung up"} if seen.caller.held else {NOT_LIVE}
    waits = seen.caller.held and transfer.hold_caller and transfer.status != "ended"
    return _those(caller_not_held=not waits)


def may_stop(seen: View, transfer: Transfer) -> Answers:
    return _those(
        call_not_live=not seen.live,
        transfer_not_in_progress=transfer.status == "ended",
        transferor_not_present=transfer.transferor.status != "in-progress",
    )


# --- what must hold -------------------------------------------------------------------------------
def broken(seen: View) -> Iterator[str]:
    """Each thing that is wrong with a call between two steps."""
    if seen.live:
        yield from _dead_air(seen)
    elif (
        seen.named("ringing")
        or seen.named("in-progress")
        or seen.live_transfers()
        or seen.caller.status != "ended"
    ):
        yield "the call is over, and somebody is on the line"
    elif seen.call.settled_at is None:
        yield "all is told, and it is not settled"
    if sum(leg.party == "handler" and leg.status != "ended" for leg in seen.legs) > 1:
        yield "two handlers"
    for transfer in seen.transfers:
        if transfer.status != transfer.transferee.status:
            yield f"the transfer is {transfer.status}, the transferee {transfer.transferee.status}"
    yield from _places(seen)


def _dead_air(seen: View) -> Iterator[str]:
    talking, ringing = seen.named("in-progress"), seen.named("ringing")
    held_by = [
        one
        for one in seen.live_transfers()
        if one.hold_caller and one.transferor.status == "in-progress"
    ]
    if seen.call.status not in ("ringing", "in-progress"):
        yield f"a live call is {seen.call.status}"
    if seen.caller.status != "in-progress":
        yield "the caller has left, and the call lives"
    if not talking and not ringing:
        yield "nobody is there"
    if seen.caller.held and talking and not held_by:
        yield "the caller is on hold, and nobody is there who holds"
    if (
        seen.caller.held
        and not talking
        and not any(one.transferee.status == "ringing" for one in seen.live_transfers())
    ):
        yield "the caller is on hold, and nobody will come"


def _places(seen: View) -> Iterator[str]:
    live = {leg.hold_id for leg in seen.legs if leg.hold_id and leg.status != "ended"}
    at_once = CapCounter.objects.filter(kind="concurrency", owner__startswith="buyer:").values_list(
        "used", flat=True
    )
    if sum(at_once) != len(live):
        yield f"{sum(at_once)} places for {len(live)} lines"
    given_back = [
        leg.hold_id
        for leg in seen.legs
        if leg.outcome in ("returned", "rejected", "not-accepted", "busy")
    ]
    if CapHold.objects.filter(pk__in=given_back).exclude(status="released").exists():
        yield "a line was given back, and its places were not"
    yield from (
        f"drift {drift}" for drift in counters.recount(company_id=seen.call.company_id, now=seen.at)
    )


# --- clients --------------------------------------------------------------------------------------
def answer(act: Callable[[], object]) -> str:
    try:
        act()
    except Refusal as refusal:
        return refusal.text
    return "ok"


class Clients:
    """Two handlers' keys, a group's key, the transfers' UUIDs, the caller, far ends and clock."""

    def __init__(self, call: Call, keys: list[Controller], seed: int) -> None:
        self.call, self.keys, self.chance, self.second = call, keys, Random(seed), 0
        self.numbers = [STRANGER, *Buyer.objects.order_by("pk").values_list("number", flat=True)]

    def step(self) -> tuple[str, str, Answers]:
        """Let time pass and a client act; return the action, the answer, and the legal answers."""
        self.second += self.chance.choice([0, 1, 2, 3, 5, 8, 30])
        timeouts.apply_timeouts(self.call.pk, now=after(self.second))
        seen = view(self.call, after(self.second))
        if self.chance.random() < 0.35:
            return self._far_end(seen)
        if seen.transfers and self.chance.random() < 0.35:
            return self._holder(seen)
        return self._handler(seen)

    def _far_end(self, seen: View) -> tuple[str, str, Answers]:
        ringing, talking = seen.named("ringing"), seen.named("in-progress")
        if ringing:
            leg = self.chance.choice(ringing)
            picks_up = self.chance.random() < 0.85
            event = LegAnswered(leg.pk, seen.at) if picks_up else LegEnded(leg.pk, seen.at, "busy")
        elif self.chance.random() < 0.3 or not seen.live:
            leg = (
                seen.caller
                if not talking or self.chance.random() < 0.2
                else self.chance.choice(talking)
            )
            event = LegEnded(leg.pk, seen.at, "completed")
        else:
            return "they talk", "ok", {"ok"}
        events.handle_event(event, now=seen.at)
        return f"{leg.party} {type(event).__name__}", "ok", {"ok"}

    def _holder(self, seen: View) -> tuple[str, str, Answers]:
        transfer = self.chance.choice(seen.transfers)
        what, legal = self.chance.choice(
            [(transfers.connect_caller, may_connect), (transfers.stop_transfer, may_stop)]
        )
        may = legal(seen, transfer)
        return what.__name__, answer(lambda: what(transfer_uuid=transfer.pk, now=seen.at)), may

    def _handler(self, seen: View) -> tuple[str, str, Answers]:
        on_it = [key for key in self.keys if reached(seen, key).reaches]
        who = self.chance.choice(on_it if on_it and self.chance.random() < 0.8 else self.keys)
        name = self.chance.choice(["transfer"] * 4 + ["accept"] * 3 + ["return", "reject"])
        if name == "transfer":
            return self._transfer(seen, who)
        what, legal = {
            "return": (handler.return_call, may_return),
            "accept": (handler.accept_call, may_accept),
            "reject": (handler.reject_call, may_reject),
        }[name]
        return (
            name,
            answer(lambda: what(call_uuid=self.call.pk, controller=who, now=seen.at)),
            legal(seen, who),
        )

    def _transfer(self, seen: View, who: Controller) -> tuple[str, str, Answers]:
        number, hold = self.chance.choice([*self.numbers, "911"]), self.chance.random() < 0.6
        may = may_transfer(seen, who)
        if number == "911" and may == {"ok"}:
            may = {"cannot dial transfer_to number"}
        said = answer(
            lambda: transfers.begin_transfer(
                call_uuid=self.call.pk,
                controller=who,
                transfer_to=number,
                hold_caller=hold,
                now=seen.at,
            )
        )
        return f"transfer to {number}", said, may
