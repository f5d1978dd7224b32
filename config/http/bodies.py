"""A request's body as bytes and text, before a parser reads it; each parser returns `Pairs`."""

import codecs
from typing import IO

from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework.request import Request

from .api_error import ApiError

MAX_BODY_BYTES: int = settings.MAX_BODY_BYTES
TOO_LARGE = f"body over {MAX_BODY_BYTES // 1024} KiB"

# Names and texts in the order of the body. Repeated names are not merged.
Pairs = list[tuple[str, str]]

# Codecs that no client means as a charset, and that are slow (quadratic) or warn on hostile input.
_NOT_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})


def read_body(request: Request) -> Pairs:
    """Return what the parser of the body's content type reads; nothing for an empty body.

    ApiError: 413 over MAX_BODY_BYTES, 415 for an unknown content type, 400 for an unreadable body,
    422 for a file.
    """
    length = request.META.get("CONTENT_LENGTH")
    if not length or length == "0":
        return []
    try:
        if int(length) > MAX_BODY_BYTES:
            raise ApiError(413, TOO_LARGE)
    except ValueError as error:
        raise ApiError(400, "unreadable body") from error
    return list(request.data)


def read_bytes(stream: IO[bytes]) -> bytes:
    """Return the bytes of a body without its byte order mark; nothing when all are blank."""
    try:
        raw = stream.read()  # Django reads no further than CONTENT_LENGTH
    except (OSError, ValueError) as error:  # the client went away
        raise ApiError(400, "unreadable body") from error
    raw = raw.removeprefix(codecs.BOM_UTF8)
    return b"" if raw.isspace() else raw


def content_parameter(content_type: str | None, name: str) -> str:
    """Return a parameter of a `Content-Type`, such as `charset`; blank when it has none."""
    return parse_header_parameters(content_type or "")[1].get(name, "")


def decode(raw: bytes, charset: str) -> str:
    """Return the text of bytes in a charset, UTF-8 when blank; ApiError 400."""
    try:
        if charset and codecs.lookup(charset).name in _NOT_CHARSETS:
            raise LookupError(charset)
        return raw.decode(charset or "utf-8")
    except (LookupError, ValueError) as error:
        raise ApiError(
            400, "unreadable body: not in the charset that it names, or in UTF-8 if it names none"
        ) from error
