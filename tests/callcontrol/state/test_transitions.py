"""The table of moves: complete, kept, and the only way to another state; what must never be false is a constraint."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

import callcontrol
from callcontrol.models import Call, Leg, Party, Transfer
from callcontrol.state.transitions import MOVES, change_row, move_state
from tests.callcontrol.lines import NOW, make_call, make_leg
from tests.factories import make_market

pytestmark = pytest.mark.django_db
ROWS = {model.__name__: model for model in (Call, Leg, Transfer)}
PAIRS = [
    pytest.param(model, before, after, id=f"{name}: {before} to {after}")
    for name, model in ROWS.items()
    for before, after in itertools.product(model.Status.values, repeat=2)
]


@pytest.fixture
def rows() -> dict[type[models.Model], Any]:
    """A call, a handler's leg and a transfer."""
    call = make_call(make_market())
    legs = [
        Leg.objects.create(call=call, party=party, place=place, started_at=NOW)
        for place, party in enumerate(Party)
    ]
    transfer = Transfer.objects.create(
        call=call,
        transferor=legs[1],
        transferee=legs[2],
        hold_caller=False,
        started_at=NOW,
        status="in-progress",
    )
    return {Call: call, Leg: legs[1], Transfer: transfer}


@pytest.mark.parametrize("model", ROWS.values(), ids=ROWS)
def test_the_table_knows_every_state_and_no_other(model: Any) -> None:
    table = MOVES[model]
    assert set(table) == set(model.Status.values)
    assert (set(itertools.chain(*table.values())) <= set(model.Status.values)) is True


@pytest.mark.parametrize("model", ROWS.values(), ids=ROWS)
def test_every_state_can_be_left_for_an_end_but_the_ends(model: Any) -> None:
    table = MOVES[model]
    ends = {state for state, to in table.items() if not to}
    reached = {state: {state} for state in table}
    for _ in table:
        reached = {
            state: seen.union(*(table[one] for one in seen)) for state, seen in reached.items()
        }
    assert [state for state, seen in reached.items() if not seen & ends] == []


@pytest.mark.parametrize(("model", "before", "after"), PAIRS)
def test_a_row_moves_as_the_table_says_and_not_else(
    rows: Any, model: Any, before: str, after: str
) -> None:
    row, allowed = rows[model], after in MOVES[model][before]
    model.objects.filter(pk=row.pk).update(status=before)
    row.refresh_from_db()
    assert move_state(row, after) == allowed
    assert row.status == (after if allowed else before)
    assert model.objects.get(pk=row.pk).status == row.status


@pytest.mark.parametrize("model", ROWS.values(), ids=ROWS)
def test_a_row_that_was_moved_meanwhile_stays_where_it_is(rows: Any, model: Any) -> None:
    row, end = rows[model], next(state for state, to in MOVES[model].items() if not to)
    model.objects.filter(pk=row.pk).update(status=end)
    assert [move_state(row, to) for to in MOVES[model][row.status]] == [False] * len(
        MOVES[model][row.status]
    )
    assert change_row(row, ended_at=NOW) is False
    assert model.objects.get(pk=row.pk).ended_at is None


def test_what_is_changed_beside_the_state_is_written_and_known(rows: Any) -> None:
    leg = rows[Leg]
    moved = move_state(leg, "ended", outcome="busy", ended_at=NOW)
    stored = Leg.objects.get(pk=leg.pk)
    assert moved is True
    assert leg.outcome == "busy"
    assert stored.outcome == "busy"
    assert stored.ended_at == NOW


def test_nothing_else_in_this_app_writes_a_state() -> None:
    root = Path(next(iter(callcontrol.__path__)))
    files = [
        path
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and path.name != "moves.py"
    ]
    writes = re.compile(r"objects\S*\(.*\)\.update\([^)]*\bstatus=|\.status = ")
    assert [path.name for path in files if writes.search(path.read_text())] == []


# --- constraints ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("model", "column"),
    [(Call, "status"), (Leg, "status"), (Leg, "party"), (Transfer, "status")],
    ids=lambda each: str(each),
)
def test_an_unknown_word_is_refused(rows: Any, model: Any, column: str) -> None:
    with pytest.raises(IntegrityError, match="known"), transaction.atomic():
        model.objects.filter(pk=rows[model].pk).update(**{column: "elsewhere"})


def test_a_handler_has_one_live_transfer(rows: Any) -> None:
    first = rows[Transfer]
    third = make_leg(first.call, None, place=9)
    third.save()
    fields = {
        "call": first.call,
        "transferor": first.transferor,
        "transferee": third,
        "hold_caller": True,
        "started_at": NOW,
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(**fields)
    move_state(first, "ended", ended_at=NOW)
    assert Transfer.objects.create(**fields).status == "ringing"
