"""The one exception that the ground of the APIs raises."""

from collections.abc import Mapping


class ApiError(Exception):
    """A request that cannot be served; `status` and `text` go over the wire, `headers` with them (Retry-After, Allow)."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})
