"""The company's API key."""

from collections.abc import Mapping
from typing import Any

from publishers.kinds import KeyKind


class AccountKey(KeyKind):
    """Reads the company's calls."""

    slug = "account"
    label = "API key"
    owners = ("company",)
    path = "/calls.json"
    method = "GET"
    section = "api_keys"

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [("company_id", "COMPANY_ID")]
