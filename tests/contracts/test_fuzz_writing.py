"""Every input of data writing and conversions gets an answer in the requested format."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcontrol.models import Call
from campaigns.models import Buyer
from publishers.gateway import throttles
from publishers.models import LogEntry
from tests.contracts.test_fuzz import ACCEPTS, MEDIA, bodies, format_of, mostly, pairs, sent, texts
from tests.factories import make_key, make_market
from tests.selling import talk

pytestmark = pytest.mark.django_db
PATHS = {
    "/data_writing": "call_data_writing",
    "/data_writing/{key}": "call_data_writing",
    "/conversions": "conversion",
}
callers = st.one_of(st.sampled_from(["12025550102", "13105550103", "anonymous", ""]), texts)
requests = st.fixed_dictionaries(
    {
        "method": mostly("POST", st.sampled_from(["GET", "HEAD", "PUT", "DELETE"])),
        "to": st.tuples(st.sampled_from(list(PATHS)), st.sampled_from(["", ".json", ".xml"])),
        "pairs": st.tuples(pairs, callers, mostly("1.50", texts)).map(
            lambda said: [*said[0], ("caller_number", said[1]), ("revenue", said[2])]
        ),
        "body": mostly(b"", bodies),
        "content_type": mostly("application/json", st.sampled_from(MEDIA)),
        "accept": mostly("*/*", st.sampled_from(ACCEPTS)),
        "idempotency_key": mostly(None, st.sampled_from(["once", "", "é", "a" * 300])),
        "uuid": mostly(None, st.one_of(st.just(""), texts)),
    }
)


@pytest.fixture
def scene() -> tuple[dict[str, str], Call]:
    """Create a key of each type, and a live call of their company."""
    campaign = make_market()
    call = Call.objects.get(pk=talk(campaign)["call_uuid"])
    keys = {
        "call_data_writing": make_key("call_data_writing", campaign=campaign),
        "conversion": make_key("conversion", buyer=Buyer.objects.get()),
    }
    return {kind: key.key for kind, key in keys.items()}, call


@given(one=requests)
@settings(max_examples=250, suppress_health_check=list(HealthCheck))
def test_no_input_fails_and_each_leaves_one_row(
    client: Client, scene: tuple[dict[str, str], Call], one: dict[str, Any]
) -> None:
    keys, call = scene
    throttles.reset()
    cache.clear()  # and in Redis
    before, (path, ending) = LogEntry.objects.count(), one["to"]
    key = keys[PATHS[path]]
    named = (
        []
        if one["uuid"] == ""
        else [("call_uuid", str(call.pk) if one["uuid"] is None else one["uuid"])]
    )
    answer = sent(
        client,
        {**one, "path": path.format(key=key) + ending, "pairs": [*one["pairs"], *named]},
        key,
    )
    assert answer.status_code in {200, 400, 401, 404, 405, 406, 415, 422}
    assert LogEntry.objects.count() - before == 1
    if one["method"] != "HEAD" and ending:
        assert format_of(answer) == ending[1:]
