"""The examples of posting instructions run as they stand, and the bodies that they show are
those that are answered."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Buyer, Campaign
from publishers.instructions.page import instructions_page
from publishers.keys.vocabulary import SAMPLE_UUID
from publishers.models import Key, LogEntry, Publisher
from reservations.models import Reservation
from tests import factories as make
from tests.pinging import dial

LANGUAGES = [
    "curl",
    "python",
    pytest.param(
        "javascript", marks=pytest.mark.skipif(not shutil.which("node"), reason="no node")
    ),
]


def _page(key: Key, base_url: str = "http://testserver") -> Any:
    """For the publisher alpha, where the key is a campaign's."""
    publisher = Publisher.objects.filter(publisher_id="alpha").first() if key.campaign else None
    if key.campaign and publisher is None:
        publisher = make.make_publisher(key.company, publisher_id="alpha")
    return instructions_page(
        key=key, publisher=publisher, former=None, base_url=base_url, now=timezone.now()
    )


# --- the programs ---------------------------------------------------------------------------------
def _run(language: str, code: str, folder: Path) -> str:
    """What a program prints."""
    program = folder / "example.mjs"
    program.write_text(code)
    command = {
        "curl": ["sh", "-c", code],
        "python": [sys.executable, "-I", "-c", code],
        "javascript": ["node", str(program)],
    }
    return subprocess.run(
        command[language], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def _code(request: Any, language: str) -> str:
    return next(sample.code for sample in request.samples if sample.slug == language)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key_type", ["rtb", "call_reservation"])
def test_an_example_reserves_a_buyer_and_says_what_to_dial(
    live_server: Any, tmp_path: Path, key_type: str, language: str
) -> None:
    key = make.make_ready_key(key_type, required_tags=["home owner"])
    printed = _run(language, _code(_page(key, live_server.url).requests[0], language), tmp_path)
    row = Reservation.objects.get()
    found = (row.inbound_number.lstrip("+") in printed, "Dial" in printed)
    assert found == (True, language != "curl")
    assert row.publisher.publisher_id == "alpha"
    assert row.tags == {"home owner": "example"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_escapes_the_special_characters_of_its_language(
    live_server: Any, tmp_path: Path, language: str
) -> None:
    odd = ['say "hi"', "it's", "50%20", "$HOME `id` !!", "a\\b", "{x}", "a&b=c#d", "é\u2028ü"]
    key = make.make_ready_key(required_tags=odd)
    _run(language, _code(_page(key, live_server.url).requests[0], language), tmp_path)
    assert Reservation.objects.get().tags == dict.fromkeys(odd, "example")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_reads_a_refusal(live_server: Any, tmp_path: Path, language: str) -> None:
    key = make.make_ready_key(paused=True)
    printed = _run(language, _code(_page(key, live_server.url).requests[0], language), tmp_path)
    assert "this key is paused" in printed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_confirms(live_server: Any, tmp_path: Path, language: str) -> None:
    key = make.make_ready_key()
    ping, confirm = _page(key, live_server.url).requests
    uuid = json.loads(_run("curl", _code(ping, "curl"), tmp_path))["uuid"]
    _run(language, _code(confirm, language).replace(SAMPLE_UUID, uuid), tmp_path)
    assert Reservation.objects.get().status == "confirmed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_writes_a_tag(live_server: Any, tmp_path: Path, language: str) -> None:
    key = make.make_key("call_data_writing", publisher=make.make_publisher(name='Say "hi" & more'))
    printed = _run(language, _code(_page(key, live_server.url).requests[0], language), tmp_path)
    assert "call not found, tags stored" in printed
    assert LogEntry.objects.get().parameters["prequalified"] == "true"


@pytest.mark.django_db(transaction=True)
def test_every_example_is_a_request_to_an_existing_url(http: httpx.Client) -> None:
    actions = ["active_calls", "transfer", "return", "accept", "reject"]
    keys = [
        make.make_key("call_control", buyer=make.make_buyer(), actions=actions),
        *map(make.make_key, ["conversion", "account"]),
    ]
    asked = [
        shlex.split(_code(one, "curl"))[3:]
        for key in keys
        for one in _page(key, str(http.base_url)).requests
    ]
    answers = [http.request(method, url) for method, url in asked]
    assert [answer.status_code for answer in answers] == [
        200,
        401,
        404,
        404,
        401,
        401,
        401,
        404,
        200,
        404,
    ]
    assert {answer.json()["error"] for answer in answers if answer.is_error} == {
        "not authorized",
        "transfer not found",
        "call not found",
    }


# --- the bodies -----------------------------------------------------------------------------------
def _shape(body: Any) -> Any:
    """Names in their order, with the types of what they hold; of a list the first."""
    if isinstance(body, dict):
        return [(name, _shape(value)) for name, value in body.items()]
    return [_shape(body[0])] if isinstance(body, list) and body else type(body).__name__


def _shown(page: Any, word: str, place: int = 0) -> Any:
    """The body that a page shows for the answer of this word."""
    return json.loads(next(one.json for one in page.requests[place].answers if one.marker == word))


def _answered(page: Any, place: int = 0, uuid: str = "") -> Any:
    """What the page's own curl line is answered, with this UUID in place of the example's."""
    code = _code(page.requests[place], "curl")
    method, url = shlex.split(code.replace(SAMPLE_UUID, uuid or SAMPLE_UUID))[3:]
    return Client().generic(method, url).json()


@pytest.fixture(params=["rtb", "call_reservation"])
def key(request: pytest.FixtureRequest, db: None) -> Key:
    more = {"return_sip_address": True} if request.param == "rtb" else {}
    key = make.make_ready_key(request.param, required_tags=["caller_zip"], **more)
    make.make_conversion(key.campaign)
    return key


def test_a_reservation_is_answered_as_shown(key: Key) -> None:
    page = _page(key)
    bodies = [_answered(page), _answered(page)]
    assert [_shape(body) for body in bodies] == [
        _shape(_shown(page, word)) for word in ("reserved", "reserved again")
    ]


@pytest.mark.parametrize(
    ("model", "word"), [(Buyer, "no-target"), (Campaign, "rejected")], ids=["no-target", "rejected"]
)
def test_no_reservation_is_answered_as_shown(key: Key, model: Any, word: str) -> None:
    model.objects.update(paused=True)
    page = _page(key)
    assert _shape(_answered(page)) == _shape(_shown(page, word))


@pytest.mark.django_db
def test_a_confirmation_is_answered_as_shown() -> None:
    page = _page(make.make_ready_key())
    uuid = _answered(page)["uuid"]
    assert _shape(_answered(page, 1, uuid)) == _shape(_shown(page, "confirmed", 1))
    assert _answered(page, 1) == _shown(page, "reservation not found", 1)


@pytest.mark.django_db
def test_written_data_is_answered_as_shown() -> None:
    page = _page(make.make_key("call_data_writing"))
    assert _answered(page) == _shown(page, "call not found, tags stored")


@pytest.mark.django_db
def test_written_data_of_a_live_call_is_answered_as_shown() -> None:
    ready = make.make_ready_key()
    page = _page(make.make_key("call_data_writing", publisher=make.make_publisher(ready.company)))
    dial(ready.campaign.numbers.get().number, "+12025550142")
    assert _answered(page) == _shown(page, "in progress call found, tags stored")


@pytest.mark.django_db
def test_a_sale_is_answered_as_shown() -> None:
    call = dial(make.make_ready_key().campaign.numbers.get().number)
    page = _page(make.make_key("conversion", buyer=Buyer.objects.get()))
    bodies = [_answered(page, uuid=call["call_uuid"]) for _ in range(2)]
    assert bodies == [
        {**_shown(page, word), "call_uuid": call["call_uuid"]}
        for word in ("converted", "already converted")
    ]


@pytest.mark.django_db
def test_calls_are_listed_as_shown() -> None:
    ready = make.make_ready_key()
    call = dial(ready.campaign.numbers.get().number)
    page = _page(make.make_key("account", company=ready.company))
    shown = [json.loads(each.answers[0].json) for each in page.requests]
    listed, one = _answered(page)[0]["call"], _answered(page, 1, call["call_uuid"])["call"]
    assert shown[0][0]["call"].keys() - listed.keys() == set()
    assert shown[1]["call"].keys() - one.keys() == set()


@pytest.mark.django_db
def test_active_calls_are_listed_as_shown() -> None:
    ready = make.make_ready_key()
    page = _page(make.make_key("call_control", buyer=Buyer.objects.get(), actions=["active_calls"]))
    shown = [json.loads(each.json) for each in page.requests[0].answers]
    before = _answered(page)
    dial(ready.campaign.numbers.get().number)
    assert [before] == shown[1:]
    assert _shape(_answered(page)) == _shape(shown[0])


@pytest.mark.parametrize("shown", ["json", "xml"])
def test_the_missing_parameter_is_named_as_shown(key: Key, shown: str) -> None:
    path = _page(key).requests[0].request.path.replace("json", shown)
    answer = Client().post(f"{path}?key={key.key}").content.decode()
    body = getattr(_page(key).refusals[0], shown)
    assert "".join(body.split()) == "".join(answer.split())
