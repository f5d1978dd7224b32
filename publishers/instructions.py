"""What a publisher or buyer is told about a key: the address to call, with its parameters spelled out."""

from urllib.parse import urlencode

from .kinds import kind_of
from .models import Key


def ready_url(*, key: Key, base_url: str) -> str:
    """The address that a client calls, the key filled in and each parameter with a placeholder in capitals.

    What is known of the key's company stands in its place. `base_url` is the installation's, with or without a slash at its
    end. Blank for a key that may do nothing.
    """
    kind, settings = kind_of(key.type), kind_of(key.type).full(key.settings)
    path = kind.path_for(settings)
    if not path:
        return ""
    known = {"company_id": key.company.company_id}
    spelled = [(name, known.get(name, placeholder)) for name, placeholder in kind.parameters(settings)]
    return f"{base_url.rstrip('/')}{path}?{urlencode([('key', key.key), *spelled])}"
