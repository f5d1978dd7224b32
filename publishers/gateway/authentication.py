"""Authentication classes: the key of a request, its company's settings, and the prefetched rows."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from campaigns import phone
from campaigns.errors import NotAuthorized, Refusal, TooManyRequests
from publishers.snapshot import snapshot_of

from .request import KeyRequest
from .throttles import RefusedKeyThrottle

# The region of a key's company at its last request: the caller's number in that region can then be
# a parameter of the prefetch, before the company is known.
_regions: dict[str, str] = {}


class CredentialAuthentication(BaseAuthentication):
    """Base: one credential identifies a company; `request.auth` is then the KeyRequest."""

    def authenticate(self, request: Request) -> tuple[None, KeyRequest]:
        """Return no user, and the request by its key.

        Raises the first fault of the request if there is one, else what `unknown` returns.
        """
        view: Any = request.parser_context["view"]
        key_request: KeyRequest = view.key_request
        key_request.key_text = self.credential(request, view)
        if key_request.key_text is not None:
            if key_request.key_text in view.kwargs.values():
                key_request.hide_key_in_path()
            self.identify(key_request, view)
            if key_request.is_authenticated:
                return None, key_request
            self._count_refused(request, view)
        raise view.faults[0] if view.faults else self.unknown()

    def credential(self, request: Request, view: Any) -> str | None:
        """Return the text that is to authenticate the request; None when there is none."""
        raise NotImplementedError

    def identify(self, key_request: KeyRequest, view: Any) -> None:
        """Set the snapshot, and the key or the credential's type, of a known credential."""
        raise NotImplementedError

    def unknown(self) -> Refusal:
        """Return the error for a missing or unknown credential."""
        return NotAuthorized()

    def _count_refused(self, request: Request, view: Any) -> None:
        throttle = RefusedKeyThrottle()
        if not throttle.allow_request(request, view):
            view.key_request.key_text = None  # more guesses do not fill the log
            raise TooManyRequests("too many refused keys", throttle.wait())


class KeyAuthentication(CredentialAuthentication):
    """A key among the parameters, as a bearer token, or in `X-Api-Key`.

    The view's `key_types` may use it; `key_names` are the parameters, the first that is sent wins.
    """

    def credential(self, request: Request, view: Any) -> str | None:
        key: str | None = view.parameters.key(view.key_names)
        if key is not None:
            return key
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return str(token.strip())
        return request.META.get("HTTP_X_API_KEY", "").strip() or None

    def identify(self, key_request: KeyRequest, view: Any) -> None:
        """Run the prefetch; once more when the company's region makes the caller another number."""
        text = key_request.key_text or ""
        if not text.isascii() or not text.isprintable():
            return
        region = _regions.get(text, "US")
        _read_caller(key_request, region)
        view.run_prefetch()
        if not key_request.rows["key"]:
            return
        key_pk, company_pk, version, *_ = (int(value or 0) for value in key_request.rows["key"][0])
        snapshot = key_request.snapshot = snapshot_of(company_pk, version)
        key = snapshot.keys.get(key_pk)
        if key is None or key.type not in view.key_types:
            return
        if key.retired_at is not None and key.retired_at <= key_request.now:
            return
        key_request.key = key
        if snapshot.region != region:
            _regions[text] = snapshot.region
            before = key_request.caller_number
            _read_caller(key_request, snapshot.region)
            if key_request.caller_number != before:
                view.run_prefetch()


def _read_caller(key_request: KeyRequest, region: str) -> None:
    text = key_request.parameters.number_text("caller_number")
    if text is None or phone.is_withheld(text):
        key_request.caller_number, key_request.caller_is_invalid = None, False
    else:
        key_request.caller_number = phone.to_e164(text, region)
        key_request.caller_is_invalid = key_request.caller_number is None
