"""Reads a request's body, in every form that clients send, into ordered pairs of name and text."""

import codecs
import json
import math
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from .api_error import ApiError
from .formats import is_json, is_xml
from .xml import HashXMLParser

MAX_BODY_BYTES: int = settings.MAX_BODY_BYTES
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

Pairs = list[tuple[str, str]]

# Codecs that are no charset of a client, and are slow (quadratic) or warn on hostile input.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})


def read_body(request: HttpRequest) -> Pairs:
    """What a body says, as (name, text) in its order; nothing for an empty one. Repeated names are not merged.

    ApiError: 413 over MAX_BODY_BYTES, 415 for an unknown content type, 400 for what cannot be read, 422 for a file.
    """
    raw = _raw(request).removeprefix(codecs.BOM_UTF8)
    if not raw or raw.isspace():
        return []
    content_type = (request.content_type or "").lower()
    parameters = request.content_params or {}
    charset = parameters.get("charset", "")
    if content_type == MULTIPART:
        return _multipart(raw, parameters.get("boundary", ""), charset or "utf-8")
    if is_xml(content_type):
        return _xml(raw, charset)
    if is_json(content_type):
        return _json(_text(raw, charset))
    if content_type in ("", "text/plain"):
        return _json_or_form(_text(raw, charset), charset)
    if content_type == FORM:
        text = _text(raw, charset)
        # `curl -d '{…}'` calls its JSON a form
        return (
            _json_or_form(text, charset)
            if text.lstrip()[:1] in ("{", "[")
            else _form(text, charset)
        )
    raise ApiError(415, f"unknown content type: {content_type[:100]}")


def _raw(request: HttpRequest) -> bytes:
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            raise ApiError(413, f"body over {MAX_BODY_BYTES // 1024} KiB")
        body = request.body  # Django reads no further than CONTENT_LENGTH
    except (OSError, ValueError) as error:  # the client went away, or a length that is no number
        raise ApiError(400, "unreadable body") from error
    if len(body) > MAX_BODY_BYTES:
        raise ApiError(413, f"body over {MAX_BODY_BYTES // 1024} KiB")
    return body


def _text(raw: bytes, charset: str) -> str:
    try:
        if charset and codecs.lookup(charset).name in _NO_CHARSETS:
            raise LookupError(charset)
        return raw.decode(charset or "utf-8")
    except (LookupError, ValueError) as error:
        raise ApiError(
            400, "unreadable body: not in the charset that it names, or in UTF-8 if it names none"
        ) from error


# --- JSON -----------------------------------------------------------------------------------------------
class _Number(float):
    """A finite JSON number that remembers how it was written, so that `1.50` stays `1.50`."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "_Number":
        number = super().__new__(cls, text)
        if not math.isfinite(number):
            _no_number(text)
        number.text = text
        return number


def _no_number(text: str) -> NoReturn:
    raise ApiError(400, f"unreadable body: {text[:20]} is no finite number")


_decode = json.JSONDecoder(parse_float=_Number, parse_constant=_no_number).decode
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _json(text: str) -> Pairs:
    try:
        return _members(_decode(text))
    except (
        ValueError,
        RecursionError,
    ) as error:  # not JSON, a number of thousands of digits, nesting without end
        raise ApiError(400, "unreadable body: not JSON") from error


def _json_or_form(text: str, charset: str) -> Pairs:
    try:
        return _members(_decode(text))
    except json.JSONDecodeError:
        return _form(text, charset)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "unreadable body: not JSON") from error


def _members(data: Any) -> Pairs:
    if not isinstance(data, dict):
        raise ApiError(400, "unreadable body: the JSON is no object")
    return [
        (name, value if isinstance(value, str) else _written(value))
        for name, value in data.items()
        if value is not None
    ]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number):
        return value.text
    if isinstance(value, int):
        return str(value)
    text = _compact(value)
    # Past the pairs of backslashes, what is left of \u0000 is a NUL that would hide inside the text.
    if "\\u0000" in text and "\\u0000" in text.replace("\\\\", ""):
        raise ApiError(422, "a value holds a NUL character")
    return text


# --- forms and XML --------------------------------------------------------------------------------------
def _form(text: str, charset: str) -> Pairs:
    try:
        return parse_qsl(
            text.strip(), keep_blank_values=True, encoding=charset or "utf-8", errors="strict"
        )
    except ValueError as error:
        raise ApiError(400, "unreadable body: the form is not in its charset") from error


def _xml(raw: bytes, charset: str) -> Pairs:
    if charset:  # what the header says wins over what the document says
        raw = _text(raw, charset).encode("utf-8", "surrogatepass")
    return HashXMLParser().parse(
        BytesIO(raw), parser_context={"encoding": "utf-8" if charset else None}
    )


class _NoFiles(FileUploadHandler):
    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> NoReturn:
        raise ApiError(422, "files are not accepted")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never reached: the first file ends the reading."""

    def file_complete(self, file_size: int) -> None:
        """Never reached, as above."""


def _multipart(raw: bytes, boundary: str, charset: str) -> Pairs:
    # Django's parser replaces what it cannot decode: as Latin-1 nothing is lost.
    meta = {"CONTENT_TYPE": f'{MULTIPART}; boundary="{boundary}"', "CONTENT_LENGTH": len(raw)}
    try:
        fields, _ = MultiPartParser(meta, BytesIO(raw), [_NoFiles()], "latin-1").parse()
        if f"--{boundary}".encode() not in raw:
            raise ValueError(boundary)
    except (MultiPartParserError, SuspiciousOperation, ValueError) as error:
        raise ApiError(
            400, "unreadable body: not multipart with the boundary that it names"
        ) from error
    return [
        (_recoded(name, charset), _recoded(value, charset))
        for name, values in fields.lists()
        for value in values
    ]


def _recoded(text: object, charset: str) -> str:
    return _text(str(text).encode("latin-1"), charset)
