"""Every call-control input gets an answer in the requested format, and one log entry."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcontrol.control.registry import all_actions
from callcontrol.models import Call, Transfer
from campaigns.models import Buyer
from publishers.gateway import throttles
from publishers.models import Key, LogEntry
from tests.callcontrol.call_center import handler_key, talk, transfer
from tests.contracts.test_fuzz import ACCEPTS, MEDIA, bodies, format_of, mostly, pairs, sent, texts
from tests.factories import make_market

pytestmark = pytest.mark.django_db
PATHS = [
    *(f"/call_control/v1/calls/{{call}}/{action.slug}" for action in all_actions()),
    "/call_control/v1/active_calls",
    "/call_control/v1/transfers/{transfer}",
    "/call_control/v1/transfers/{transfer}/conference_caller",
    "/buyers/b1/call_control/reject",
    "/buyer_groups/b1/call_control/reject",
]
named = pairs.map(
    lambda given: [(name, text) for name, text in given if name not in ("key", "api_key")]
)
numbers = st.one_of(
    st.sampled_from(["+16465550142", "911", "sip:a@example.com", "+12025550102", ""]), texts
)
requests = st.fixed_dictionaries(
    {
        "method": mostly("POST", st.sampled_from(["DELETE", "GET", "HEAD", "PUT"])),
        "path": st.sampled_from(
            [path + ending for path in PATHS for ending in ("", ".json", ".xml")]
        ),
        "pairs": st.tuples(named, numbers, texts).map(
            lambda said: [*said[0], ("transfer_to", said[1]), ("hold_caller", said[2])]
        ),
        "body": mostly(b"", bodies),
        "content_type": mostly("application/json", st.sampled_from(MEDIA)),
        "accept": mostly("*/*", st.sampled_from(ACCEPTS)),
        "idempotency_key": mostly(None, st.sampled_from(["once", "", "é", "a" * 300])),
        "uuid": mostly(
            None, texts.filter(lambda text: "/" not in text and text.strip(".") == text)
        ),
    }
)


@pytest.fixture
def scene() -> tuple[Key, Call, str]:
    """Create a handler key with every action, an answered call, and a transfer of another call."""
    campaign = make_market(caps=[None, None])
    key = handler_key(Buyer.objects.get(buyer_id="b1"))
    made = transfer(talk(campaign), key, hold_caller=True)
    return key, talk(campaign), made


@given(one=requests)
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
def test_no_input_fails_and_each_leaves_one_row(
    client: Client, scene: tuple[Key, Call, str], one: dict[str, Any]
) -> None:
    key, call, made = scene
    throttles.reset()
    cache.clear()  # and in Redis
    before = LogEntry.objects.count()
    path = one["path"].format(
        call=call.pk if one["uuid"] is None else one["uuid"], transfer=one["uuid"] or made
    )
    answer = sent(client, {**one, "path": path}, key.key)
    assert answer.status_code in {200, 400, 401, 404, 405, 406, 415, 422}
    # No handler exists for the path, so no key was read. The answer to HEAD has no body.
    is_unknown_path = answer.status_code == 404 and (
        one["method"] == "HEAD"
        or b'"not found"' in answer.content
        or b">not found<" in answer.content
    )
    if not is_unknown_path:
        assert LogEntry.objects.count() - before == 1
    if one["method"] != "HEAD" and path.endswith((".json", ".xml")):
        assert format_of(answer) == path.rpartition(".")[2]
    assert Transfer.objects.filter(pk=made).exists()
