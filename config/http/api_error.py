"""The exception of this package."""

from collections.abc import Mapping


class ApiError(Exception):
    """A request that cannot be served; the answer has its status, text and headers."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})
