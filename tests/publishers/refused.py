"""Refused requests with their status and error, for the tests of the viewset and of the log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from publishers.gateway import idempotency
from publishers.models import Key

NUMBER = "caller_number=12025550102"
UNREADABLE = "unreadable body: "
TAGS_101 = "&".join(f"t{number}=1" for number in range(101))
UNSTORABLE = "a parameter holds a NUL character, or bytes that are not UTF-8"


@dataclass(frozen=True)
class Case:
    """A request that differs from an accepted ping in these fields; `before` changes its key."""

    status: int
    error: str
    query: str = NUMBER
    body: bytes = b""
    content_type: str = ""
    method: str = "POST"
    path: str = "/rtbs"
    key: str | None = None
    before: Callable[[Key], Any] = lambda key: None
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, client: Client, key: Key) -> Any:
        """Change the key, and send the request in JSON."""
        self.before(key)
        return self.request(client, key, "json")

    def request(self, client: Client, key: Key, extension: str) -> Any:
        text = key.key if self.key is None else self.key
        address = f"{self.path}.{extension}?{self.query}" + (f"&key={text}" if text else "")
        return client.generic(
            self.method, address, self.body, self.content_type, headers=dict(self.headers)
        )


def set_on(owner: str, **values: Any) -> Callable[[Key], Any]:
    """Set values on the key, or on its campaign or company."""

    def change(key: Key) -> None:
        row = key if owner == "key" else getattr(key, owner)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()

    return change


def retire(owner: str) -> Callable[[Key], Any]:
    return lambda key: getattr(key, owner).retire(now=timezone.now())


def revoke(key: Key) -> None:
    key.retire(now=timezone.now())


def begin_once(**more: str) -> Callable[[Key], Any]:
    """Store a running ping with `more` parameters and the Idempotency-Key `once`."""

    def begin(key: Key) -> None:
        parameters = {"caller_number": "12025550102", **more}
        for path in ("/rtbs.json", "/rtbs.xml"):
            idempotency.begin_request(
                scope=f"key:{key.pk}",
                method="POST",
                path=path,
                idempotency_key="once",
                parameters=parameters,
                now=timezone.now(),
            )

    return begin


# Refused although the key is known: their log entries are the key's.
BY_KEY = {
    "not JSON": Case(400, UNREADABLE + "not JSON", body=b"{", content_type="application/json"),
    "a list": Case(
        400, UNREADABLE + "the JSON is no object", body=b"[1]", content_type="application/json"
    ),
    "1e999": Case(
        400,
        UNREADABLE + "1e999 is no finite number",
        body=b'{"a": 1e999}',
        content_type="application/json",
    ),
    "deep JSON": Case(
        400, UNREADABLE + "not JSON", body=b"[" * 60_000, content_type="application/json"
    ),
    "a DTD": Case(
        400,
        UNREADABLE + "not well-formed XML, or XML that is not accepted",
        body=b"<!DOCTYPE hash [<!ENTITY a 'b'>]><hash><zip>&a;</zip></hash>",
        content_type="text/xml",
    ),
    "paused": Case(403, "this key is paused", before=set_on("key", paused=True)),
    "switched off": Case(
        403,
        "real-time bidding is switched off for this company",
        before=set_on("company", rtb_enabled=False),
    ),
    "elsewhere": Case(
        403,
        "this key may not be used from this address",
        before=set_on("key", allowed_networks=["203.0.113.0/24"]),
    ),
    "no such reservation": Case(
        404,
        "reservation not found",
        method="PUT",
        path=f"/rtbs/{uuid4()}",
        query="status=confirmed",
    ),
    "no UUID in the path": Case(
        404, "reservation not found", method="PATCH", path="/rtbs/7%00", query="status=confirmed"
    ),
    "GET": Case(405, "method not allowed: use POST", method="GET"),
    "OPTIONS": Case(405, "method not allowed: use POST", method="OPTIONS"),
    "PUT without a UUID": Case(405, "method not allowed: use POST", method="PUT"),
    "DELETE": Case(
        405, "method not allowed: use PUT or PATCH", method="DELETE", path=f"/rtbs/{uuid4()}"
    ),
    "campaign gone": Case(410, "the owner of this key was deleted", before=retire("campaign")),
    "company gone": Case(410, "the owner of this key was deleted", before=retire("company")),
    "64 KiB and one": Case(
        413, "body over 64 KiB", body=b" " * 65_537, content_type="application/json"
    ),
    "10 MB": Case(413, "body over 64 KiB", body=b"a" * 10_000_000, content_type="application/json"),
    "a PDF": Case(
        415, "unknown content type: application/pdf", body=b"%PDF", content_type="application/pdf"
    ),
    "no caller": Case(
        422, "FAILED must include caller_number (string)", query="caller_number=undefined"
    ),
    "no number": Case(
        422, "caller_number must be a phone number of 7 to 15 digits", query="caller_number=hello"
    ),
    "too short": Case(
        422,
        "caller_number must be a phone number of 7 to 15 digits",
        query="caller_number=%2B123456",
    ),
    "too long": Case(
        422,
        "caller_number must be a phone number of 7 to 15 digits",
        query="caller_number=%2B1234567890123456",
    ),
    "nowhere to dial": Case(
        422,
        "inbound_number must be a phone number of 7 to 15 digits, or a SIP address",
        query=f"{NUMBER}&inbound_number=office",
    ),
    "two publishers": Case(
        422,
        "publisher_id, source_id, affiliate_id contradict each other",
        query=f"{NUMBER}&publisher_id=a&affiliate_id=b",
    ),
    "endless publisher": Case(
        422, "publisher_id has at most 1000 characters", query=f"{NUMBER}&source_id={'a' * 1001}"
    ),
    "101 tags": Case(
        422, "at most 100 tags in a request, these are 101", query=f"{NUMBER}&{TAGS_101}"
    ),
    "long name": Case(
        422,
        f"a tag's name has at most 100 characters: {'n' * 40}…",
        query=f"{NUMBER}&{'n' * 101}=1",
    ),
    "long value": Case(
        422, "a tag's value has at most 1000 characters: zip", query=f"{NUMBER}&zip={'1' * 1001}"
    ),
    "control character": Case(
        422, "a parameter's name holds a control character", query=f"{NUMBER}&a%0Ab=1"
    ),
    "NUL": Case(422, UNSTORABLE, query=f"{NUMBER}&zip=%00"),
    "NUL in a name": Case(422, UNSTORABLE, query=f"{NUMBER}&z%00=1"),
    "NUL in a number": Case(422, UNSTORABLE, query=f"{NUMBER}%00"),
    "surrogate": Case(422, UNSTORABLE, query=f"{NUMBER}&zip=%ED%A0%80"),
    "escaped surrogate": Case(
        422, UNSTORABLE, body=b'{"zip": "\\ud800"}', content_type="application/json"
    ),
    "nested NUL": Case(
        422,
        "a value holds a NUL character",
        body=b'{"a": {"b": "\\u0000"}}',
        content_type="application/json",
    ),
    "nested surrogate": Case(
        422, UNSTORABLE, body=b'{"a": ["\\ud800"]}', content_type="application/json"
    ),
    "a file": Case(
        422,
        "files are not accepted",
        body=b'--b\r\nContent-Disposition: form-data; name="zip"; filename="zip"\r\n\r\n1\r\n--b--\r\n',
        content_type="multipart/form-data; boundary=b",
    ),
    "required tag": Case(
        422,
        "FAILED must include caller_zip (string)",
        before=set_on("key", settings={"required_tags": ["caller_zip"]}),
    ),
    "other status": Case(
        422,
        "status must be confirmed",
        method="PUT",
        path=f"/rtbs/{uuid4()}",
        query="status=claimed",
    ),
    "no status": Case(
        422, "FAILED must include status (string)", method="PUT", path=f"/rtbs/{uuid4()}"
    ),
    "other parameters": Case(
        422,
        "this Idempotency-Key was used with other parameters",
        before=begin_once(zip="1"),
        headers={"Idempotency-Key": "once"},
    ),
    "still running": Case(
        409,
        "the first request with this Idempotency-Key is still running",
        before=begin_once(),
        headers={"Idempotency-Key": "once"},
    ),
    "endless Idempotency-Key": Case(
        422,
        "Idempotency-Key must have 1 to 255 printable characters",
        headers={"Idempotency-Key": "a" * 256},
    ),
    "NUL in Idempotency-Key": Case(
        422,
        "Idempotency-Key must have 1 to 255 printable characters",
        headers={"Idempotency-Key": "a\0"},
    ),
}


# Refused keys: their log entries have no key, only the last four characters of the text.
REFUSED_KEY = {
    "unknown": Case(401, "not authorized", key="f38240dd-7f65-4e17-a4d7-2e09ccafad0e"),
    "no UUID": Case(401, "not authorized", key="nobody"),
    "endless": Case(401, "not authorized", key="a" * 5000),
    "wrong type": Case(401, "not authorized", before=set_on("key", type="call_reservation")),
    "revoked": Case(401, "not authorized", before=revoke),
    "NUL in the key": Case(401, "not authorized", key="nobo%00dy"),
    "surrogate in the key": Case(401, "not authorized", key="nobo%ED%A0%80dy"),
    "unknown, and NUL in a tag": Case(
        401, "not authorized", key="nobody", query=f"{NUMBER}&zip=%00"
    ),
    "unknown, and the wrong verb": Case(
        405, "method not allowed: use POST", key="nobody", method="GET"
    ),
}
