"""Programs that send a request and read its answer, ready to be copied: curl, Python and JavaScript."""

import json
from typing import NamedTuple

from publishers.keys.vocabulary import RequestText


class SampleRequest(NamedTuple):
    """A request with everything filled in: `url` without its query, and what the query holds."""

    method: str
    url: str
    full_url: str
    query: list[tuple[str, str]]
    call: RequestText | None


class CodeSample(NamedTuple):
    slug: str
    label: str
    note: str
    code: str


def code_samples(asked: SampleRequest) -> list[CodeSample]:
    return [
        CodeSample("curl", "curl", "In a terminal:", curl(asked)),
        CodeSample("python", "Python", "Python 3, with nothing installed:", python(asked)),
        CodeSample(
            "javascript",
            "JavaScript",
            "On your server, Node 18 or newer; saved as a file that ends in .mjs:",
            javascript(asked),
        ),
    ]


def curl(asked: SampleRequest) -> str:
    """One line; everything in the query is encoded, so that nothing in double quotes means something to a shell."""
    return f'curl -s -X {asked.method} "{asked.full_url}"'


def python(asked: SampleRequest) -> str:
    return f"""\
import json
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

parameters = {_members(asked)}
url = {json.dumps(asked.url)} + "?" + urlencode(parameters)

try:
    with urlopen(Request(url, method="{asked.method}"), timeout=10) as response:
        status, answer = response.status, json.load(response)
except HTTPError as error:  # refused: the answer says why
    status, answer = error.code, json.load(error)

print(status, answer)
{_python_call(asked.call)}""".rstrip()


def javascript(asked: SampleRequest) -> str:
    return f"""\
const parameters = new URLSearchParams({_members(asked)});
const url = {json.dumps(asked.url)} + "?" + parameters;

const response = await fetch(url, {{ method: "{asked.method}" }});
const answer = await response.json();  // also when it was refused: it says why

console.log(response.status, answer);
{_javascript_call(asked.call)}""".rstrip()


def _members(asked: SampleRequest) -> str:
    """The same text in both languages."""
    if not asked.query:
        return "{}"
    lines = "".join(f"    {_quoted(name)}: {_quoted(value)},\n" for name, value in asked.query)
    return f"{{\n{lines}}}"


def _quoted(text: str) -> str:
    """A text as a literal of Python and of JavaScript alike."""
    return json.dumps(text, ensure_ascii=False)


def _python_call(call: RequestText | None) -> str:
    if call is None:
        return ""
    name = call.within or "answer"
    inner = f'{name} = answer.get("{name}", {{}})\n' if call.within else ""
    return f"""
{inner}if {name}.get("status") == "{call.status}":
    print("Dial", {name}["{call.number}"], "before", {name}["expires_at"])
"""


def _javascript_call(call: RequestText | None) -> str:
    if call is None:
        return ""
    name = call.within or "answer"
    inner = f"const {name} = answer.{name} ?? {{}};\n" if call.within else ""
    return f"""
{inner}if ({name}.status === "{call.status}") {{
  console.log("Dial", {name}.{call.number}, "before", {name}.expires_at);
}}
"""
