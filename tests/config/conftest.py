"""The mark of tests that start real processes: they run by default, `-m "not slow"` leaves them out."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts real processes")
