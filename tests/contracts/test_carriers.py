"""The contract of carriers, run over each carrier of the installation."""

import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from callcontrol.carriers import registry
from callcontrol.carriers.base import Carrier, CarrierError, CarrierLeg, DialRequest
from callcontrol.models import Call
from tests.callcontrol.twilio.rest import refusal
from tests.factories import make_market, make_number

CARRIERS = registry.all_carriers()
NUMBER = "+18335550199"
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=sorted(CARRIERS))
def carrier(request: pytest.FixtureRequest, settings: Any) -> Carrier:
    """Select a carrier by the setting; a fixture of its name provides a stand-in."""
    with suppress(pytest.FixtureLookupError):
        request.getfixturevalue(request.param)
    settings.CARRIER = request.param
    return registry.carrier()


@pytest.fixture
def call() -> Call:
    """Create a call that has arrived; no buyer is dialed."""
    campaign = make_market()
    make_number(campaign, number=NUMBER)
    return Call.objects.create(
        company=campaign.company,
        campaign=campaign,
        carrier="any",
        carrier_call_id="CA" + "1" * 32,
        inbound_number=NUMBER,
        started_at=NOW,
        clock=NOW,
    )


def order(number: str = "+14165550101", call: Call | None = None, **fields: Any) -> DialRequest:
    plain = {
        "call_uuid": call.pk if call else uuid.uuid4(),
        "leg_uuid": uuid.uuid4(),
        "carrier_call_id": "CA1",
        "number": number,
        "caller_id": "+12025550102",
        "timeout_seconds": 30,
        "send_digits": "",
        "sip_username": "",
        "sip_password": "",
        "headers": {"X-PH-RetreaverUUID": "5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11"},
        "at": NOW,
    }
    return DialRequest(**{**plain, **fields})


def line(call: Call, name: str = "CA" + "2" * 32) -> CarrierLeg:
    return CarrierLeg(call_uuid=call.pk, leg_uuid=uuid.uuid4(), carrier_leg_id=name, at=NOW)


class TestEveryCarrier:
    def test_it_is_the_configured_carrier(self, carrier: Carrier, settings: Any) -> None:
        assert type(carrier) is CARRIERS[settings.CARRIER]
        assert carrier.slug == settings.CARRIER

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"caller_id": None},
            {"number": "sip:desk@pbx.example.com", "sip_username": "u", "sip_password": "p"},
            {"number": "sip:desk@pbx.example.com", "caller_id": None},
            {"send_digits": "ww1"},
            {"inband_signals": True, "timeout_seconds": 1, "headers": {}},
        ],
        ids=["number", "withheld", "sip", "sip-withheld", "digits", "in-band"],
    )
    def test_a_leg_gets_a_name_that_fits_its_column(
        self, carrier: Carrier, call: Call, fields: dict[str, Any]
    ) -> None:
        name = carrier.dial(order(call=call, **fields))
        assert type(name) is str
        assert 0 < len(name) <= 64

    def test_two_legs_have_two_names(self, carrier: Carrier, call: Call) -> None:
        assert len({carrier.dial(order(call=call)) for _ in range(2)}) == 2

    def test_a_ringing_line_is_hung_up_and_once_more_in_silence(
        self, carrier: Carrier, call: Call
    ) -> None:
        ringing = line(call, carrier.dial(order(call=call)))
        assert [carrier.hang_up(ringing) for _ in range(2)] == [None, None]

    def test_an_unknown_leg_is_hung_up_without_error(self, carrier: Carrier, call: Call) -> None:
        assert carrier.hang_up(line(call)) is None

    def test_turning_a_caller_away_is_silent_also_twice(self, carrier: Carrier, call: Call) -> None:
        assert [carrier.turn_away(line(call)) for _ in range(2)] == [None, None]

    def test_the_first_pick_up_needs_nothing_more(self, carrier: Carrier, call: Call) -> None:
        assert carrier.connected(line(call)) is None

    def test_it_reports_each_event_once(self, carrier: Carrier, call: Call) -> None:
        carrier.hang_up(line(call, carrier.dial(order(call=call))))
        assert type(carrier.immediate_events()) is list
        assert carrier.immediate_events() == []

    def test_it_can_say_whether_it_is_well(self, carrier: Carrier) -> None:
        assert carrier.check_account().startswith(f"The carrier is {carrier.slug}")

    def test_what_it_posts_is_believed_by_its_signature_alone(
        self, carrier: Carrier, client: Any
    ) -> None:
        for webhook in carrier.webhooks:
            assert client.post(f"/carriers/{carrier.slug}/{webhook}").status_code == 403

    def test_it_posts_nothing_else(self, carrier: Carrier, client: Any) -> None:
        assert client.post(f"/carriers/{carrier.slug}/anything").status_code == 404


def test_a_no_says_whether_it_is_final(twilio: Any, call: Call) -> None:
    twilio.troubles.extend([refusal(400, 21211), refusal(503, 20503)])
    found = []
    for _ in range(2):
        with pytest.raises(CarrierError) as raised:
            registry.carrier().dial(order(call=call))
        found.append(raised.value.is_final)
    assert found == [True, False]


def test_an_unknown_carrier_is_an_error(settings: Any) -> None:
    settings.CARRIER = "pigeon"
    with pytest.raises(KeyError):
        registry.carrier()
