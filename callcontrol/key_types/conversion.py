"""The key by which a buyer reports sales."""

from collections.abc import Mapping
from typing import Any

from publishers.kinds import KeyKind


class ConversionKey(KeyKind):
    """Reports that a call led to a sale."""

    slug = "conversion"
    label = "Conversion"
    owners = ("buyer",)
    path = "/conversions.json"

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [("call_uuid", "CALL_UUID"), ("revenue", "REVENUE")]
