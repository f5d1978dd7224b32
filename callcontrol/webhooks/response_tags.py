"""What of a webhook's answer becomes tags of the call."""

import json
import math
from collections.abc import Mapping
from typing import Any

from config.http.parameters import is_tag_value

from .requests import WebhookResult

# An answer that says how it stands gives its values only if it stands so: a refusal names numbers too.
_GOOD = ("reserved", "confirmed")


def response_tags(told: WebhookResult, values: Mapping[str, str]) -> dict[str, str]:
    """Tags by name, from the members at these dotted paths of a 2xx answer in JSON; what is unusable is left out."""
    answer = _read(told) if values and told.is_success and told.is_whole else None
    found = {name: _at(answer, path.split(".")) for name, path in values.items()}
    return {name: text for name, text in found.items() if text is not None and is_tag_value(text)}


def _read(told: WebhookResult) -> Any:
    try:
        return json.loads(told.body)
    except (
        ValueError,
        RecursionError,
    ):  # no JSON, a number of thousands of digits, nesting without end
        return None


def _at(value: Any, path: list[str]) -> str | None:
    """The text at a path; None if there is none, or if an object on the way says that it is not in force."""
    for name in path:
        if (
            isinstance(value, list)
            and name.isascii()
            and name.isdigit()
            and int(name[:4]) < len(value)
        ):
            value = value[int(name[:4])]
        elif isinstance(value, dict) and value.get("status", _GOOD[0]) in _GOOD:
            value = value.get(name)
        else:
            return None
    return _text(value)


def _text(value: Any) -> str | None:
    """Numbers as people write them, lists and objects as compact JSON."""
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if not math.isfinite(value):
            return None
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
