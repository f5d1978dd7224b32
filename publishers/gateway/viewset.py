"""What every request by a key goes through: format, body, key, rate, idempotency, one transaction, one row in the log."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import Counter
from rest_framework.views import APIView

from campaigns import phone
from campaigns.errors import Forbidden, Gone, NotAuthorized, Refusal, StillRunning, TooManyRequests
from config.http.address import client_address, is_within
from config.http.bodies import Pairs, read_body
from config.http.errors import POSTBACK_SHAPE, ApiError, error_response_for
from config.http.formats import MEDIA_TYPES, render, requested_format
from config.http.parameters import gather
from publishers.keys.types import key_type_of
from publishers.snapshot import snapshot_of

from . import idempotency, prefetch, throttles
from .idempotency import KeptResponse
from .request import KeyRequest

_requests = Counter("ringpost_key_requests", "Requests by a key", ["type", "result", "status"])
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_REFUSED_A_MINUTE = 60
_DATABASE_AWAY = (OperationalError, InterfaceError)

Acts = Callable[..., tuple[int, Any]]
_T = TypeVar("_T")
# The region of a key's company when it was last seen: lets the caller's number be part of the first statement.
_regions: dict[str, str] = {}


class KeyedViewSet(APIView):
    """The base of every entrance that takes a key.

    A subclass names its `kinds` of keys, adds `reads` to the first statement, and has a method for each verb that
    takes the Visit and the path's parameters and returns a status and the answer's members (`visit.headers` go with
    them). It runs in one transaction with the log row; what it raises as a Refusal rolls it back and is logged by itself.
    An act that `asks_outside` keeps its own transactions: its log row and its kept answer are one afterwards.
    """

    kinds: ClassVar[tuple[str, ...]]
    key_names: ClassVar[tuple[str, ...]] = ("key", "api_key")  # the first that is sent is the key
    asks_outside: ClassVar[bool] = False
    reads: ClassVar[tuple[prefetch.QueryPart, ...]] = ()
    error_shape: ClassVar[Mapping[str, Any]] = POSTBACK_SHAPE
    clock: Callable[[], datetime] = staticmethod(
        timezone.now
    )  # `as_view(clock=…)` brings another: past days are played so

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        visit = KeyRequest(
            method=request.method or "",
            path=request.path,
            address=client_address(request),
            now=self.clock(),
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        try:
            act = self._read(request, visit, kwargs)
            self.prepare(visit)
            answer = self._act_once(act, visit, kwargs)
        except Exception as error:  # noqa: BLE001 - every failure has an answer and a row
            answer = self._refuse(visit, error)
        _requests.labels(visit.type or "refused", visit.result or "failed", answer.status).inc()
        content_type = MEDIA_TYPES[answer.format]
        return HttpResponse(
            answer.body,
            status=answer.status,
            content_type=content_type,
            headers=visit.headers | _PRIVATE,
        )

    def prepare(self, visit: KeyRequest) -> None:
        """Runs once the key is let in, before the transaction of the act."""

    def _read(
        self, request: HttpRequest, visit: KeyRequest, path_values: Mapping[str, str]
    ) -> Acts:
        """Everything before the act. What is wrong with the request is raised after its key is known, so that it is logged."""
        faults: list[ApiError] = []
        visit.format = _unless_wrong(faults, "json", _format, request, path_values)
        act = _unless_wrong(faults, _nothing, self._act_for, visit.method)
        nothing: Pairs = []
        body = _unless_wrong(faults, nothing, read_body, request)
        named_in_path = {name: value for name, value in path_values.items() if name == "key"}
        visit.parameters = gather(request.META.get("QUERY_STRING", ""), body, named_in_path)
        visit.key_text = self.credential(request, visit)
        if visit.key_text is not None and visit.key_text in path_values.values():
            visit.hide_key_in_path()
        self._authorize(visit, faults[0] if faults else None)
        if faults:
            raise faults[0]
        return act

    def _act_for(self, method: str) -> Acts:
        act: Acts | None = (
            getattr(self, method.lower(), None)
            if method in ("GET", "POST", "PUT", "PATCH", "DELETE")
            else None
        )
        if act is None:
            allowed = [
                name
                for name in ("GET", "POST", "PUT", "PATCH", "DELETE")
                if hasattr(self, name.lower())
            ]
            raise ApiError(
                405,
                f"method not allowed: use {' or '.join(allowed)}",
                {"Allow": ", ".join(allowed)},
            )
        return act

    # --- the key ------------------------------------------------------------------------------------------
    def credential(self, request: HttpRequest, visit: KeyRequest) -> str | None:
        """The text that is to let the request in: a key, unless an entrance has another."""
        return visit.parameters.key(self.key_names) or _key_in_header(request)

    def unknown(self) -> Refusal:
        """What a request is told whose credential nobody knows."""
        return NotAuthorized()

    def _authorize(self, visit: KeyRequest, wrong: ApiError | None) -> None:
        if visit.key_text is None:
            raise wrong or self.unknown()
        self.look_up(visit)
        if not visit.is_let_in:
            self._count_refused(visit)
            raise wrong or self.unknown()
        self.check_right(visit)

    def check_right(self, visit: KeyRequest) -> None:
        """Raises Gone, Forbidden or TooMany for a known key that may not be used now, or not so."""
        key, snapshot = visit.let_in()
        kind = key_type_of(key.type)
        if key.owner_is_gone or snapshot.retired:
            raise Gone("the owner of this key was deleted")
        if key.paused:
            raise Forbidden("this key is paused")
        kind.check_switch(snapshot.switches)
        if key.networks and not is_within(visit.address, key.networks):
            raise Forbidden("this key may not be used from this address")
        if key.requests_per_second:
            burst = key.burst or key.requests_per_second
            wait = throttles.seconds_to_wait(
                f"key:{key.row}", per_second=key.requests_per_second, burst=burst, now=visit.now
            )
            if wait:
                raise TooManyRequests("too many requests", wait)

    def look_up(self, visit: KeyRequest) -> None:
        """Reads the key, and what the entrance wants beside it, for the caller in the company's region.

        Leaves on the visit what makes it `is_let_in`; nothing for a credential that nobody knows.
        """
        text = visit.key_text or ""
        if not text.isascii() or not text.isprintable():
            return
        region = _regions.get(text, "US")
        self._read_caller(visit, region)
        self.read_again(visit)
        if not visit.read["key"]:
            return
        row, company_pk, version, *_ = (int(value or 0) for value in visit.read["key"][0])
        visit.snapshot = snapshot_of(company_pk, version)
        key = visit.snapshot.keys.get(row)
        if (
            key is None
            or key.type not in self.kinds
            or (key.retired_at is not None and key.retired_at <= visit.now)
        ):
            return
        visit.key = key
        if visit.snapshot.region != region:
            _regions[text] = visit.snapshot.region
            before = visit.caller_number
            self._read_caller(visit, visit.snapshot.region)
            if visit.caller_number != before:
                self.read_again(visit)

    def read_again(self, visit: KeyRequest) -> None:
        """The first statement: the key, and what the entrance wants beside it."""
        parts = (prefetch.KEY, *self.reads)
        visit.read = prefetch.run_prefetch(
            parts, key=visit.key_text or "", caller=visit.caller_number, now=visit.now
        )

    def _read_caller(self, visit: KeyRequest, region: str) -> None:
        said = visit.parameters.number_text("caller_number")
        if said is None or phone.is_withheld(said):
            visit.caller_number, visit.caller_is_unusable = None, False
        else:
            visit.caller_number = phone.to_e164(said, region)
            visit.caller_is_unusable = visit.caller_number is None

    def _count_refused(self, visit: KeyRequest) -> None:
        """Who guesses keys is slowed down, and no longer fills the log."""
        wait = throttles.count_request(
            f"refused:{visit.address}", limit=_REFUSED_A_MINUTE, seconds=60, now=visit.now
        )
        if wait:
            visit.key_text = None
            raise TooManyRequests("too many refused keys", wait)

    # --- the act ------------------------------------------------------------------------------------------
    def _act_once(
        self, act: Acts, visit: KeyRequest, path_values: Mapping[str, str]
    ) -> KeptResponse:
        if visit.idempotency_key is None or visit.method == "GET":
            return self._act(act, visit, path_values, None)
        began = idempotency.begin_request(
            scope=visit.scope,
            method=visit.method,
            path=visit.path,
            idempotency_key=visit.idempotency_key,
            parameters=visit.parameters.without_key(),
            now=visit.now,
        )
        if isinstance(began, KeptResponse):
            visit.result, visit.format = "replayed", began.format
            visit.write(status=began.status, body=began.body)
            visit.headers["Idempotency-Replayed"] = "true"
            return began
        try:
            return self._act(act, visit, path_values, began)
        except Exception as error:  # noqa: BLE001 - as above; its Idempotency-Key is free again
            answer = self._refuse(visit, error)
            with suppress(
                StillRunning, *_DATABASE_AWAY
            ):  # it is another's by now, or free when its time to run is over
                idempotency.finish_request(row=began, answer=answer)
            return answer

    def _act(
        self, act: Acts, visit: KeyRequest, path_values: Mapping[str, str], record: int | None
    ) -> KeptResponse:
        """One transaction: what was asked, its log row, and its kept answer; or none of them."""
        values = {
            name: value for name, value in path_values.items() if name != "key" and name != "format"
        }
        if self.asks_outside:
            visit.check()
            told = act(visit, **values)
            with transaction.atomic():
                return self._write(visit, *told, record)
        with transaction.atomic():
            visit.check()
            return self._write(visit, *act(visit, **values), record)

    def _write(
        self, visit: KeyRequest, status: int, members: Any, record: int | None
    ) -> KeptResponse:
        visit.result = visit.result or "done"
        answer = KeptResponse(status, render(members, visit.format).decode(), visit.format)
        visit.write(status=status, body=answer.body)
        if record is not None:
            idempotency.finish_request(row=record, answer=answer)
        return answer

    def _refuse(self, visit: KeyRequest, error: Exception) -> KeptResponse:
        """The answer to a refusal or a failure, and its log row by itself: one for every request that names a key."""
        verdict = error_response_for(error)
        body = render({**self.error_shape, "error": verdict.text}, visit.format).decode()
        visit.headers = dict(verdict.headers)
        visit.result = "failed" if verdict.status >= 500 else "refused"
        if not self.asks_outside:  # what the act came to is undone
            visit.trace, visit.reservation_uuid, visit.call_uuid = None, None, None
        if visit.key_text is not None:
            try:
                visit.write(status=verdict.status, body=body)
            except _DATABASE_AWAY:
                if verdict.status != 503:  # an absent database is the one answer without a row
                    return self._refuse(visit, OperationalError("the log could not be written"))
        return KeptResponse(verdict.status, body, visit.format)


def _nothing(visit: KeyRequest, **values: str) -> tuple[int, dict[str, Any]]:
    """Stands for the act of a request that is refused before it."""
    raise ApiError(400, "unreadable request")


def _format(request: HttpRequest, path_values: Mapping[str, str]) -> str:
    """The format asked for; ApiError 406, also for a path of two extensions."""
    extension = path_values.get("format", "json")
    if extension.lower() not in MEDIA_TYPES:
        raise ApiError(406, f"unknown format: .{extension[:20]}")
    return requested_format(
        request.path, request.META.get("HTTP_ACCEPT"), request.META.get("CONTENT_TYPE")
    )


def _unless_wrong(
    faults: list[ApiError], otherwise: _T, read: Callable[..., _T], *given: Any
) -> _T:
    """What `read` reads, or `otherwise` and one more fault: the rest of the request may still name a key."""
    try:
        return read(*given)
    except ApiError as error:
        faults.append(error)
        return otherwise


def _key_in_header(request: HttpRequest) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.headers.get("X-Api-Key", "").strip() or None
