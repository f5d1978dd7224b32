"""Posts what Twilio would, recorded by its documentation with fictional numbers, to the product
in this process."""

import json
from pathlib import Path
from urllib.parse import urlencode

from django.test import Client
from twilio.request_validator import RequestValidator

from tests.callcontrol.twilio.standin import PUBLIC, TOKEN

FOLDER = Path(__file__).parent / "payloads"
NUMBER, CALLER_SID, LEG_SID = "+18335550199", "CA" + "1" * 32, "CA" + "9" * 32


def recorded(name: str, **more: str) -> dict[str, str]:
    """The parameters of one webhook; `more` replaces some."""
    return {**json.loads((FOLDER / f"{name}.json").read_text()), **more}


def signature(path: str, said: dict[str, str], *, token: str = TOKEN, base: str = PUBLIC) -> str:
    return str(RequestValidator(token).compute_signature(base + path, said))


def posted(path: str, said: dict[str, str], *, signed: str | None = None) -> tuple[int, str]:
    """Status and text of the answer. `signed` None: rightly; blank: not at all."""
    signed = signature(path, said) if signed is None else signed
    headers = {"X-Twilio-Signature": signed} if signed else {}
    answer = Client().post(
        path, urlencode(said), "application/x-www-form-urlencoded", headers=headers
    )
    return answer.status_code, answer.content.decode()


def path(webhook: str, **query: object) -> str:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/carriers/twilio/{webhook}" + (f"?{asked}" if asked else "")
