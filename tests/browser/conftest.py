"""A real browser in front of a real server. Where there is no chromium these tests are skipped;
CI has one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.seat import Seat

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Debian's chromium. Playwright runs an event loop in this thread: Django must allow
    it."""
    if CHROMIUM is None:
        pytest.skip(
            "there is no chromium on this machine: `apt-get install chromium`, or leave it to CI"
        )
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def seat(chromium: Browser, live_server: LiveServer) -> Iterator[Seat]:
    """An anonymous user; a script error or a violation of the CSP fails the test."""
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1300, "height": 900}, locale="en-US"
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    someone = Seat(
        context.new_page(),
        live_server.url,
        pictures=PICTURES if os.environ.get("PICTURES") else None,
    )
    yield someone
    context.close()
    assert someone.faults == []
