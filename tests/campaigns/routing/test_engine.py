"""One verdict for every buyer, an order that can be replayed, and a fair share by weight."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.routing.engine import (
    Pool,
    Verdict,
    buyers_in_trace,
    decide,
    fill_number,
    number_for,
    parts_of,
    replay,
)
from tests.campaigns.pools import asks, candidate, capped, ping, weekly

GROUPS = tuple(
    capped(f"group:{row}", label=f"g{row}", caps=(None, 2, None, None, 9)) for row in range(3)
)
CONDITIONS = [
    (),
    asks(("age", ">=", "18")),
    asks(("state", "in", "CA,NY"), ("state", "!=", "NY")),
    asks(("zip", "missing", "")),
]
HOURS = [None, weekly((1, "09:00", "17:00")), weekly((2, "09:00", "17:00"))]
buyers = st.fixed_dictionaries(
    {
        "paused": st.booleans(),
        "priority": st.integers(1, 3),
        "weight": st.integers(1, 100),
        "hours": st.sampled_from(HOURS),
        "conditions": st.sampled_from(CONDITIONS),
        "number": st.sampled_from(["+12025550101", "[agent]"]),
        "groups": st.lists(st.sampled_from(GROUPS), max_size=2, unique=True).map(tuple),
    }
)
campaigns = st.lists(buyers, max_size=12).map(
    lambda rows: [candidate(row, **fields) for row, fields in enumerate(rows, 1)]
)
callers = st.builds(
    ping,
    tags=st.dictionaries(
        st.sampled_from(["age", "state", "zip", "agent"]),
        st.sampled_from(["", "17", "20", "NY", "CA"]),
    ),
    excluded_buyers=st.frozensets(st.integers(1, 12), max_size=3),
    converted_buyers=st.frozensets(st.integers(1, 12), max_size=3),
)
counters = st.dictionaries(
    st.tuples(
        st.sampled_from(["buyer:1", "group:0", "group:1"]), st.sampled_from(["hourly", "hard"])
    ),
    st.integers(0, 9),
)
seeds = st.integers(0, 2**53)


@given(campaigns, callers, counters, seeds)
def test_every_buyer_gets_exactly_one_verdict(pool: Any, asked: Any, used: Any, seed: int) -> None:
    verdicts = decide(Pool(pool), asked, used, seed).verdicts()
    assert sorted(one.buyer_id for one in verdicts) == sorted(one.buyer_id for one in pool)
    assert all((one.place is None) != (one.reason is None) for one in verdicts)


@given(campaigns, callers, seeds)
def test_the_eligible_come_by_priority_and_are_placed_from_one(
    pool: Any, asked: Any, seed: int
) -> None:
    decision = decide(Pool(pool), asked, {}, seed)
    assert [one.priority for one in decision.order] == sorted(
        one.priority for one in decision.order
    )
    assert [one.place for one in decision.verdicts() if one.place] == list(
        range(1, len(decision.order) + 1)
    )


@given(campaigns, callers, counters, seeds, st.randoms())
def test_the_order_of_the_input_changes_nothing(
    pool: Any, asked: Any, used: Any, seed: int, chance: Any
) -> None:
    shuffled = chance.sample(pool, len(pool))
    assert (
        decide(Pool(shuffled), asked, used, seed).verdicts()
        == decide(Pool(pool), asked, used, seed).verdicts()
    )


@given(campaigns, callers, counters, seeds)
def test_a_stored_decision_replays_exactly(pool: Any, asked: Any, used: Any, seed: int) -> None:
    decision = decide(Pool(pool), asked, used, seed)
    assert replay(json.loads(json.dumps(decision.stored()))) == [one.row for one in decision.order]


@given(campaigns, callers, counters, seeds)
def test_a_stored_decision_contains_every_buyer_once(
    pool: Any, asked: Any, used: Any, seed: int
) -> None:
    assert sorted(buyers_in_trace(decide(Pool(pool), asked, used, seed).stored())) == [
        one.row for one in pool
    ]


def test_a_stored_decision_is_grouped_by_reason() -> None:
    pool = Pool(
        [candidate(1, weight=2), candidate(2, paused=True), candidate(3), candidate(4, paused=True)]
    )
    assert decide(pool, ping(), {}, 7).stored() == {
        "seed": 7,
        "eligible": [[1, 1, [3]], [1, 2, [1]]],
        "refused": {"paused": [[None, [2, 4]]]},
    }


def test_verdicts_come_by_place_and_then_by_reason() -> None:
    pool = Pool([candidate(1, number="[agent]"), candidate(2, paused=True), candidate(3)])
    assert decide(pool, ping(), {}, 1).verdicts() == [
        Verdict("b3", "Buyer 3", 1, None, None),
        Verdict("b2", "Buyer 2", None, "paused", None),
        Verdict("b1", "Buyer 1", None, "unreachable", {"tag": "agent"}),
    ]


def test_the_refused_can_be_read_by_reason() -> None:
    buyer = candidate(1, paused=True)
    assert decide(Pool([buyer]), ping(), {}, 1).refused == {"paused": [(buyer, None)]}


def test_a_campaign_without_buyers_chooses_none() -> None:
    assert decide(Pool([]), ping(), {}, 1).stored() == {"seed": 1, "eligible": [], "refused": {}}


def test_another_seed_is_another_order() -> None:
    pool = Pool([candidate(row) for row in range(1, 10)])
    assert (
        len({tuple(one.row for one in decide(pool, ping(), {}, seed).order) for seed in range(20)})
        == 20
    )


def test_the_first_place_is_drawn_in_proportion_to_weight() -> None:
    pool = Pool([candidate(row, weight=row) for row in (1, 2, 3, 4)])
    drawn = Counter(decide(pool, ping(), {}, seed).order[0].row for seed in range(10_000))
    chi_square = sum((drawn[row] - 1000 * row) ** 2 / (1000 * row) for row in (1, 2, 3, 4))
    assert chi_square < 16.27  # 3 degrees of freedom: 1 in 1,000


def test_the_second_place_is_drawn_among_those_that_are_left() -> None:
    pool = Pool([candidate(1, weight=1), candidate(2, weight=3), candidate(3, weight=6)])
    orders = [[one.row for one in decide(pool, ping(), {}, seed).order] for seed in range(10_000)]
    seconds = Counter(order[1] for order in orders if order[0] == 3)
    assert seconds[2] / seconds.total() == pytest.approx(3 / 4, abs=0.03)


@pytest.mark.parametrize(
    ("number", "parts", "filled"),
    [
        ("+12025550101", (), "+12025550101"),
        ("[inbound_number]", ("inbound_number",), "+18335550100"),
        ("sip:[agent]@[ host ]:5060", ("agent", "host"), "sip:@example.com:5060"),
        ("sip:x@[::1]:5060", (), "sip:x@[::1]:5060"),
    ],
)
def test_a_number_is_filled_from_tags(number: str, parts: tuple[str, ...], filled: str) -> None:
    tags = {"inbound_number": "+18335550100", "host": "example.com"}
    assert parts_of(number) == parts
    assert fill_number(number, tags) == filled


def test_a_number_may_use_every_fact_of_filters() -> None:
    buyer = candidate(number="sip:[publisher_id]-[caller_state]@example.com")
    asked = ping(publisher_id="alpha", caller_number="+12125550102")
    assert number_for(buyer, asked) == "sip:alpha-NY@example.com"


def test_a_buyer_is_not_reachable_without_its_tag() -> None:
    assert number_for(candidate(number="[agent]"), ping(tags={"agent": " "})) is None
