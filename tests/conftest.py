"""What every test may use: a real HTTP client, and a process that remembers nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import hypothesis
import pytest
import time_machine
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from config import admin_pages  # noqa: F401 - tests import single admin modules
from publishers import snapshot
from publishers.gateway import throttles
from tests.callcontrol.twilio.rest import Api
from tests.callcontrol.twilio.standin import ACCOUNT, PUBLIC, TOKEN, StandIn

# The same examples on every machine and no deadline: a test fails for what the code does, never for how busy the machine is.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts real processes")


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    """What a process remembers outlives a test's transaction: counts, and settings of a company whose row number comes again."""
    cache.clear()
    throttles.reset()
    snapshot._held.clear()


@pytest.fixture
def http(live_server: LiveServer) -> Iterator[httpx.Client]:
    """A client of the whole product over a real socket; paths are relative, redirects are not followed."""
    with httpx.Client(base_url=live_server.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def twilio(live_server: LiveServer, settings: Any) -> Iterator[Api]:
    """The product as it runs under CARRIER=twilio, behind a proxy, with a stand-in where Twilio would be."""
    standin = StandIn(live_server.url)
    api = Api(standin)
    settings.CARRIER, settings.PUBLIC_BASE_URL, settings.TWILIO_API_BASE_URL = (
        "twilio",
        PUBLIC,
        api.url,
    )
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    yield api
    api.close()
    standin.close()


@pytest.fixture
def clock() -> Iterator[Callable[[float], object]]:
    """The wall clock stands at noon of 5 May 2026 (UTC), a Tuesday, until a test moves it on: `clock(seconds)`."""
    with time_machine.travel(datetime(2026, 5, 5, 12, tzinfo=UTC), tick=False) as traveler:
        yield traveler.shift
