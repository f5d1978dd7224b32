"""Tags from the response of a webhook."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from config.http.parameters import is_tag_value

from .requests import WebhookResult

# An object with another `status` gives no values: a refusal contains numbers too.
_VALID_STATUSES = ("reserved", "confirmed")


def response_tags(result: WebhookResult, values: Mapping[str, str]) -> dict[str, str]:
    """Return tags by name, from the dotted paths in `values` of a 2xx response in JSON.

    Values that are missing or unusable are left out.
    """
    response = None
    if values and result.is_success and result.is_whole:
        # Not JSON, a number of thousands of digits, or endless nesting.
        with suppress(ValueError, RecursionError):
            response = json.loads(result.body)
    found = {name: _value_at(response, path.split(".")) for name, path in values.items()}
    return {name: text for name, text in found.items() if text is not None and is_tag_value(text)}


def _value_at(value: Any, path: list[str]) -> str | None:
    """Return the text at a path; None if it is missing, or in an object that is not valid."""
    for name in path:
        is_index = isinstance(value, list) and name.isascii() and name.isdigit()
        if is_index and int(name[:4]) < len(value):
            value = value[int(name[:4])]
        elif isinstance(value, dict) and value.get("status", "reserved") in _VALID_STATUSES:
            value = value.get(name)
        else:
            return None
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
