"""Translation: every text of a template is marked, and makemessages finds the marked texts."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.apps import apps

from callcontrol.models import EventKind, Outcome

ROOT = Path(__file__).parent.parent
APPS = ("campaigns", "publishers", "reservations", "callcontrol", "datawriting")
# Names that no language changes.
NAMES = {"Ringpost", "UTC", "UUID", "JSON", "XML", "CSV", "HTTP"}

_UNSEEN = re.compile(
    r"{#.*?#}|{% *comment\b.*?{% *endcomment *%}|<!--.*?-->"
    r"|{% *blocktranslate\b.*?{% *endblocktranslate *%}"
    r"|<(script|style)\b.*?</\1>"
    r'|<(?:span|text)[^>]*class="(?:material-symbols-outlined|call-icon)[^>]*>[^<]*</\w+>',
    re.DOTALL,
)
_TEMPLATE_CODE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_INCLUDE = re.compile(r"{% *(?:include|component)\b.*?%}", re.DOTALL)
# A sentence or a label among the arguments of template code; single lower-case words are keywords.
_SENTENCE = r'"([A-Z][^"]*|[^"]*\w [^"]*)"'
_ARGUMENT = re.compile(rf"\w={_SENTENCE}")
_FALLBACK = re.compile(rf"\|(?:default|default_if_none|yesno):{_SENTENCE}")
_ATTRIBUTE = re.compile(r'\b(?:title|alt|placeholder|aria-label)="([^"]*)"')
_MARKUP = re.compile(r"<[^>]*>", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")


def _blank(match: re.Match[str]) -> str:
    """Replace all but line breaks by spaces: positions stay those of the file."""
    return re.sub(r"[^\n]", " ", match[0])


def unmarked_texts(template: str) -> list[tuple[int, str]]:
    """Return line and text of everything that readers see and translators do not."""
    seen = _UNSEEN.sub(_blank, template)
    markup = _TEMPLATE_CODE.sub(_blank, seen)
    found = [(match.start(1), match[1]) for match in _FALLBACK.finditer(seen)]
    found += [(match.start(1), match[1]) for match in _ATTRIBUTE.finditer(markup)]
    for include in _INCLUDE.finditer(seen):
        arguments = _ARGUMENT.finditer(include[0])
        found += [(include.start() + match.start(1), match[1]) for match in arguments]
    text = _MARKUP.sub(_blank, markup)
    found += [(match.start(), match[0]) for match in re.finditer(r"\S.*", text)]
    return [
        (template.count("\n", 0, start) + 1, " ".join(words.split()))
        for start, words in sorted(found)
        if set(_WORD.findall(unescape(words))) - NAMES
    ]


def test_every_text_of_a_template_is_marked() -> None:
    faults = {
        str(path.relative_to(ROOT)): found
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if (found := unmarked_texts(path.read_text()))
    }
    assert faults == {}


@pytest.mark.parametrize(
    "template",
    [
        "<p>Save first.</p>",
        '<p title="Copy">{{ name }}</p>',
        '{% include "a.html" with message="No call is live." %}',
        '<b>{{ name|default:"Withheld" }}</b>',
        "{% if calls %}{{ calls }} calls{% endif %}",
    ],
)
def test_an_unmarked_text_is_found(template: str) -> None:
    assert [line for line, _ in unmarked_texts(f"\n{template}")] == [2]


@pytest.mark.parametrize(
    "template",
    [
        '<p class="plain">{% translate "Save first." %}</p>',
        "{% blocktranslate trimmed %}Buyer <b>{{ name }}</b>{% endblocktranslate %}",
        '{% include "a.html" with message=_("No call is live.") kind="warning" %}',
        '<p aria-hidden="{{ over|yesno:"true,false" }}"></p>',
        "<p>Ringpost &middot; {{ company }}</p>",
        '<span class="material-symbols-outlined text-sm">call</span>',
    ],
)
def test_a_marked_text_is_not_found(template: str) -> None:
    assert unmarked_texts(template) == []


# --- makemessages ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Extract the texts of a copy of the source, as `django-admin makemessages` does."""
    if shutil.which("xgettext") is None:
        pytest.skip("xgettext is not installed: apt-get install gettext")
    copy = tmp_path_factory.mktemp("source")
    for name in (*APPS, "config", "templates"):
        ignored = shutil.ignore_patterns("__pycache__", "migrations", "static")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    (copy / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale=de", "--no-wrap"]
    subprocess.run([*command, "--keep-pot"], cwd=copy, check=True, capture_output=True)
    return set(_message_ids((copy / "locale/django.pot").read_text()))


def _message_ids(catalogue: str) -> Iterator[str]:
    for lines in re.findall(r'^msgid(?:_plural)? (".*"(?:\n".*")*)', catalogue, re.MULTILINE):
        yield "".join(ast.literal_eval(line) for line in lines.splitlines())


def test_help_texts_of_models_are_extracted(extracted: set[str]) -> None:
    fields = [
        field
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if model.__module__.startswith(app)
        for field in model._meta.fields
    ]
    texts = {str(getattr(field, "help_text", "")) for field in fields} - {""}
    assert len(texts) > 20
    assert texts - extracted == set()


def test_events_of_the_timeline_are_extracted(extracted: set[str]) -> None:
    sentences = {str(label) for label in EventKind.labels}
    sentences |= {str(outcome.sentence) for outcome in Outcome} - {""}
    assert len(sentences) > 20
    assert sentences - extracted == set()


def test_texts_of_templates_are_extracted(extracted: set[str]) -> None:
    pattern = re.compile(r"{% *translate \"([^\"]*)\" *%}")
    templates = (ROOT / "templates").rglob("*.html")
    texts = {text for path in templates for text in pattern.findall(path.read_text())}
    assert len(texts) > 20
    assert texts - extracted == set()
