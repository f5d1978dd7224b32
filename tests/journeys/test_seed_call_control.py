"""The call control seed over a real socket, byte for byte; only host, key and UUIDs differ."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from campaigns.models import Buyer
from publishers.models import Key
from tests.factories import make_buyer, make_campaign, make_key, make_number, make_route

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = {"Authorization": "Bearer simulator"}
JSON = {"Content-Type": "application/json"}
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NUMBER = "+18335550101"
XML = '<?xml version="1.0" encoding="utf-8"?>\n'
NOT_LIVE = (422, '{"success":false,"error":"call not live"}')
Dial = Callable[..., dict[str, Any]]


@pytest.fixture
def buyer() -> Buyer:
    campaign = make_campaign()
    buyer = make_buyer(campaign.company, number="+14166686980", caller_id="+18665551234")
    make_route(campaign, buyer)
    make_number(campaign, number=NUMBER)
    return buyer


@pytest.fixture
def key(buyer: Buyer) -> Key:
    return make_key("call_control", buyer=buyer, actions=["active_calls", "transfer"])


@pytest.fixture
def talk(http: httpx.Client, buyer: Buyer) -> Dial:
    """Place a call that the handler answers."""

    def dial(caller: str = "+12025550102") -> dict[str, Any]:
        call = http.post(
            "/simulator/calls", json={"from": caller, "to": NUMBER}, headers=TOKEN
        ).json()
        return act(http, call, "handler", "answer")

    return dial


def act(http: httpx.Client, call: dict[str, Any], party: str, what: str) -> dict[str, Any]:
    """Act on the party's leg; return the call after it."""
    leg = [leg["leg_uuid"] for leg in call["legs"] if leg["party"] == party][-1]
    return dict(http.post(f"/simulator/legs/{leg}/{what}", headers=TOKEN).json())


def hears(call: dict[str, Any]) -> dict[str, list[str]]:
    return {leg["party"]: leg["hears"] for leg in call["legs"]}


def shown(http: httpx.Client, call: dict[str, Any]) -> dict[str, Any]:
    return dict(http.get(f"/simulator/calls/{call['call_uuid']}", headers=TOKEN).json())


def transferred(http: httpx.Client, call: dict[str, Any], key: Key) -> str:
    """Send the seed's transfer; return its UUID."""
    path = f"/call_control/v1/calls/{call['call_uuid']}/transfer.json?api_key={key.key}"
    answer = http.post(
        path, headers=JSON, content='{"hold_caller":true,"transfer_to":"+18668987878"}'
    )
    found = re.fullmatch(rf'{{"success":true,"transfer_uuid":"({UUID})"}}', answer.text)
    assert found, answer.text
    return found[1]


def test_list_active_calls(http: httpx.Client, talk: Dial, key: Key) -> None:
    call = talk("+18668987878")
    answer = http.get(f"/call_control/v1/active_calls.json?api_key={key.key}")
    assert re.fullmatch(
        r'{"success":true,"results":\[{"caller_number":"\+18668987878","caller_number_sent":"\+18665551234",'
        rf'"dialed_out_number":"\+14166686980","call_uuid":"{call["call_uuid"]}",'
        r'"started_at":\d{13},"dialed_out_at":\d{13}}\]}',
        answer.text,
    ), answer.text
    link = (
        f'<{http.base_url}/call_control/v1/active_calls.json?api_key={key.key}&page=1>; rel="last"'
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Link"] == link


def test_transfer_a_call(http: httpx.Client, talk: Dial, key: Key) -> None:
    call = talk()
    transferred(http, call, key)
    assert hears(act(http, shown(http, call), "transferee", "answer")) == {
        "caller": [],
        "handler": ["transferee"],
        "transferee": ["handler"],
    }


def test_connect_the_caller(http: httpx.Client, talk: Dial, key: Key) -> None:
    call = talk()
    uuid = transferred(http, call, key)
    act(http, shown(http, call), "transferee", "answer")
    answer = http.post(f"/call_control/v1/transfers/{uuid}/conference_caller.json", headers=JSON)
    assert answer.status_code == 200
    assert answer.text == '{"success":true}'
    assert hears(shown(http, call))["caller"] == ["handler", "transferee"]


def test_stop_the_transfer(http: httpx.Client, talk: Dial, key: Key) -> None:
    call = talk()
    uuid = transferred(http, call, key)
    answer = http.request("DELETE", f"/call_control/v1/transfers/{uuid}.json", headers=JSON)
    assert answer.status_code == 200
    assert answer.text == '{"success":true}'
    assert hears(shown(http, call)) == {
        "caller": ["handler"],
        "handler": ["caller"],
        "transferee": [],
    }


def test_each_on_failure(http: httpx.Client, talk: Dial, key: Key) -> None:
    call = talk()
    uuid = transferred(http, call, key)
    http.post(f"/call_control/v1/transfers/{uuid}/conference_caller.json", headers=JSON)
    http.post(f"/simulator/calls/{call['call_uuid']}/hang-up", headers=TOKEN)
    answers = [
        http.post(
            f"/call_control/v1/calls/{call['call_uuid']}/transfer.json?api_key={key.key}",
            headers=JSON,
        ),
        http.post(f"/call_control/v1/transfers/{uuid}/conference_caller.json", headers=JSON),
        http.request("DELETE", f"/call_control/v1/transfers/{uuid}.json", headers=JSON),
    ]
    assert [(answer.status_code, answer.text) for answer in answers] == [NOT_LIVE] * 3


def test_the_same_in_xml(http: httpx.Client, talk: Dial, key: Key) -> None:
    call = talk()
    body = "<hash><hold-caller>true</hold-caller><transfer-to>+18668987878</transfer-to></hash>"
    path = f"/call_control/v1/calls/{call['call_uuid']}/transfer.xml?api_key={key.key}"
    answer = http.post(path, headers={"Content-Type": "text/xml"}, content=body)
    wanted = rf'<hash><success type="boolean">true</success><transfer-uuid>({UUID})</transfer-uuid></hash>'
    found = re.fullmatch(re.escape(XML) + wanted, answer.text)
    assert found, answer.text
    stopped = http.request(
        "DELETE", f"/call_control/v1/transfers/{found[1]}.xml", headers={"Content-Type": "text/xml"}
    )
    assert stopped.text == f'{XML}<hash><success type="boolean">true</success></hash>'


def test_the_errors_that_name_no_call(http: httpx.Client, key: Key) -> None:
    uuid = "7df81876-6e46-4b50-945e-7f5ad97a555e"
    answers = [
        http.get("/call_control/v1/active_calls.json?api_key=woofwoofwoof"),
        http.post(f"/call_control/v1/calls/{uuid}/transfer.json?api_key={key.key}", headers=JSON),
        http.post(f"/call_control/v1/transfers/{uuid}/conference_caller.json", headers=JSON),
        http.request("DELETE", f"/call_control/v1/transfers/{uuid}.json", headers=JSON),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (401, "not authorized"),
        (401, "not authorized"),
        (404, "transfer not found"),
        (404, "transfer not found"),
    ]
