"""Find phrases that the project's English excludes: see CONTRIBUTING.md."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

# Name the actor (client, caller, buyer, user, carrier, worker); code returns, raises, reads, sends.
_VAGUE = r"whoever|nobody|somebody|anybody|anew|told|tells|by now|of its own|at present|so many"
_NO_SUCH = r"\b(?<!there )(?:is|are) no (?!longer\b|such\b)\w+"
# For prose, where "a caller who hears music" is plain English.
PROSE = re.compile(rf"\b({_VAGUE})\b|{_NO_SUCH}", re.IGNORECASE)
# For docstrings and comments, where the sentence is about an actor with a name.
CODE = re.compile(rf"\b(who|whom|{_VAGUE})\b|{_NO_SUCH}", re.IGNORECASE)
TRANSLATING = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext_lazy"}
_CODE = re.compile(r"```.*?```|`[^`]*`|<!--.*?-->|%\(\w+\)s", re.DOTALL)
_MARKUP = re.compile(
    r"<(script|style)\b.*?</\1>|<[^>]*>|{%(?! *(?:translate|trans)\b).*?%}|{{.*?}}|{#.*?#}",
    re.DOTALL,
)
Fault = tuple[int, str]


def _faults(text: str, first_line: int = 1, phrases: re.Pattern[str] = PROSE) -> Iterator[Fault]:
    for match in phrases.finditer(text):
        yield first_line + text.count("\n", 0, match.start()), match[0]


def _blank(match: re.Match[str]) -> str:
    """Keep the line breaks of what is left out, so that line numbers stay right."""
    return "\n" * match[0].count("\n") or " "


def python_faults(text: str) -> list[Fault]:
    """Line and phrase in the docstrings, the comments and the translated texts of a module."""
    faults: list[Fault] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            if docstring:
                faults += _faults(_CODE.sub(_blank, docstring), node.body[0].lineno, CODE)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in TRANSLATING:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    faults += _faults(_CODE.sub(_blank, argument.value), argument.lineno)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            faults += _faults(_CODE.sub(_blank, token.string), token.start[0], CODE)
    return sorted(faults)


def template_faults(text: str) -> list[Fault]:
    """Line and phrase in the text of an HTML template."""
    return list(_faults(_MARKUP.sub(_blank, text)))


def markdown_faults(text: str) -> list[Fault]:
    """Line and phrase in a Markdown page, code apart."""
    return list(_faults(_CODE.sub(_blank, text)))
