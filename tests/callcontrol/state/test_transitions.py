"""Transitions of calls, legs and transfers: as specified, and by conditional update only."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

import callcontrol
from callcontrol.models import Call, Leg, Party, Transfer
from callcontrol.state.transitions import TRANSITIONS, change_row, move_state
from tests.callcontrol.lines import NOW, make_call, make_leg
from tests.factories import make_market

pytestmark = pytest.mark.django_db

# Written by hand from the specification, and not read from the table under test.
SPECIFIED: dict[Any, set[tuple[str, str]]] = {
    Call: {
        ("routing", "ringing"),  # a buyer is dialed
        ("routing", "finished"),  # the caller hangs up
        ("ringing", "in-progress"),  # the buyer answers
        ("ringing", "routing"),  # busy, failed, not answered or rejected: the next buyer
        ("ringing", "no-target"),  # no buyer is left
        ("ringing", "finished"),  # the caller hangs up
        ("in-progress", "routing"),  # returned, rejected or not accepted in time
        ("in-progress", "finished"),  # the caller or the last other party hangs up
    },
    Leg: {("ringing", "in-progress"), ("ringing", "ended"), ("in-progress", "ended")},
    Transfer: {("ringing", "in-progress"), ("ringing", "ended"), ("in-progress", "ended")},
}
STATUSES: dict[Any, list[str]] = {
    Call: ["routing", "ringing", "in-progress", "finished", "no-target"],
    Leg: ["ringing", "in-progress", "ended"],
    Transfer: ["ringing", "in-progress", "ended"],
}
FINAL = {Call: "finished", Leg: "ended", Transfer: "ended"}
MODELS = pytest.mark.parametrize("model", SPECIFIED, ids=lambda model: model.__name__)
PAIRS = [
    pytest.param(model, before, after, id=f"{model.__name__}: {before} to {after}")
    for model, statuses in STATUSES.items()
    for before, after in itertools.product(statuses, repeat=2)
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


@MODELS
def test_the_statuses_are_those_of_the_specification(model: Any) -> None:
    assert model.Status.values == STATUSES[model]
    assert set(TRANSITIONS[model]) == set(STATUSES[model])


@pytest.mark.parametrize(("model", "before", "after"), PAIRS)
def test_a_row_moves_as_specified(rows: Any, model: Any, before: str, after: str) -> None:
    row, allowed = rows[model], (before, after) in SPECIFIED[model]
    model.objects.filter(pk=row.pk).update(status=before)
    row.refresh_from_db()
    assert move_state(row, after) == allowed
    assert row.status == (after if allowed else before)
    assert model.objects.get(pk=row.pk).status == row.status


@MODELS
def test_a_row_that_another_process_moved_stays_where_it_is(rows: Any, model: Any) -> None:
    row = rows[model]
    model.objects.filter(pk=row.pk).update(status=FINAL[model])
    assert [move_state(row, status) for status in STATUSES[model]] == [False] * len(STATUSES[model])
    assert change_row(row, ended_at=NOW) is False
    assert model.objects.get(pk=row.pk).ended_at is None


def test_columns_beside_the_status_are_written(rows: Any) -> None:
    leg = rows[Leg]
    moved = move_state(leg, "ended", outcome="busy", ended_at=NOW)
    stored = Leg.objects.get(pk=leg.pk)
    assert moved is True
    assert leg.outcome == "busy"
    assert stored.outcome == "busy"
    assert stored.ended_at == NOW


def test_no_other_module_writes_a_status() -> None:
    root = Path(next(iter(callcontrol.__path__)))
    files = [
        path
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and path.name != "transitions.py"
    ]
    writes = re.compile(r"objects\S*\(.*\)\.update\([^)]*\bstatus=|\.status = ")
    assert [path.name for path in files if writes.search(path.read_text())] == []


# --- constraints ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("model", "column"),
    [(Call, "status"), (Leg, "status"), (Leg, "party"), (Transfer, "status")],
    ids=lambda each: str(each),
)
def test_an_unknown_status_is_refused(rows: Any, model: Any, column: str) -> None:
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
