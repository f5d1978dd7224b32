"""The house stands as designed: imports go down, nobody comes in through an entrance, and nothing has grown too big."""

import ast
import statistics
from pathlib import Path, PurePath

import pytest

from tests import layers

ROOT = Path(__file__).parent.parent
PRODUCT = {
    path.relative_to(ROOT): path.read_text()
    for folder in (*layers.FLOORS, "config")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
}
TESTS = {
    path.relative_to(ROOT): path.read_text() for path in sorted((ROOT / "tests").rglob("*.py"))
}
IN_CAMPAIGNS = PurePath("campaigns/caps/counters.py")


def _sizes(files: dict[Path, str]) -> list[int]:
    return sorted(
        layers.size(function)
        for text in files.values()
        for function in layers.functions(ast.parse(text))
    )


def test_every_floor_is_read() -> None:
    assert {path.parts[0] for path in PRODUCT} == {*layers.FLOORS, "config"}


def test_imports_go_down_and_never_through_an_entrance() -> None:
    assert [
        fault for path, text in PRODUCT.items() for fault in layers.import_faults(path, text)
    ] == []


def test_files_and_functions_keep_their_budgets() -> None:
    assert [
        fault
        for path, text in (PRODUCT | TESTS).items()
        for fault in layers.budget_faults(path, text)
    ] == []


def test_half_of_the_functions_fit_in_eight_lines_and_nine_in_ten_in_thirty() -> None:
    sizes = _sizes(PRODUCT)
    assert (statistics.median(sizes) <= 8, sizes[len(sizes) * 9 // 10] <= 30) == (True, True), sizes


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("from callcontrol.models import Call", "callcontrol.models.Call is above"),
        ("import publishers.conversions", "publishers.conversions is above"),
        ("call = models.ForeignKey('callcontrol.Call')", "callcontrol.Call is above"),
        ("task = 'reservations.tasks.expire_due'", "reservations.tasks.expire_due is above"),
        ("Key = apps.get_model('publishers', 'Key')", "publishers is above"),
        ("from config.settings import MAX_BODY_BYTES", "config.settings.MAX_BODY_BYTES is above"),
        ("from config import celery", "config.celery is above"),
        ("from campaigns.admin import BuyerAdmin", "campaigns.admin.BuyerAdmin is an entrance"),
        ("from . import tasks", "campaigns.tasks is an entrance"),
        ("from .api.views import Buyers", "campaigns.api.views.Buyers is an entrance"),
    ],
)
def test_a_forbidden_import_is_found(line: str, why: str) -> None:
    assert layers.import_faults(IN_CAMPAIGNS, line) == [f"campaigns/caps/counters.py:1: {why}"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("datawriting/writing.py", "from callcontrol.models import Call"),
        ("datawriting/writing.py", "hook = 'callcontrol.lifecycle.events.call_arrived'"),
        ("campaigns/caps/counters.py", "from .models import CapHold"),
        ("campaigns/caps/counters.py", "from config.http.client import ask"),
        ("campaigns/api/buyers.py", "from .formats import JSONRenderer"),
        ("config/urls.py", "from callcontrol.api import urls"),
        ("config/http/errors.py", "from config.http.formats import JSONRenderer"),
    ],
)
def test_an_allowed_import_is_let_through(path: str, line: str) -> None:
    assert layers.import_faults(PurePath(path), line) == []


@pytest.mark.parametrize(
    "line",
    [
        "from campaigns.models import Company",
        "from config.settings import env",
        "'campaigns.Company'",
    ],
)
def test_the_ground_knows_no_app_and_no_roof(line: str) -> None:
    assert len(layers.import_faults(PurePath("config/http/errors.py"), line)) == 1


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("a/caps.py", '"""Duty."""\n' + "\n" * 400, "a/caps.py: 401 lines"),
        ("a/caps.py", "x = 1\n", "a/caps.py: no opening line that says its duty"),
        ("a/utils/caps.py", '"""Duty."""\n', "a/utils/caps.py: a name that says nothing"),
        (
            "a/caps.py",
            '"""Duty."""\ndef f():\n' + "    x = 1\n" * 60,
            "a/caps.py:2: f has 61 lines",
        ),
        ("a/caps.py", '"""Duty."""\ndef f():\n    import os\n', "a/caps.py:3: an import inside f"),
    ],
)
def test_a_file_over_budget_is_found(path: str, text: str, fault: str) -> None:
    assert layers.budget_faults(PurePath(path), text) == [fault]
