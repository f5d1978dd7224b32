"""The parameters of a request: query, body and path, merged; reserved parameters and tags."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from .api_error import ApiError

PUBLISHER_NAMES = ("publisher_id", "source_id", "affiliate_id")
RESERVED = frozenset({
    "key", "api_key", "company_id", "caller_number", "call_uuid", "inbound_number",
    *PUBLISHER_NAMES, "format", "controller", "action", "utf8",
})  # fmt: skip
NUMBERS = frozenset({"caller_number", "inbound_number"})
MAX_TAGS = 100
MAX_TAG_NAME = 100
MAX_TAG_VALUE = 1_000

_SECRETS = frozenset({"key", "apikey", "token", "authorization", "company_id"})
_SECRET_ENDINGS = ("_key", "-key", "_token", "password", "secret")
_WHOLE_FLOAT = re.compile(r"\+?\d+\.0+")
_NO_NUMBER = frozenset({"", "undefined", "null"})


class Parameters(dict[str, str]):
    """Names and texts in the order of body, query and path; one text for each name."""

    def check(self) -> "Parameters":
        """Return itself; ApiError 422 for NUL, lone surrogates, or control characters in names."""
        text = "".join((*self, *self.values()))
        if "\0" in text or not (text.isascii() or _is_unicode(text)):
            raise ApiError(422, "a parameter holds a NUL character, or bytes that are not UTF-8")
        for name in self:
            if not name.isprintable() and any(
                unicodedata.category(letter) == "Cc" for letter in name
            ):
                raise ApiError(422, "a parameter's name holds a control character")
        return self

    def value(self, name: str) -> str | None:
        """Return the text of a parameter; None when it is missing or blank."""
        text = self.get(name)
        return text if text and not text.isspace() else None

    def number_text(self, name: str) -> str | None:
        """Return the text of a phone number, unparsed; None for a blank, `undefined` and `null`."""
        raw = self.get(name, "")
        text = raw.strip()
        if text.lower() in _NO_NUMBER:
            return None
        if _WHOLE_FLOAT.fullmatch(text):  # spreadsheets and data frames keep numbers as floats
            text = text.partition(".")[0]
        # A raw + in a query decodes to a space: " 12025550102" was sent as +12025550102.
        return f"+{text}" if raw[0] == " " and text[0].isdecimal() else text

    def key(self, names: Iterable[str] = ("key", "api_key")) -> str | None:
        """Return the key of the request: the first of `names` that is not blank."""
        return next(filter(None, map(self.value, names)), None)

    def without_key(self) -> dict[str, str]:
        """Return the other parameters: a repeat may send its key in another way."""
        return {name: text for name, text in self.items() if name not in ("key", "api_key")}

    def publisher(self) -> str | None:
        """Return the publisher's id; ApiError 422 if its names contradict, or if it is too long."""
        given = [text for text in map(self.value, PUBLISHER_NAMES) if text]
        if len(set(given)) > 1:
            raise ApiError(422, f"{', '.join(PUBLISHER_NAMES)} contradict each other")
        if given and len(given[0]) > MAX_TAG_VALUE:
            raise ApiError(422, f"publisher_id has at most {MAX_TAG_VALUE} characters")
        return given[0] if given else None

    def tags(self, extra_reserved: frozenset[str] = frozenset()) -> dict[str, str]:
        """Return every parameter that is not reserved, even if blank; ApiError 422 past a limit."""
        tags = {
            name: text
            for name, text in self.items()
            if name and name not in RESERVED and name not in extra_reserved
        }
        if len(tags) > MAX_TAGS:
            raise ApiError(422, f"at most {MAX_TAGS} tags in a request, these are {len(tags)}")
        for name, text in tags.items():
            short_name = name if len(name) <= 40 else f"{name[:40]}…"
            if len(name) > MAX_TAG_NAME:
                raise ApiError(
                    422, f"a tag's name has at most {MAX_TAG_NAME} characters: {short_name}"
                )
            if len(text) > MAX_TAG_VALUE:
                raise ApiError(
                    422, f"a tag's value has at most {MAX_TAG_VALUE} characters: {short_name}"
                )
        return tags

    def masked(self) -> dict[str, str]:
        """Return all parameters, storable; of a secret only its last four characters."""
        masked = {}
        for name, text in self.items():
            lowered = name.strip().lower()
            if lowered in _SECRETS or lowered.endswith(_SECRET_ENDINGS):
                text = f"…{text[-4:]}" if len(text) > 4 else "…" * bool(text)
            masked[_storable(name)] = _storable(text)
        return masked


def merge(query: str, body: Iterable[tuple[str, str]], path: Mapping[str, str]) -> Parameters:
    """Merge: path over query over body, the last of a repeated name; ApiError 422.

    `query` is WSGI's QUERY_STRING. A blank reserved parameter counts as not sent.
    """
    return gather(query, body, path).check()


def gather(query: str, body: Iterable[tuple[str, str]], path: Mapping[str, str]) -> Parameters:
    """Merge without a check, to find the key of a request that is about to be refused."""
    # Bytes that are not UTF-8 become lone surrogates here, which `check` refuses.
    if not query.isascii():
        query = query.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
    sent = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    merged = Parameters()
    for name, text in (*body, *sent, *path.items()):
        if name not in merged or name not in RESERVED or _is_sent(name, text):
            merged[name] = text
    return merged


def _is_sent(name: str, text: str) -> bool:
    stripped = text.strip()
    return stripped.lower() not in _NO_NUMBER if name in NUMBERS else bool(stripped)


def is_tag_name(name: str) -> bool:
    """Return whether this may be the name of a tag."""
    return 1 <= len(name) <= MAX_TAG_NAME and not any(
        unicodedata.category(letter) in {"Cc", "Cs"} for letter in name
    )


def is_tag_value(text: str) -> bool:
    """Return whether a value is short, and storable: PostgreSQL refuses NUL and surrogates."""
    return len(text) <= MAX_TAG_VALUE and "\0" not in text and _is_unicode(text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
