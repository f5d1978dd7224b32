"""The company's API key."""

from publishers.kinds import KeyKind


class AccountKey(KeyKind):
    """Reads the company's calls."""

    slug = "account"
    label = "API key"
    owners = ("company",)
    path = "/calls.json"
    method = "GET"
    section = "api_keys"
