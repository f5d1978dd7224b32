"""What every test may use: a real HTTP client, and a process that remembers nothing."""

from collections.abc import Iterator

import httpx
import hypothesis
import pytest
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from publishers import rates, snapshot

# The same examples on every machine and no deadline: a test fails for what the code does, never for how busy the machine is.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    """What a process remembers outlives a test's transaction: counts, and settings of a company whose row number comes again."""
    cache.clear()
    rates.reset()
    snapshot._held.clear()


@pytest.fixture
def http(live_server: LiveServer) -> Iterator[httpx.Client]:
    """A client of the whole product over a real socket; paths are relative, redirects are not followed."""
    with httpx.Client(base_url=live_server.url, trust_env=False, timeout=30) as client:
        yield client
