"""Allocates a call: decides, and takes a place with the first buyer that has one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import CapHold
from campaigns.routing import engine
from campaigns.routing.engine import Candidate, Decision, Ping, Pool

from . import counters
from .counters import CapFull

_FULL = 2**31  # the use of a counter that refused a place: more than any cap


@dataclass(frozen=True, slots=True)
class Allocation:
    """The buyer of the call and its hold, or neither; and the last decision."""

    buyer: Candidate | None
    hold: CapHold | None
    decision: Decision


def allocate(
    *, pool: Pool, ping: Ping, used: Mapping[tuple[str, str], int], seed: int, company_pk: int
) -> Allocation:
    """Take a place with the first buyer of the decision that has one.

    After a cap has filled since it was read, the decision repeats from the same seed, so that the
    trace contains the refusal.
    """
    known = dict(used)
    while True:
        decision = engine.decide(pool, ping, known, seed=seed)
        if not decision.order:
            return Allocation(None, None, decision)
        buyer = decision.order[0]
        try:
            return Allocation(
                buyer, take_place(buyer, company_pk=company_pk, now=ping.now), decision
            )
        except CapFull as full:
            known[(full.owner, full.kind)] = _FULL


def take_place(buyer: Candidate, *, company_pk: int, now: datetime) -> CapHold:
    """Take a place in every cap of the buyer and its groups; raise CapFull."""
    return counters.take_places(
        company_id=company_pk, buyer_pk=buyer.row, capped=(buyer.own, *buyer.groups), now=now
    )
