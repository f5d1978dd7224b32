"""What a buyer's filter takes and what it refuses."""

import pytest

from campaigns.routing.engine import conditions_hold
from tests.campaigns.pools import asks, candidate, ping, verdict_on

CASES = [
    # operator, value, tag seen, holds
    ("==", "NY", "ny", True),
    ("==", " ny ", "NY ", True),
    ("==", "NY", "NYC", False),
    ("==", "02134", "2134", False),
    ("!=", "NY", "ny", False),
    ("!=", "NY", "CA", True),
    ("<", "10", "9", True),
    ("<", "10", "10", False),
    ("<", "10", "9.99", True),
    ("<=", "10", "10.0", True),
    ("<=", "10", "11", False),
    (">", "9", "10", True),
    (">", "10", "9", False),
    (">", "-5", "-4", True),
    (">=", "18", "18", True),
    (">=", "18", "17.9", False),
    (">=", "18", "eighteen", False),
    (">=", "18", "nan", False),
    ("<", "18", "-inf", False),
    ("<", "18", "1_0", False),
    ("<", "many", "1", False),
    ("in", "CA, NY", "ny", True),
    ("in", "CA,,NY", "TX", False),
    ("in", "", "TX", False),
    ("not in", "CA, NY", "TX", True),
    ("not in", "CA, NY", "ny", False),
    ("not in", "", "TX", True),
    ("starts with", "90", "90210", True),
    ("starts with", "ab", "ABC", True),
    ("starts with", "90", "19021", False),
    ("exists", "", "x", True),
    ("missing", "", "x", False),
]
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "starts with", "exists", "missing"]


@pytest.mark.parametrize(("operator", "value", "seen", "holds"), CASES)
def test_an_operator(operator: str, value: str, seen: str, holds: bool) -> None:
    assert conditions_hold(asks(("tag", operator, value)), ping(tags={"tag": seen})) is holds


@pytest.mark.parametrize("tags", [{}, {"tag": ""}, {"tag": "  "}])
def test_a_missing_or_blank_tag_satisfies_only_three_operators(tags: dict[str, str]) -> None:
    holding = [
        operator
        for operator in OPERATORS
        if conditions_hold(asks(("tag", operator, "")), ping(tags=tags))
    ]
    assert holding == ["!=", "not in", "missing"]


@pytest.mark.parametrize(
    ("seen", "holds"), [("NY", True), ("tx", True), ("OR", True), ("Ohio", True), ("CA", False)]
)
def test_one_of_the_value_filters_of_a_tag_must_hold(seen: str, holds: bool) -> None:
    rows = asks(("state", "==", "NY"), ("state", "in", "TX, OR"), ("state", "starts with", "oh"))
    assert conditions_hold(rows, ping(tags={"state": seen})) is holds


@pytest.mark.parametrize(
    ("seen", "holds"), [("17", False), ("18", True), ("50", False), ("65", False)]
)
def test_every_other_row_must_hold(seen: str, holds: bool) -> None:
    rows = asks(("age", ">=", "18"), ("age", "<", "65"), ("age", "!=", "50"))
    assert conditions_hold(rows, ping(tags={"age": seen})) is holds


@pytest.mark.parametrize(("seen", "holds"), [("5", True), ("7", False), ("1", False)])
def test_value_filters_and_other_filters_of_a_tag_must_both_hold(seen: str, holds: bool) -> None:
    rows = asks(("n", "in", "1,5"), ("n", ">", "2"))
    assert conditions_hold(rows, ping(tags={"n": seen})) is holds


def test_rows_of_different_keys_must_all_hold() -> None:
    rows = asks(("a", "==", "1"), ("b", "==", "1"))
    assert conditions_hold(rows, ping(tags={"a": "1"})) is False


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("publisher_id", "alpha"),
        ("campaign_id", "roofing"),
        ("caller_number", "+12125550102"),
        ("caller_state", "NY"),
    ],
)
def test_filters_can_use_ids_and_the_number(key: str, value: str) -> None:
    asked = ping(publisher_id="alpha", caller_number="+12125550102")
    assert conditions_hold(asks((key, "==", value)), asked) is True


def test_an_unknown_publisher_is_the_tag_of_that_name() -> None:
    assert (
        conditions_hold(asks(("publisher_id", "==", "x")), ping(tags={"publisher_id": "x"})) is True
    )


@pytest.mark.parametrize(
    ("tags", "seen"), [({"caller_state": "CA"}, "CA"), ({"caller_state": ""}, "NY"), ({}, "NY")]
)
def test_a_tag_overrides_the_place_of_the_number(tags: dict[str, str], seen: str) -> None:
    assert (
        conditions_hold(
            asks(("caller_state", "==", seen)), ping(tags=tags, caller_number="+12125550102")
        )
        is True
    )


def test_without_a_caller_number_nothing_is_derived() -> None:
    assert conditions_hold(asks(("caller_state", "missing", "")), ping()) is True


def test_the_detail_has_the_condition_and_the_value() -> None:
    buyer = candidate(conditions=asks(("age", ">", "18"), ("state", "in", "CA,NY")))
    detail = {"key": "state", "operator": "in", "value": "CA,NY", "seen": "TX"}
    assert verdict_on(buyer, tags={"age": "20", "state": "TX"}) == ("filter", detail)


def test_the_detail_has_all_conditions_of_a_clause() -> None:
    buyer = candidate(conditions=asks(("state", "==", "CA"), ("state", "starts with", "N")))
    detail = {"key": "state", "operator": "any of", "value": "== CA, starts with N", "seen": ""}
    assert verdict_on(buyer) == ("filter", detail)


def test_a_long_value_is_cut_in_the_trace() -> None:
    buyer = candidate(conditions=asks(("zip", "in", "90210," * 100)))
    _, detail = verdict_on(buyer, tags={"zip": "1" * 1000})
    assert len(detail["value"]) == 100
    assert len(detail["seen"]) == 100
