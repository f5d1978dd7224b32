"""The base of every viewset for requests by a key."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache, partial, wraps
from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import Counter
from rest_framework.authentication import BaseAuthentication
from rest_framework.filters import BaseFilterBackend
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from campaigns.errors import Forbidden, NotAuthorized, StillRunning, TooManyRequests
from config.http.address import client_address
from config.http.api_error import ApiError
from config.http.bodies import Pairs, read_body
from config.http.errors import POSTBACK_SHAPE
from config.http.parameters import Parameters, gather
from config.http.parsers import PARSER_CLASSES
from config.http.renderers import MEDIA_TYPES, RENDERER_CLASSES
from publishers.snapshot import KeySnapshot, Snapshot

from . import idempotency, prefetch
from .authentication import KeyAuthentication
from .idempotency import KeptResponse
from .permissions import AddressIsAllowed, FeatureIsEnabled, KeyIsActive, OwnerExists
from .request import KeyRequest
from .request_log import write_log_entry
from .throttles import KeyRateThrottle

_requests = Counter("ringpost_key_requests", "Requests by a key", ["type", "result", "status"])
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_DATABASE_AWAY = (OperationalError, InterfaceError)

_T = TypeVar("_T")
Classes = tuple[type[_T], ...]


@lru_cache
def _instances(classes: tuple[type[_T], ...]) -> list[_T]:
    """Return one instance of each class, shared by all requests: the classes keep no state."""
    return [each() for each in classes]


def logged(action: Callable[..., Response]) -> Callable[..., HttpResponse]:
    """Decorate an action of a KeyedViewSet: see its docstring for what that adds.

    The action gets the path's parameters without `key` and `format`.
    """

    @wraps(action)
    def run(
        view: "KeyedViewSet", request: Request, *, key: str = "", format: str = "", **path: str
    ) -> HttpResponse:
        return view.run_once(partial(action, view, request, **path))

    run.is_logged = True  # type: ignore[attr-defined]
    return run


def is_logged(action: Callable[..., Any]) -> bool:
    """Return whether an action is decorated with `logged`."""
    return getattr(action, "is_logged", False)


class KeyedViewSet(GenericViewSet[Any]):
    """Requests by a key: authenticated, authorized, throttled, logged, and run at most once.

    A subclass names the `key_types` that may use it, and what is read with the key in the first
    statement (`get_prefetch_parts`). Each of its actions is decorated with `logged`:

    - What the action changes, its log row and the answer kept for its Idempotency-Key are one
      transaction. An action that asks the carrier commits by itself (`is_atomic = False`): then
      only the log row and the kept answer are one.
    - An action or a check that raises is rolled back, and `handle_exception` writes the log row of
      its answer alone. So each request that names a key leaves exactly one row.

    What is wrong with the request itself (`faults`: its format, its method, its body) is raised
    only when its key is known, so that the row has the key. `final_permission_classes` are checked
    after that, `permission_classes` before.
    """

    # Without "head" and "options": neither is to run an action, or to be answered without a key.
    http_method_names = ["get", "post", "put", "patch", "delete"]
    authentication_classes: Classes[BaseAuthentication] = (KeyAuthentication,)
    permission_classes: Classes[BasePermission] = (
        OwnerExists,
        KeyIsActive,
        FeatureIsEnabled,
        AddressIsAllowed,
    )
    final_permission_classes: Classes[BasePermission] = ()
    throttle_classes: Classes[BaseThrottle] = (KeyRateThrottle,)
    parser_classes = PARSER_CLASSES
    renderer_classes = RENDERER_CLASSES
    filter_backends: Classes[BaseFilterBackend] = ()
    error_shape: ClassVar[Mapping[str, Any]] = POSTBACK_SHAPE

    key_types: ClassVar[tuple[str, ...]] = ()
    key_names: ClassVar[tuple[str, ...]] = ("key", "api_key")
    is_atomic: ClassVar[bool] = True
    # `as_view(clock=…)` takes another: the demo plays requests of the past.
    clock: Callable[[], datetime] = staticmethod(timezone.now)

    key_request: KeyRequest
    faults: list[ApiError]

    # --- what an action reads ---------------------------------------------------------------------
    @property
    def parameters(self) -> Parameters:
        return self.key_request.parameters

    @property
    def key(self) -> KeySnapshot:
        if self.key_request.key is None:
            raise NotAuthorized
        return self.key_request.key

    @property
    def snapshot(self) -> Snapshot:
        """The settings of the key's company."""
        if self.key_request.snapshot is None:
            raise NotAuthorized
        return self.key_request.snapshot

    def get_prefetch_parts(self) -> tuple[prefetch.QueryPart, ...]:
        """Return what the action needs beside the key."""
        return ()

    def run_prefetch(self) -> None:
        """Run the first statement: the key, and the rows that the action needs."""
        key_request = self.key_request
        key_request.rows = prefetch.run_prefetch(
            (prefetch.KEY, *self.get_prefetch_parts()),
            key=key_request.key_text or "",
            caller=key_request.caller_number,
            now=key_request.now,
        )

    # --- DRF's hooks, in the order of a request ---------------------------------------------------
    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.faults = []
        self.key_request = KeyRequest(
            method=request.method or "",
            path=request.path,
            address=client_address(request),
            now=self.clock(),
            idempotency_key=request.META.get("HTTP_IDEMPOTENCY_KEY"),
        )
        return super().initialize_request(request, *args, **kwargs)

    def get_parsers(self) -> list[BaseParser]:
        return _instances(self.parser_classes)

    def get_renderers(self) -> list[BaseRenderer]:
        return _instances(self.renderer_classes)

    def get_authenticators(self) -> list[BaseAuthentication]:
        return _instances(self.authentication_classes)

    def get_permissions(self) -> list[Any]:
        return _instances(self.permission_classes)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return dict(_PRIVATE)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.faults:
            raise self.faults[0]
        for permission in _instances(self.final_permission_classes):
            if not permission.has_permission(request, self):
                self.permission_denied(request, getattr(permission, "message", None))

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        try:
            chosen = super().perform_content_negotiation(request, force)
        except ApiError as fault:
            self.faults.append(fault)
            chosen = super().perform_content_negotiation(request, force=True)
        self.key_request.format = chosen[0].format
        return chosen

    def perform_authentication(self, request: Request) -> None:
        method = (request.method or "").lower()
        if method not in self.http_method_names or not hasattr(self, method):
            allowed = self.allowed_methods
            text = f"method not allowed: use {' or '.join(allowed)}"
            self.faults.append(ApiError(405, text, {"Allow": ", ".join(allowed)}))
        body: Pairs = []
        try:
            body = read_body(request)
        except ApiError as fault:
            self.faults.append(fault)
        path = {"key": self.kwargs["key"]} if "key" in self.kwargs else {}
        query = request.META.get("QUERY_STRING", "")
        self.key_request.parameters = gather(query, body, path)
        super().perform_authentication(request)

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        raise Forbidden(message or "not allowed")

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        raise TooManyRequests("too many requests", int(wait or 1))

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refused or failed request, and write its log row if it names a key."""
        response: Response = super().handle_exception(exc)
        body = self._render(response)
        key_request = self.key_request
        key_request.result = "failed" if response.status_code >= 500 else "refused"
        if self.is_atomic:  # what the action did is undone
            key_request.trace = key_request.reservation_uuid = key_request.call_uuid = None
        if key_request.key_text is not None:
            try:
                write_log_entry(key_request, status=response.status_code, body=body)
            except _DATABASE_AWAY:
                # An absent database is the one answer without a row.
                if response.status_code != 503:
                    lost = OperationalError("the log could not be written")
                    return self.handle_exception(lost)
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        # After the other headers, where clients have always received it.
        content_type = response["Content-Type"]
        del response["Content-Type"]
        response["Content-Type"] = content_type
        key_request = self.key_request
        if key_request.result:
            labels = (key_request.type or "refused", key_request.result, response.status_code)
            _requests.labels(*labels).inc()
        return response

    # --- actions ----------------------------------------------------------------------------------
    def run_once(self, action: Callable[[], Response]) -> HttpResponse:
        """Run an action, or return the answer that its Idempotency-Key has kept."""
        key_request = self.key_request
        if key_request.idempotency_key is None or key_request.method == "GET":
            return self._run(action, None)
        began = idempotency.begin_request(
            scope=key_request.idempotency_scope,
            method=key_request.method,
            path=key_request.path,
            idempotency_key=key_request.idempotency_key,
            parameters=key_request.parameters.without_key(),
            now=key_request.now,
        )
        if isinstance(began, KeptResponse):
            return self._replay(began)
        try:
            return self._run(action, began)
        except Exception as error:  # noqa: BLE001 - every failure has an answer and a row
            response = self.handle_exception(error)
            kept = KeptResponse(response.status_code, response.content.decode(), key_request.format)
            # A later request may have taken the key over; without a database its lock runs out.
            with suppress(StillRunning, *_DATABASE_AWAY):
                idempotency.finish_request(row=began, answer=kept)
            return response

    def _run(self, action: Callable[[], Response], record: int | None) -> Response:
        if self.is_atomic:
            with transaction.atomic():
                self.key_request.check_parameters()
                return self._log(action(), record)
        self.key_request.check_parameters()
        response = action()
        with transaction.atomic():
            return self._log(response, record)

    def _log(self, response: Response, record: int | None) -> Response:
        body, key_request = self._render(response), self.key_request
        key_request.result = key_request.result or "done"
        write_log_entry(key_request, status=response.status_code, body=body)
        if record is not None:
            kept = KeptResponse(response.status_code, body, key_request.format)
            idempotency.finish_request(row=record, answer=kept)
        return response

    def _replay(self, kept: KeptResponse) -> HttpResponse:
        self.key_request.result, self.key_request.format = "replayed", kept.format
        write_log_entry(self.key_request, status=kept.status, body=kept.body)
        return HttpResponse(
            kept.body,
            status=kept.status,
            content_type=MEDIA_TYPES[kept.format],
            headers={"Idempotency-Replayed": "true"},
        )

    def _render(self, response: Response) -> str:
        """Render an answer now, not after the transaction: the log row has its text."""
        response.accepted_renderer = self.request.accepted_renderer
        response.accepted_media_type = self.request.accepted_media_type
        response.renderer_context = self.get_renderer_context()  # type: ignore[attr-defined]
        return str(response.render().content.decode())
