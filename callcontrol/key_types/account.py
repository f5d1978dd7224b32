"""The key type of a company's API key."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from publishers.keys.types import KeyType
from publishers.keys.vocabulary import (
    SAMPLE_MOMENT,
    SAMPLE_UUID,
    AnswerText,
    ParameterText,
    RequestExample,
)

_TEST_EFFECT = _("It only reads and changes nothing.")
_COMPANY = ParameterText(
    "company_id",
    _("The company’s ID, as shown here."),
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
    _("Wrong company, or not allowed now"),
    {"error": "company_id is missing, or is not the company of this key"},
    _(
        "Send the company_id of this page. Otherwise the key is paused or may not be used from "
        "this address; the error says which."
    ),
)


class AccountKey(KeyType):
    """Reads the company's calls, the newest first."""

    slug = "account"
    label = _("API key")
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
                _(
                    "The page of the list; 1 is the newest. The Link header has the address of "
                    "the next page."
                ),
            ),
            ParameterText("per_page", _("The calls on a page: 25, or at most 100.")),
            ParameterText(
                "caller_number",
                _("Only the calls of this caller. /api/docs describes all other filters."),
            ),
        ]

    @classmethod
    def answers(cls, settings: Mapping[str, Any]) -> list[AnswerText]:
        short = _(
            "After the last page, the list is empty. Shortened here: /api/docs on this host "
            "describes all members."
        )
        listed = AnswerText(
            200, _("The calls"), [{"call": _CALL}], short, xml_body={"calls": [_CALL]}
        )
        return [listed, _FORBIDDEN]

    @classmethod
    def requests(cls, settings: Mapping[str, Any]) -> list[RequestExample]:
        listing = RequestExample(
            _("List the calls"),
            cls.about(),
            "GET",
            cls.path,
            tuple(cls.parameters(settings)),
            tuple(cls.answers(settings)),
            _TEST_EFFECT,
        )
        uuid = ParameterText(
            "uuid", _("The call’s ID."), SAMPLE_UUID, "CALL_UUID", required=True, in_path=True
        )
        body = {"call": {**_CALL, "legs": [], "events": []}}
        answers = (
            AnswerText(
                200,
                _("The call"),
                body,
                _("Shortened here: /api/docs on this host describes all members."),
            ),
            AnswerText(
                404,
                _("Call not found"),
                {"error": "call not found"},
                _("The company has no call with this ID."),
            ),
            _FORBIDDEN,
        )
        reading = RequestExample(
            _("Read a call"),
            _("With its legs and its timeline."),
            "GET",
            "/calls/{uuid}.json",
            (uuid, _COMPANY),
            answers,
            _TEST_EFFECT,
        )
        return [listing, reading]
