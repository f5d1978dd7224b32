"""The layout: imports go one way, entry points stay outside, names are unique, budgets hold."""

import ast
from pathlib import Path, PurePath

import pytest

from tests import layers

ROOT = Path(__file__).parent.parent
SOURCE: dict[PurePath, str] = {
    path.relative_to(ROOT): path.read_text()
    for folder in (*layers.APPS, "config")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
}
TESTS: dict[PurePath, str] = {
    path.relative_to(ROOT): path.read_text() for path in sorted((ROOT / "tests").rglob("*.py"))
}
FUNCTIONS = [function for text in SOURCE.values() for function in layers.functions(ast.parse(text))]
COUNTERS = PurePath("campaigns/caps/counters.py")


def test_every_layer_is_read() -> None:
    assert {path.parts[0] for path in SOURCE} == {*layers.APPS, "config"}


def test_imports_go_down_and_never_through_an_entry_point() -> None:
    faults = [fault for path, text in SOURCE.items() for fault in layers.import_faults(path, text)]
    assert faults == []


def test_packages_of_an_app_import_one_way() -> None:
    assert layers.package_circles(SOURCE) == []


@pytest.mark.parametrize("app", layers.APPS)
def test_an_app_has_few_entries_at_its_top_level(app: str) -> None:
    assert len(layers.app_entries(SOURCE, app)) <= layers.MOST_ENTRIES


def test_config_holds_no_model_and_no_admin() -> None:
    product = {"models", "admin", "admin.py", "models.py"}
    assert [
        path for path in SOURCE if path.parts[0] == "config" and product & set(path.parts)
    ] == []


@pytest.mark.parametrize(("kind", "share"), [(ast.ClassDef, 0.01), (ast.FunctionDef, 0.01)])
def test_public_names_occur_once(kind: type[ast.stmt], share: float) -> None:
    counts = layers.public_names(SOURCE, kind)
    del counts["Command"]  # Django finds a management command by this name
    repeated = {name: count for name, count in counts.items() if count > 1}
    assert sum(repeated.values()) <= share * counts.total(), repeated


def test_files_and_functions_keep_their_budgets() -> None:
    files = SOURCE | TESTS
    faults = [fault for path, text in files.items() for fault in layers.budget_faults(path, text)]
    assert faults == []


def test_nine_in_ten_functions_have_at_most_thirty_lines() -> None:
    sizes = sorted(layers.size(function) for function in FUNCTIONS)
    assert sizes[len(sizes) * 9 // 10] <= 30


def test_few_functions_are_private_helpers_with_one_caller() -> None:
    """The bound only ever goes down."""
    helpers = [name for text in SOURCE.values() for name in layers.single_use_helpers(text)]
    assert len(helpers) <= len(FUNCTIONS) * 0.1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("from callcontrol.models import Call", "callcontrol.models.Call is in a higher layer"),
        ("import publishers.conversions", "publishers.conversions is in a higher layer"),
        ("call = models.ForeignKey('callcontrol.Call')", "callcontrol.Call is in a higher layer"),
        ("task = 'reservations.tasks.expire'", "reservations.tasks.expire is in a higher layer"),
        ("Key = apps.get_model('publishers', 'Key')", "publishers is in a higher layer"),
        ("from config.settings import DEBUG", "config.settings.DEBUG is in a higher layer"),
        ("from config import celery", "config.celery is in a higher layer"),
        ("from campaigns.admin import BuyerAdmin", "campaigns.admin.BuyerAdmin is an entry point"),
        ("from .. import tasks", "campaigns.tasks is an entry point"),
        ("from ..api.views import Buyers", "campaigns.api.views.Buyers is an entry point"),
    ],
)
def test_a_forbidden_import_is_found(line: str, reason: str) -> None:
    assert layers.import_faults(COUNTERS, line) == [f"campaigns/caps/counters.py:1: {reason}"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("datawriting/writing.py", "from callcontrol.models import Call"),
        ("datawriting/writing.py", "hook = 'callcontrol.lifecycle.events'"),
        ("campaigns/caps/counters.py", "from ..models import CapHold"),
        ("campaigns/caps/counters.py", "from config.http.client import request"),
        ("campaigns/api/buyers.py", "from .formats import JSONRenderer"),
        ("callcontrol/admin/calls.py", "from publishers.admin import request_log"),
        ("config/urls.py", "from callcontrol.api import urls"),
        ("config/http/errors.py", "from config.http.renderers import JSONRenderer"),
    ],
)
def test_an_allowed_import_passes(path: str, line: str) -> None:
    assert layers.import_faults(PurePath(path), line) == []


@pytest.mark.parametrize(
    "line",
    ["from campaigns.models import Company", "from config.settings import env", "'campaigns.Key'"],
)
def test_the_foundation_imports_no_app_and_no_wiring(line: str) -> None:
    assert len(layers.import_faults(PurePath("config/http/errors.py"), line)) == 1


def test_a_circle_between_packages_is_found() -> None:
    files = {
        PurePath("campaigns/caps/counters.py"): "from campaigns.routing import engine",
        PurePath("campaigns/routing/engine.py"): "from campaigns.audit import records",
        PurePath("campaigns/audit/records.py"): "from campaigns.caps import counters",
        PurePath("campaigns/tasks.py"): "from campaigns.caps import counters",
    }
    assert layers.package_circles(files) == [
        "campaigns/audit/records.py: campaigns.audit -> campaigns.caps",
        "campaigns/caps/counters.py: campaigns.caps -> campaigns.routing",
        "campaigns/routing/engine.py: campaigns.routing -> campaigns.audit",
    ]


def test_a_helper_with_one_caller_is_found() -> None:
    text = "def f():\n    _a()\n    _b()\n    _b()\ndef _a(): ...\ndef _b(): ...\n"
    assert layers.single_use_helpers(text) == ["_a"]


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("a/caps.py", '"""Caps."""\n' + "\n" * 400, "a/caps.py: 401 lines"),
        ("a/caps.py", "x = 1\n", "a/caps.py: no module docstring"),
        ("a/utils/caps.py", '"""Caps."""\n', "a/utils/caps.py: a name that says nothing"),
        ("a/b.py", '"""B."""\ndef f():\n' + "    x = 1\n" * 60, "a/b.py:2: f has 61 lines"),
        ("a/b.py", '"""B."""\ndef f():\n    import os\n', "a/b.py:3: an import inside f"),
    ],
)
def test_a_file_over_budget_is_found(path: str, text: str, fault: str) -> None:
    assert layers.budget_faults(PurePath(path), text) == [fault]
