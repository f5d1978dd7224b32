"""Why a ping found no buyer: codes for tallies, words for people."""

import pytest

from campaigns.routing import reasons as routing_reasons
from config.desk import reasons

MISSING = "FAILED must include caller_zip (string)"


@pytest.mark.parametrize(
    ("result", "status", "refused", "response", "codes"),
    [
        ("reserved", 200, None, "{}", []),
        ("shielded", 200, None, "{}", []),
        ("no-target", 200, ",closed,daily-cap,", "{}", ["no-target", "closed", "daily-cap"]),
        ("no-target", 200, None, "{}", ["no-target", "nobody"]),
        ("rejected", 200, None, "{}", ["rejected"]),
        ("refused", 422, None, f'{{"error": "{MISSING}"}}', [f"422 {MISSING}"]),
        ("refused", 403, None, "<hash><error>this key is paused &amp; so</error></hash>", ["403 this key is paused & so"]),
        ("failed", 500, None, "[]", ["500"]),
        ("failed", 503, None, None, ["503"]),
        ("refused", 422, None, '{"error": "' + "x" * 300 + '"}', ["422 " + "x" * 200]),
    ],
    ids=["reserved", "shielded", "refused", "nobody", "paused", "missing", "xml", "list", "nothing", "long"],
)
def test_codes_of_an_outcome(result, status, refused, response, codes):
    assert list(reasons.codes(result=result, status=status, reasons=refused, response=response)) == codes


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("closed", "Closed"),
        ("filter", "A filter of the buyer"),
        ("daily-cap", "Daily cap full"),
        ("group-hourly-cap", "Group’s hourly cap full"),
        ("concurrency-cap", "Calls at once: cap full"),
        ("has-an-x", "Has an x"),
        ("rejected", "Campaign or publisher paused"),
        ("422 FAILED must include caller_zip (string)", "“caller_zip” missing"),
        ("429 too many requests", "Too many requests"),
        ("500", "Answered 500"),
    ],
)
def test_codes_in_words(code, words):
    assert reasons.in_words(code) == words


def test_every_reason_of_routing_is_told_apart():
    words = [reasons.in_words(reason.slug) for reason in routing_reasons()]
    assert (len(set(words)), {reasons.is_of_routing(reason.slug) for reason in routing_reasons()}) == (len(words), {True})
