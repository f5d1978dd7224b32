"""Deciding and taking the place in one go: the best buyer that still has one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import CapHold
from campaigns.routing import engine
from campaigns.routing.engine import Candidate, Decision, Ping, Pool

from . import counters
from .counters import CapFull

_FULL = 2**31  # more than any cap: what a counter is taken to hold that refused just now


@dataclass(frozen=True, slots=True)
class Allocation:
    """The buyer that got the call and its hold, or neither; and the decision as it stood in the end."""

    buyer: Candidate | None
    hold: CapHold | None
    decision: Decision


def allocate(
    *, pool: Pool, ping: Ping, used: Mapping[tuple[str, str], int], seed: int, company_pk: int
) -> Allocation:
    """Takes a place with the first buyer of the decision that has one.

    A cap that filled since it was read is decided upon anew, from the same seed, so that the trace says why.
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
    """A place in every cap of the buyer and its groups; raises CapFull."""
    return counters.take_places(
        company_id=company_pk, buyer_pk=buyer.row, capped=(buyer.own, *buyer.groups), now=now
    )
