"""The project's English: docstrings, comments, pages and docs name the actor."""

from pathlib import Path

import pytest

from tests import english

ROOT = Path(__file__).parent.parent
FOLDERS = (
    "callcontrol",
    "campaigns",
    "config",
    "datawriting",
    "publishers",
    "reservations",
    "tests",
)


def _modules() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    # The tests of this rule hold the phrases themselves.
    return [path for path in found if path.name not in {"english.py", "test_english.py"}]


def test_python_names_the_actor() -> None:
    faults = {
        str(path.relative_to(ROOT)): found
        for path in _modules()
        if (found := english.python_faults(path.read_text()))
    }
    assert faults == {}


def test_templates_name_the_actor() -> None:
    faults = {
        str(path.relative_to(ROOT)): found
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if (found := english.template_faults(path.read_text()))
    }
    assert faults == {}


def test_docs_name_the_actor() -> None:
    pages = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))]
    faults = {
        str(path.relative_to(ROOT)): found
        for path in pages
        if (found := english.markdown_faults(path.read_text()))
    }
    assert faults == {}


@pytest.mark.parametrize(
    "text",
    [
        '"""What a request is told."""',
        '"""The user who opens the page."""',
        "x = 1  # whoever calls this",
        'x = _("anew in 2 hours")',
        'def f():\n    """It is no network."""',
    ],
)
def test_a_phrase_is_found_in_python(text: str) -> None:
    assert len(english.python_faults(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "told = 1",
        'x = _("The user who changed it")',
        'x = _("The carrier could not %(told)s.")',
        '"""There is no such call."""',
        '"""Return `told`."""',
        '"""It is no longer valid."""',
        'print("told")',
    ],
)
def test_names_and_code_are_left_alone(text: str) -> None:
    assert english.python_faults(text) == []


def test_a_phrase_is_found_in_a_template_with_its_line() -> None:
    text = '<p>{{ told }}</p>\n<script>told</script>\n<b>{% translate "Nobody" %}</b>'
    assert english.template_faults(text) == [(3, "Nobody")]


def test_a_phrase_is_found_in_markdown_outside_code() -> None:
    assert english.markdown_faults("`told`\n```\ntold\n```\nIt tells.") == [(5, "tells")]
