"""Every reason to refuse a buyer: its condition, its detail and its rank."""

import dataclasses
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from campaigns.routing import engine, filters
from campaigns.routing.engine import CAP_KINDS, Pool, decide
from tests.campaigns.pools import NO_CAPS, asks, candidate, capped, ping, verdict_on, weekly

SLUGS = ["paused", "closed", "filter", "unreachable"]
SLUGS += [f"{prefix}{kind}-cap" for prefix in ("", "group-") for kind in CAP_KINDS] + [
    "duplicate",
    "excluded",
]
EVERYTHING_WRONG = candidate(
    paused=True,
    hours=weekly((0, "09:00", "10:00")),
    conditions=asks(("age", ">", "18")),
    number="[inbound_number]",
    own=capped(caps=(0,) * 5),
    groups=(capped("group:1", caps=(0,) * 5),),
)


def _cap(kind: str, cap: int | None) -> tuple[int | None, ...]:
    return tuple(cap if kind == one else None for one in CAP_KINDS)


def test_the_reasons_count_in_the_order_of_the_specification() -> None:
    assert [reason.slug for reason in engine.routing_filters()] == SLUGS


def test_the_reason_with_the_lowest_rank_counts() -> None:
    mended, told = EVERYTHING_WRONG, []
    mends = [
        {"paused": False},
        {"hours": None},
        {"conditions": ()},
        {"number": "+12025550101", "needs": ()},
    ]
    mends += [{"own": capped(caps=(None,) * n + (0,) * (5 - n))} for n in range(1, 6)]
    mends += [
        {"groups": (capped("group:1", caps=(None,) * n + (0,) * (5 - n)),)} for n in range(1, 6)
    ]
    for mend in [{}, *mends]:
        mended = dataclasses.replace(mended, **mend)  # type: ignore[arg-type]
        told.append(
            verdict_on(mended, converted_buyers=frozenset([1]), excluded_buyers=frozenset([1]))[0]
        )
    assert [*told, verdict_on(mended, excluded_buyers=frozenset([1]))[0]] == SLUGS


def test_a_buyer_that_no_filter_refuses_is_chosen() -> None:
    assert verdict_on(candidate()) == (None, None)


def test_the_detail_of_a_closed_buyer_has_its_next_opening() -> None:
    buyer = candidate(hours=weekly((2, "09:00", "17:00"), zone="America/New_York"))
    assert verdict_on(buyer) == ("closed", {"opens": "2026-05-06T13:00:00+00:00"})


def test_hours_are_looked_at_again_when_they_change() -> None:
    pool = Pool([candidate(hours=weekly((1, "09:00", "12:30")))])
    chosen = [
        len(decide(pool, ping(now=ping().now.replace(minute=minute)), {}, 1).order)
        for minute in (29, 30, 29)
    ]
    assert chosen == [1, 0, 1]


def test_a_missing_part_of_the_number_makes_a_buyer_unreachable() -> None:
    buyer = candidate(number="sip:[agent]@[host]")
    assert verdict_on(buyer, tags={"agent": "7", "host": " "}) == ("unreachable", {"tag": "host"})


def test_a_number_may_use_tags_from_the_caller_number() -> None:
    assert verdict_on(
        candidate(number="sip:[caller_state]@example.com"), caller_number="+12125550102"
    ) == (None, None)


@pytest.mark.parametrize("kind", CAP_KINDS)
@pytest.mark.parametrize(("used", "reason"), [(1, None), (2, "full"), (3, "full")])
def test_a_cap_is_full_when_as_much_is_used(kind: str, used: int, reason: str | None) -> None:
    told = verdict_on(candidate(own=capped(caps=_cap(kind, 2))), used={("buyer:1", kind): used})
    assert told == ((f"{kind}-cap", {"cap": 2}) if reason else (None, None))


@pytest.mark.parametrize("kind", CAP_KINDS)
def test_a_full_group_blocks_its_members_and_is_named(kind: str) -> None:
    group = capped("group:3", label="west", name="West", caps=_cap(kind, 2))
    told = verdict_on(candidate(groups=(group,)), used={("group:3", kind): 2})
    assert told == (f"group-{kind}-cap", {"group": "west", "name": "West", "cap": 2})


@pytest.mark.parametrize("kind", CAP_KINDS)
def test_a_cap_of_zero_is_full_without_a_counter(kind: str) -> None:
    assert verdict_on(candidate(own=capped(caps=_cap(kind, 0)))) == (f"{kind}-cap", {"cap": 0})


def test_a_counter_of_a_cap_that_was_lifted_is_not_looked_at() -> None:
    assert verdict_on(candidate(own=capped(caps=NO_CAPS)), used={("buyer:1", "daily"): 9}) == (
        None,
        None,
    )


def test_anothers_counter_is_not_looked_at() -> None:
    assert verdict_on(
        candidate(own=capped(caps=_cap("daily", 1))), used={("buyer:2", "daily"): 9}
    ) == (None, None)


def test_a_refused_repeat_is_a_duplicate_for_every_buyer() -> None:
    assert verdict_on(candidate(), duplicate_refused=True) == ("duplicate", None)


def test_a_new_file_in_the_folder_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd_rows.py").write_text(
        dedent('''
            """Refuses buyers of odd rows."""
            from campaigns.routing.engine import RoutingFilter

            class OddRow(RoutingFilter):
                slug = "odd-row"
                rank = 5

                def refuse(self, prepared, left):
                    return [(None, {row for row in left if row % 2})]
        ''')
    )
    monkeypatch.setattr(filters, "__path__", [*filters.__path__, str(tmp_path)])
    engine.routing_filters.cache_clear()
    try:
        assert verdict_on(candidate(1, paused=True)) == ("odd-row", None)
    finally:
        engine.routing_filters.cache_clear()
        sys.modules.pop("campaigns.routing.filters.odd_rows", None)


@pytest.mark.parametrize(
    "agent", ["911", "+1911", "javascript:hello", "7" * 400, "12", "sip:911@pbx.example.com"]
)
def test_an_undialable_number_is_unreachable(agent: str) -> None:
    assert verdict_on(candidate(number="[agent]"), tags={"agent": agent}) == ("unreachable", None)


@pytest.mark.parametrize(
    ("agent", "reason"), [("+14165550101", None), ("+12025550101", "unreachable")]
)
def test_only_numbers_with_a_dial_prefix_are_reachable(agent: str, reason: str | None) -> None:
    buyer = candidate(number="[agent]", dial_prefixes=("+1416",))
    assert verdict_on(buyer, tags={"agent": agent})[0] == reason


def test_a_fixed_number_is_held_to_the_dial_prefixes_too() -> None:
    assert verdict_on(candidate(number="+12025550101", dial_prefixes=("+1416",))) == (
        "unreachable",
        None,
    )
