"""What the product says no with: one exception, and a class for each status that means something else than 422."""


class Refusal(Exception):
    """A request that is understood and refused; `text` goes over the wire, `status` is its HTTP status."""

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
    """The first request with this Idempotency-Key has not answered yet."""

    status = 409
    retry_after = 1


class TooManyRequests(Refusal):
    """Over a rate; `retry_after` is whole seconds."""

    status = 429

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class CarrierUnavailable(Refusal):
    """The carrier did not do what it was asked; nothing has changed, and asking again may help."""

    status = 503
    retry_after = 1
