"""The company's API key."""

from collections.abc import Mapping
from typing import Any

from publishers.keys.types import KeyType
from publishers.keys.vocabulary import (
    SAMPLE_MOMENT,
    SAMPLE_UUID,
    AnswerText,
    ParameterText,
    RequestExample,
)

_TRIAL = "It only reads: nothing is changed by it."
_COMPANY = ParameterText(
    "company_id",
    "The company's ID, as it stands here.",
    placeholder="COMPANY_ID",
    required=True,
    prefill="company_id",
)
_CALL = {
    "uuid": SAMPLE_UUID,
    "status": "finished",
    "campaign_id": "roofing",
    "caller_number": "+12025550142",
    "started_at": SAMPLE_MOMENT,
    "payout": "90.00",
    "revenue": "120.00",
    "converted": True,
}
_FORBIDDEN = AnswerText(
    403,
    "The wrong company, or not now",
    {"error": "company_id is missing, or is not the company of this key"},
    "company_id must be the one on this page. Else the key is paused, or may not be used from this address; the text says which.",
)


class AccountKey(KeyType):
    """Reads the company's calls, the newest first."""

    slug = "account"
    label = "API key"
    owners = ("company",)
    path = "/calls.json"
    method = "GET"
    section = "api_keys"

    @classmethod
    def parameters(cls, settings: Mapping[str, Any]) -> list[ParameterText]:
        return [
            _COMPANY,
            ParameterText(
                "page",
                "Which page of the list; 1 is the newest. The Link header has the address of the next one.",
            ),
            ParameterText("per_page", "How many calls a page has: 25, or up to 100."),
            ParameterText(
                "caller_number",
                "Only the calls of this caller. Every other filter is described under /api/docs.",
            ),
        ]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        short = "Past the last page, the list is empty. Shortened here: /api/docs on this host has every member."
        listed = AnswerText(200, "The calls", [{"call": _CALL}], short, xml_body={"calls": [_CALL]})
        return [listed, _FORBIDDEN]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        listing = RequestExample(
            "List the calls",
            cls.about(),
            "GET",
            cls.path,
            tuple(cls.parameters(settings)),
            tuple(cls.answers(settings)),
            _TRIAL,
        )
        uuid = ParameterText(
            "uuid", "The call's own ID.", SAMPLE_UUID, "CALL_UUID", required=True, in_path=True
        )
        shown = {"call": {**_CALL, "legs": [], "events": []}}
        answers = (
            AnswerText(
                200, "The call", shown, "Shortened here: /api/docs on this host has every member."
            ),
            AnswerText(
                404,
                "There is no such call",
                {"error": "call not found"},
                "The ID is no call of this company.",
            ),
            _FORBIDDEN,
        )
        one = RequestExample(
            "Read one call",
            "With its legs, and what happened when.",
            "GET",
            "/calls/{uuid}.json",
            (uuid, _COMPANY),
            answers,
            _TRIAL,
        )
        return [listing, one]
