"""What every test may use: a real HTTP client, and counters that start at zero."""

from collections.abc import Iterator

import httpx
import hypothesis
import pytest
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

# The same examples on every machine and no deadline: a test fails for what the code does, never for how busy the machine is.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    """Rates and refused keys are counted in the cache, which outlives a test's transaction."""
    cache.clear()


@pytest.fixture
def http(live_server: LiveServer) -> Iterator[httpx.Client]:
    """A client of the whole product over a real socket; paths are relative, redirects are not followed."""
    with httpx.Client(base_url=live_server.url, trust_env=False, timeout=30) as client:
        yield client
