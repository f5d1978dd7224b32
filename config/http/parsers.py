"""DRF parsers for every form in which clients send a body. Each returns `Pairs`."""

import json
import math
from abc import abstractmethod
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any, NoReturn
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import multipartparser
from rest_framework import parsers

from .api_error import ApiError
from .bodies import Pairs, content_parameter, decode, read_bytes
from .negotiation import FORM, MULTIPART
from .xml import HashXMLParser


class TextParser(parsers.BaseParser):
    """Base: decodes a body that is not blank by its charset, and reads the text."""

    def parse(  # type: ignore[override] # pairs keep repeated names and their order
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Pairs:
        raw = read_bytes(stream)
        if not raw:
            return []
        charset = content_parameter(media_type, "charset")
        return self.read(decode(raw, charset), charset)

    @abstractmethod
    def read(self, text: str, charset: str) -> Pairs:
        """Return the pairs of a body's text; ApiError 400 or 422."""


# --- JSON -----------------------------------------------------------------------------------------
class _Number(float):
    """A finite JSON number that keeps how it was written, so that `1.50` stays `1.50`."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "_Number":
        number = super().__new__(cls, text)
        if not math.isfinite(number):
            _refuse_number(text)
        number.text = text
        return number


def _refuse_number(text: str) -> NoReturn:
    raise ApiError(400, f"unreadable body: {text[:20]} is no finite number")


_decode_json = json.JSONDecoder(parse_float=_Number, parse_constant=_refuse_number).decode
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JSONParser(TextParser):
    """An object; each member that is not null becomes text."""

    media_type = "application/json"

    def read(self, text: str, charset: str) -> Pairs:
        try:
            return _members(_decode_json(text))
        # ValueError: not JSON, or a number of thousands of digits. RecursionError: endless nesting.
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "unreadable body: not JSON") from error


def _members(data: Any) -> Pairs:
    if not isinstance(data, dict):
        raise ApiError(400, "unreadable body: the JSON is no object")
    return [
        (name, value if isinstance(value, str) else _value_text(value))
        for name, value in data.items()
        if value is not None
    ]


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number):
        return value.text
    if isinstance(value, int):
        return str(value)
    text = _compact(value)
    # Past the pairs of backslashes, what is left of \u0000 is a NUL that would hide in the text.
    if "\\u0000" in text and "\\u0000" in text.replace("\\\\", ""):
        raise ApiError(422, "a value holds a NUL character")
    return text


# --- forms ----------------------------------------------------------------------------------------
class PlainTextParser(TextParser):
    """A body of an unnamed type: JSON if it can be read as that, else a form."""

    media_type = "text/plain"

    def read(self, text: str, charset: str) -> Pairs:
        try:
            return _members(_decode_json(text))
        except json.JSONDecodeError:
            return _read_form(text, charset)
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "unreadable body: not JSON") from error


class FormParser(PlainTextParser):
    """A form; JSON too, because `curl -d '{…}'` sends it as one."""

    media_type = FORM

    def read(self, text: str, charset: str) -> Pairs:
        if text.lstrip()[:1] in ("{", "["):
            return super().read(text, charset)
        return _read_form(text, charset)


def _read_form(text: str, charset: str) -> Pairs:
    try:
        return parse_qsl(
            text.strip(), keep_blank_values=True, encoding=charset or "utf-8", errors="strict"
        )
    except ValueError as error:
        raise ApiError(400, "unreadable body: the form is not in its charset") from error


class _NoFiles(FileUploadHandler):
    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> NoReturn:
        raise ApiError(422, "files are not accepted")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called: the first file ends the reading."""

    def file_complete(self, file_size: int) -> None:
        """Never called, as above."""


class MultiPartParser(parsers.BaseParser):
    """A multipart form without files."""

    media_type = MULTIPART

    def parse(  # type: ignore[override]
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Pairs:
        raw = read_bytes(stream)
        if not raw:
            return []
        boundary = content_parameter(media_type, "boundary")
        charset = content_parameter(media_type, "charset") or "utf-8"
        meta = {"CONTENT_TYPE": f'{MULTIPART}; boundary="{boundary}"', "CONTENT_LENGTH": len(raw)}
        try:
            # Django's parser replaces what it cannot decode: as Latin-1 nothing is lost.
            fields, _ = multipartparser.MultiPartParser(
                meta, BytesIO(raw), [_NoFiles()], "latin-1"
            ).parse()
            if f"--{boundary}".encode() not in raw:
                raise ValueError(boundary)
        except (multipartparser.MultiPartParserError, SuspiciousOperation, ValueError) as error:
            raise ApiError(
                400, "unreadable body: not multipart with the boundary that it names"
            ) from error
        return [
            (_recoded(name, charset), _recoded(value, charset))
            for name, values in fields.lists()
            for value in values
        ]


def _recoded(text: object, charset: str) -> str:
    return decode(str(text).encode("latin-1"), charset)


class UnknownTypeParser(parsers.BaseParser):
    """Refuses a body of any other type, unless it is blank."""

    media_type = "*/*"

    def parse(  # type: ignore[override]
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Pairs:
        if read_bytes(stream):
            name = (media_type or "").partition(";")[0].strip().lower()
            raise ApiError(415, f"unknown content type: {name[:100]}")
        return []


PARSER_CLASSES: tuple[type[parsers.BaseParser], ...] = (
    JSONParser,
    HashXMLParser,
    FormParser,
    MultiPartParser,
    PlainTextParser,
    UnknownTypeParser,
)
