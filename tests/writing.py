"""Tags written through the whole product in this process, and where they are."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from callcontrol.models import CallTag, LateTag
from publishers.models import Key, StoredTag
from tests.pinging import CALLER, Answer

NO_CALL = "call not found, tags stored"
LIVE = "in progress call found, tags stored"
ENDED = "completed call found, tags applied"


def written(key: Key, **parameters: Any) -> Answer:
    """The answer to a write by this key; about the usual caller unless a caller or a call is
    named."""
    about = {} if "call_uuid" in parameters else {"caller_number": CALLER}
    return dict(
        Client()
        .get(f"/data_writing.json?{urlencode({'key': key.key, **about, **parameters})}")
        .json()
    )


def status(key: Key, **parameters: Any) -> str:
    return str(written(key, **parameters)["status"])


def on_calls() -> dict[str, str]:
    return dict(CallTag.objects.values_list("name", "value"))


def waiting_for_a_call() -> dict[str, str]:
    return dict(StoredTag.objects.values_list("name", "value"))


def waiting_on_calls() -> dict[str, str]:
    return dict(LateTag.objects.values_list("name", "value"))
