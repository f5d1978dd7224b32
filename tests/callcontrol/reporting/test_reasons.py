"""Reasons for refused pings: codes and labels."""

import pytest

from callcontrol.reporting import reasons
from campaigns.routing.engine import routing_filters

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
        (
            "refused",
            403,
            None,
            "<hash><error>this key is paused &amp; so</error></hash>",
            ["403 this key is paused & so"],
        ),
        ("failed", 500, None, "[]", ["500"]),
        ("failed", 503, None, None, ["503"]),
        ("refused", 422, None, '{"error": "' + "x" * 300 + '"}', ["422 " + "x" * 200]),
        ("refused", 406, None, '{"error":"no .\\u0000\\ud800"}', ["406 no .\ufffd?"]),
        (
            "refused",
            422,
            None,
            '{"error":"no tag +1 202 555 0142"}',
            ["422 no tag +* *** *** 0142"],
        ),
    ],
    ids=[
        "reserved",
        "shielded",
        "refused",
        "nobody",
        "paused",
        "missing",
        "xml",
        "list",
        "nothing",
        "long",
        "nul",
        "number",
    ],
)
def test_codes_of_a_result(result, status, refused, response, codes):
    assert (
        list(reasons.reason_codes(result=result, status=status, reasons=refused, response=response))
        == codes
    )


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("closed", "Closed"),
        ("filter", "Filtered out"),
        ("daily-cap", "Daily cap full"),
        ("group-hourly-cap", "Group hourly cap full"),
        ("concurrency-cap", "Concurrency cap full"),
        ("has-an-x", "Has an x"),
        ("rejected", "Campaign or publisher paused"),
        ("422 FAILED must include caller_zip (string)", "“caller_zip” missing"),
        ("429 too many requests", "Too many requests"),
        ("500", "Status 500"),
    ],
)
def test_codes_have_labels(code, label):
    assert reasons.reason_text(code) == label


def test_every_routing_reason_has_its_own_label():
    words = [reasons.reason_text(reason.slug) for reason in routing_filters()]
    assert len(set(words)) == len(words)
    assert {reasons.is_of_routing(reason.slug) for reason in routing_filters()} == {True}


@pytest.mark.parametrize(
    ("code", "is_whole"),
    [
        ("closed", True),
        ("rejected", True),
        ("422 FAILED must include caller_zip (string)", True),
        ("422", False),
        ("422 " + "x" * 199, True),
        ("422 " + "x" * 200, False),
        ("422 no tag *******0142", False),
        ("406 no .\ufffd", False),
    ],
    ids=["reason", "paused", "error", "rest", "long", "cut", "masked", "replaced"],
)
def test_a_whole_error_text_can_be_searched(code, is_whole):
    assert reasons.is_whole(code) == is_whole


def test_rare_errors_are_shortened_to_their_status():
    counted = {"closed": 1, "429 too many requests": 9} | {
        f"422 no tag {number:02}": 2 for number in range(20)
    }
    assert reasons.short_reasons(counted) == {"422 no tag 19": "422"}
