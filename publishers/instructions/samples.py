"""Code samples that send a request and read its answer: curl, Python and JavaScript."""

import json
from typing import NamedTuple

from django.utils.translation import gettext as _

from publishers.keys.vocabulary import NumberLocation


class SampleRequest(NamedTuple):
    """A request with its values: `url` without the query, `full_url` with it."""

    method: str
    url: str
    full_url: str
    query: list[tuple[str, str]]
    call: NumberLocation | None


class CodeSample(NamedTuple):
    slug: str
    label: str
    note: str
    code: str


def code_samples(request: SampleRequest) -> list[CodeSample]:
    return [
        CodeSample("curl", "curl", _("In a terminal:"), curl(request)),
        CodeSample("python", "Python", _("Python 3, standard library only:"), python(request)),
        CodeSample(
            "javascript",
            "JavaScript",
            _("On your server, Node 18 or newer, in a file ending in .mjs:"),
            javascript(request),
        ),
    ]


def curl(request: SampleRequest) -> str:
    """Return one line. The query is percent-encoded, so the shell expands nothing in it."""
    return f'curl -s -X {request.method} "{request.full_url}"'


def python(request: SampleRequest) -> str:
    dial = ""
    if call := request.call:
        name = call.within or "answer"
        inner = f'{name} = answer.get("{name}", {{}})\n' if call.within else ""
        dial = f"""
{inner}if {name}.get("status") == "{call.status}":
    print("Dial", {name}["{call.number}"], "before", {name}["expires_at"])
"""
    return f"""\
import json
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

parameters = {_members(request)}
url = {json.dumps(request.url)} + "?" + urlencode(parameters)

try:
    with urlopen(Request(url, method="{request.method}"), timeout=10) as response:
        status, answer = response.status, json.load(response)
except HTTPError as error:  # refused: the answer says why
    status, answer = error.code, json.load(error)

print(status, answer)
{dial}""".rstrip()


def javascript(request: SampleRequest) -> str:
    dial = ""
    if call := request.call:
        name = call.within or "answer"
        inner = f"const {name} = answer.{name} ?? {{}};\n" if call.within else ""
        dial = f"""
{inner}if ({name}.status === "{call.status}") {{
  console.log("Dial", {name}.{call.number}, "before", {name}.expires_at);
}}
"""
    return f"""\
const parameters = new URLSearchParams({_members(request)});
const url = {json.dumps(request.url)} + "?" + parameters;

const response = await fetch(url, {{ method: "{request.method}" }});
const answer = await response.json();  // also when it was refused: it says why

console.log(response.status, answer);
{dial}""".rstrip()


def _members(request: SampleRequest) -> str:
    """Return the query as a literal that Python and JavaScript both accept."""
    if not request.query:
        return "{}"
    lines = "".join(f"    {_quoted(name)}: {_quoted(value)},\n" for name, value in request.query)
    return f"{{\n{lines}}}"


def _quoted(text: str) -> str:
    """Return a string literal that Python and JavaScript both accept."""
    return json.dumps(text, ensure_ascii=False)
