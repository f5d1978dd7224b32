"""Refusals of requests: one exception, and a subclass for each status other than 422."""


class Refusal(Exception):
    """The refusal of a request; `text` is the error on the wire, `status` the HTTP status."""

    status = 422

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Missing(Refusal):
    """A required value was not sent: `FAILED must include caller_number (string)`."""

    def __init__(self, name: str, kind: str = "string") -> None:
        super().__init__(f"FAILED must include {name} ({kind})")


class NotFound(Refusal):
    status = 404


class Forbidden(Refusal):
    status = 403


class Gone(Refusal):
    status = 410


class NotAuthorized(Refusal):
    status = 401

    def __init__(self, text: str = "not authorized") -> None:
        super().__init__(text)


class StillRunning(Refusal):
    """The first request with this Idempotency-Key is still running."""

    status = 409
    retry_after = 1


class TooManyRequests(Refusal):
    """The request exceeds a rate; `retry_after` is in whole seconds."""

    status = 429

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class CarrierUnavailable(Refusal):
    """The carrier failed to run a command; nothing has changed, and a retry may succeed."""

    status = 503
    retry_after = 1
