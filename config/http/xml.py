"""The field's XML, a `<hash>` of dashed names: written for the renderer, read by the parser."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser
from rest_framework_xml.parsers import XMLParser

from .api_error import ApiError
from .bodies import Pairs, content_parameter, decode, read_bytes
from .values import timestamp

MAX_DEPTH = 32
ROOT = "hash"
# Members with names that clients choose: written as key and value, never as elements of that name.
CLIENT_NAMED = frozenset({"tag_values", "tags"})

_is_name = re.compile(r"[A-Za-z][A-Za-z0-9_-]*").fullmatch
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NIL = ("nil", "{http://www.w3.org/2001/XMLSchema-instance}nil")
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# --- writing --------------------------------------------------------------------------------------
def write_xml(data: Any) -> str:
    """Return a well-formed document of plain data; what XML 1.0 cannot carry becomes U+FFFD."""
    parts = ['<?xml version="1.0" encoding="utf-8"?>\n']
    _write(parts, ROOT, data)
    return "".join(parts)


def _write(parts: list[str], name: str, value: Any) -> None:
    if isinstance(value, dict):
        parts.append(f"<{name}>")
        for key, item in value.items():
            element = str(key).replace("_", "-")
            if key in CLIENT_NAMED and isinstance(item, dict):
                _write_array(
                    parts, element, [{"key": name, "value": text} for name, text in item.items()]
                )
            elif _is_name(str(key)):
                _write(parts, element, item)
            else:
                _write(parts, "member", {"key": str(key), "value": item})
        parts.append(f"</{name}>")
    elif isinstance(value, list | tuple):
        _write_array(parts, name, value)
    else:
        parts.append(_leaf(name, value))


def _write_array(parts: list[str], name: str, items: Iterable[Any]) -> None:
    singular = _singular(name)
    parts.append(f'<{name} type="array">')
    for item in items:
        _write(parts, singular, item)
    parts.append(f"</{name}>")


def _leaf(name: str, value: Any) -> str:
    if value is None:
        return f'<{name} nil="true"/>'
    if isinstance(value, bool):
        return f'<{name} type="boolean">{"true" if value else "false"}</{name}>'
    if isinstance(value, int):
        return f'<{name} type="integer">{value}</{name}>'
    if isinstance(value, float | Decimal):
        return f'<{name} type="float">{float(value)}</{name}>'
    if isinstance(value, datetime):
        return f'<{name} type="datetime">{timestamp(value)}</{name}>'
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A parser turns a bare carriage return into a line feed, so it goes as a reference.
    text = _UNFIT.sub("\ufffd", text.replace("\r", "&#13;"))
    return f"<{name}>{text}</{name}>"


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    is_plural = name.endswith("s") and not name.endswith("ss") and name != "s"
    return name[:-1] if is_plural else "item"


# --- reading --------------------------------------------------------------------------------------
class _BoundedBuilder(TreeBuilder):
    """Raises while it reads, so that no deep tree is ever built."""

    depth = 0

    def start(self, tag: str, attrs: Mapping[Any, Any], /) -> Element:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        return super().start(tag, attrs)  # type: ignore[arg-type]

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag)


class HashXMLParser(XMLParser):
    """The package's parser without its guesses: every leaf stays text, and a DTD is refused.

    The package reads `+15551234567` and `02134` as integers, and accepts a DTD.
    """

    media_type = "text/xml"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Pairs:
        """Return names, underscored, and texts in the order of the document; ApiError 400."""
        raw = read_bytes(stream)
        if not raw:
            return []
        charset = content_parameter(media_type, "charset")
        if charset:  # the header's charset wins over the document's
            raw = decode(raw, charset).encode("utf-8", "surrogatepass")
        parser = DefusedXMLParser(
            target=_BoundedBuilder(), encoding="utf-8" if charset else None, forbid_dtd=True
        )
        try:
            parser.feed(raw)
            root = parser.close()
        # LookupError: an encoding that Python does not have.
        except (ParseError, ValueError, LookupError) as error:
            raise ApiError(
                400, "unreadable body: not well-formed XML, or XML that is not accepted"
            ) from error
        if not len(root) and (root.text or "").strip():
            raise ApiError(400, "unreadable body: the XML holds no members")
        return self._pairs(root)

    def _pairs(self, root: Element) -> Pairs:
        pairs: Pairs = []
        for element in root:
            is_list = len(element) > 0 or element.get("type") == "array"
            if (
                is_list
                and _name(element) in CLIENT_NAMED
                and all(tag.find("key") is not None for tag in element)
            ):
                pairs += [
                    (tag.findtext("key") or "", tag.findtext("value") or "")
                    for tag in element
                    if not _is_nil(tag.find("value"))
                ]
            elif not _is_nil(element):
                value = self._xml_convert(element)
                pairs.append((_name(element), value if isinstance(value, str) else _compact(value)))
        return pairs

    def _xml_convert(self, element: Element) -> Any:
        if _is_nil(element):
            return None
        if element.get("type") == "array":
            return [self._xml_convert(child) for child in element]
        if len(element):
            return {_name(child): self._xml_convert(child) for child in element}
        return element.text or ""


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2].replace("-", "_")


def _is_nil(element: Element | None) -> bool:
    return element is not None and any(element.get(name) in ("true", "1") for name in _NIL)
