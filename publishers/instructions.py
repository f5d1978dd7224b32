"""What a publisher or buyer is told about a key: the address to call, with its parameters spelled out."""

from urllib.parse import urlencode

from .kinds import kind_of
from .models import Key


def ready_url(*, key: Key, base_url: str) -> str:
    """The address that a client calls, the key filled in and each parameter with a placeholder in capitals.

    `base_url` is the installation's, with or without a slash at its end.
    """
    kind = kind_of(key.type)
    parameters = [("key", key.key), *kind.parameters(kind.full(key.settings))]
    return f"{base_url.rstrip('/')}{kind.path}?{urlencode(parameters)}"
