"""The routing trace as sentences, one for each buyer."""

from typing import Any

import pytest

from campaigns.routing import engine, explain
from campaigns.routing.engine import Pool, Verdict, decide
from tests.campaigns.pools import asks, candidate, ping

CAP = {"cap": 5}
GROUP = {"group": "west", "name": "West", "cap": 5}
SENTENCES: list[tuple[str, Any, str]] = [
    ("paused", None, "paused"),
    ("closed", {"opens": "2026-05-04T13:00:00+00:00"}, "closed, opens Monday 09:00 New York time"),
    ("closed", {"opens": None}, "closed, and does not open in the next 60 days"),
    (
        "filter",
        {"key": "caller_state", "operator": "in", "value": "CA,NY", "seen": "TX"},
        "filter “caller_state in CA,NY” not met, the caller's is “TX”",
    ),
    (
        "filter",
        {"key": "zip", "operator": "exists", "value": "", "seen": ""},
        "filter “zip exists” not met, the caller has none",
    ),
    ("unreachable", {"tag": "agent"}, "unreachable, its number needs the tag “agent”"),
    ("concurrency-cap", CAP, "its concurrency cap of 5 is full"),
    ("hourly-cap", CAP, "its hourly cap of 5 is full"),
    ("daily-cap", CAP, "its daily cap of 5 is full"),
    ("monthly-cap", CAP, "its monthly cap of 5 is full"),
    ("hard-cap", CAP, "its hard cap of 5 is full"),
    ("group-concurrency-cap", GROUP, "the concurrency cap of 5 of its group West is full"),
    ("group-hourly-cap", GROUP, "the hourly cap of 5 of its group West is full"),
    ("group-daily-cap", GROUP, "the daily cap of 5 of its group West is full"),
    ("group-monthly-cap", GROUP, "the monthly cap of 5 of its group West is full"),
    ("group-hard-cap", GROUP, "the hard cap of 5 of its group West is full"),
    ("duplicate", None, "the caller is a duplicate"),
    ("excluded", None, "left out, it was tried already"),
    ("of-a-file-that-is-gone", None, "of-a-file-that-is-gone"),
]


@pytest.mark.parametrize(("reason", "detail", "told"), SENTENCES)
def test_a_refusal_is_a_sentence(reason: str, detail: Any, told: str) -> None:
    verdict = Verdict("b2", "Buyer Two", None, reason, detail)
    assert explain.verdict_sentence(verdict, "America/New_York") == f"Buyer Two: {told}"


def test_every_reason_has_a_sentence_in_this_test() -> None:
    assert {reason.slug for reason in engine.routing_filters()} <= {
        reason for reason, _, _ in SENTENCES
    }


def test_a_decision_and_its_stored_trace_have_the_same_sentences() -> None:
    pool = Pool(
        [
            candidate(1, priority=2),
            candidate(2, paused=True),
            candidate(3),
            candidate(4, conditions=asks(("a", "exists", ""))),
        ]
    )
    decision = decide(pool, ping(), {}, 1)
    told = [
        "Buyer 3: chosen",
        "Buyer 1: eligible, place 2",
        "Buyer 2: paused",
        "Buyer 4: filter “a exists” not met, the caller has none",
    ]
    names = {one.row: one.name for one in pool.candidates}
    assert explain.decision_lines(decision, "UTC") == told
    assert explain.stored_lines(decision.stored(), names, "UTC") == told


def test_a_buyer_without_a_name_is_named_by_its_row() -> None:
    assert explain.stored_lines(
        {"seed": 1, "eligible": [[1, 1, [7]]], "refused": {}}, {}, "UTC"
    ) == ["Buyer number 7: chosen"]


def test_a_reserved_buyer_comes_first_and_the_others_after_it() -> None:
    stored = {
        "seed": 1,
        "eligible": [[1, 1, [1]], [2, 1, [2]], [3, 1, [3]]],
        "refused": {"paused": [[None, [4]]]},
    }
    names = {row: f"Buyer {row}" for row in (1, 2, 3, 4)}
    assert explain.stored_lines(stored, names, "UTC", reserved=2) == [
        "Buyer 2: reserved for this caller",
        "Buyer 1: eligible, place 2",
        "Buyer 3: eligible, place 3",
        "Buyer 4: paused",
    ]
