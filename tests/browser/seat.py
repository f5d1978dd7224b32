"""A user in front of a browser: opens pages, acts, and reports what is wrong with a page."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, Response

from campaigns.models import Company, Member

PHONE, SCREEN = {"width": 390, "height": 844}, {"width": 1300, "height": 900}
WAYS = ("screen", "dark", "phone")
AXE = Axe().axe_script
COLORS = ("color-contrast", "link-in-text-block")
looked_at_once = pytest.mark.skipif(
    "REDIS_URL" in os.environ, reason="a page looks the same whatever database it is read from"
)
PASSWORD = "correct horse battery staple"
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# No picture shows a key, be it of a database that is gone, nor where it was taken.
_FOR_ALL_EYES = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "00000000-0000-4000-8000-000000000000")
    .replace(/http:\\/\\/localhost:\\d+/g, "https://calls.example.com");
}"""
_WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


def person(name: str, company: Company | None = None, role: str = Member.Role.OWNER) -> User:
    """Create a user with PASSWORD; a superuser, unless a company is given."""
    user = User.objects.create_user(
        name, password=PASSWORD, is_staff=True, is_superuser=company is None
    )
    if company is not None:
        Member.objects.create(company=company, user=user, role=role)
    return user


class Seat:
    """One browser window. `faults` are what no page may do: scripts that fail, answers of 500,
    what its policy forbids."""

    def __init__(self, page: Page, base_url: str, *, pictures: Path | None = None) -> None:
        self.page, self.base_url, self.pictures = page, base_url, pictures
        self.faults: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _REFUSED.match(message.text):
            self.faults.append(f"{self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.url}: {response.status}")

    def sits(self, user: User) -> None:
        """Logged in without the form, which has its own test."""
        client = Client()
        client.force_login(user)
        cookie = client.cookies["sessionid"]
        self.page.context.add_cookies(
            [{"name": "sessionid", "value": cookie.value, "url": self.base_url}]
        )

    def logs_in(self, name: str, *, password: str = PASSWORD) -> None:
        self.goes("/admin/login/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.follows("Log in arrow_forward", role="button")

    def goes(self, path: str) -> None:
        self.page.goto(path)

    def follows(self, text: str | re.Pattern[str], *, role: Any = "link") -> None:
        """Clicks the link (or what else `role` says) of exactly this name, or of one like it,
        which leads to another page."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=text, exact=True).first.click()

    def copied(self) -> str:
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def wrong(self, rules: Sequence[str] = ()) -> list[str]:
        """Return what axe finds serious on the page as it stands, and whether it scrolls sideways.

        Axe looks for everything unless `rules` names what alone can be wrong.
        """
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": list(rules)}
        found = self.page.evaluate("options => axe.run(options)", options)["violations"]
        serious = [one for one in found if one["impact"] in {"serious", "critical"}]
        wide, window = self.page.evaluate(_WIDTHS)
        sideways = [f"scrolls sideways: {wide} in {window}"] if wide > window else []
        return [
            f"{one['id']}: {node['html'][:160]}" for one in serious for node in one["nodes"][:3]
        ] + sideways

    def wrong_in_any_way(self) -> list[str]:
        """What is wrong with the page on a screen, in the dark and on a phone."""
        found = []
        for way in WAYS:
            self.looks(way)
            # The dark theme changes nothing but colors.
            rules = COLORS if way == "dark" else ()
            found += [f"{way}: {wrong}" for wrong in self.wrong(rules)]
        return found

    def shows(self, name: str, *, of: str = "", whole: bool = False) -> None:
        """Take a picture for the docs, of the screen or of a part, if PICTURES is set."""
        if self.pictures is None:
            return
        self.pictures.mkdir(exist_ok=True)
        self.page.evaluate(_FOR_ALL_EYES)
        path = self.pictures / f"{name}.png"
        if of:
            self.page.locator(of).first.screenshot(path=path)
        else:
            self.page.set_viewport_size(
                {"width": SCREEN["width"], "height": 1500 if whole else SCREEN["height"]}
            )
            self.page.screenshot(path=path)

    def looks(self, way: str) -> None:
        """On a "screen", in the "dark" or on a "phone"."""
        self.page.set_viewport_size(PHONE if way == "phone" else SCREEN)
        self.page.emulate_media(color_scheme="dark" if way == "dark" else "light")

    def leaves(self) -> None:
        """Log out."""
        self.page.context.clear_cookies()
