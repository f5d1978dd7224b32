"""What every carrier must do, whoever it is: run over each one that the installation has."""

import uuid
from typing import Any

import pytest

from callcontrol import switchboard
from callcontrol.carriers.base import Carrier, Dial

CARRIERS = switchboard.all_carriers()


@pytest.fixture(params=sorted(CARRIERS))
def carrier(request: pytest.FixtureRequest, settings: Any) -> Carrier:
    """Chosen as an installation chooses it."""
    settings.CARRIER = request.param
    return switchboard.carrier()


def order(number: str = "+14165550101", **fields: Any) -> Dial:
    plain = {
        "call_uuid": uuid.uuid4(),
        "leg_uuid": uuid.uuid4(),
        "carrier_call_id": "CA1",
        "number": number,
        "show": "+12025550102",
        "timeout_seconds": 30,
        "send_digits": "",
        "sip_username": "",
        "sip_password": "",
        "headers": {"X-PH-RetreaverUUID": "5f7c2f1c-6f55-4c2e-9a70-4f6f0f3a2b11"},
    }
    return Dial(**{**plain, **fields})


class TestEveryCarrier:
    def test_it_is_the_one_that_was_asked_for(self, carrier: Carrier, settings: Any) -> None:
        assert (type(carrier), carrier.slug) == (CARRIERS[settings.CARRIER], settings.CARRIER)

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"show": None},
            {"number": "sip:desk@pbx.example.com", "sip_username": "u", "sip_password": "p"},
            {"send_digits": "ww1"},
        ],
        ids=["number", "withheld", "sip", "digits"],
    )
    def test_a_leg_gets_a_name_that_fits_its_column(self, carrier: Carrier, fields: dict[str, Any]) -> None:
        name = carrier.dial(order(**fields))
        assert (type(name), 0 < len(name) <= 64) == (str, True)

    def test_two_legs_have_two_names(self, carrier: Carrier) -> None:
        assert len({carrier.dial(order()) for _ in range(2)}) == 2

    def test_turning_a_caller_away_is_silent_also_twice(self, carrier: Carrier) -> None:
        assert [carrier.turn_away("CA1") for _ in range(2)] == [None, None]  # type: ignore[func-returns-value]


def test_a_carrier_that_nobody_wrote_is_an_error(settings: Any) -> None:
    settings.CARRIER = "pigeon"
    with pytest.raises(KeyError):
        switchboard.carrier()
