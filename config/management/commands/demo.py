"""`demo`: loads a small company and prints where to look and what to try."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from publishers import catalogue
from publishers.models import Key

FILE = Path(__file__).parents[2] / "demo.yaml"
COMPANY, CAMPAIGN = "demo", "roofing"
CALLER = "12025550102"
LINKS = """\
Demo company: {company}
  Admin:        {admin}
  Postback log: {admin}publishers/logentry/
  Calls:        {admin}callcontrol/call/

Ping for a caller; the answer holds the inbound_number to dial:
  curl -X POST -s "{base_url}/rtbs.json?key={key}&caller_number={caller}"
"""
DIAL = """
Dial it on the simulator:
  curl -X POST -s -H "Authorization: Bearer {token}" -H "Content-Type: application/json" \\
    -d '{{"from": "+{caller}", "to": "<inbound_number>"}}' "{base_url}/simulator/calls"
"""


class Command(BaseCommand):
    help = "Loads a small company and prints its links and lines to try. A second time it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base-url", default="", help="where this installation is reached, like http://127.0.0.1:8000")

    def handle(self, *args: Any, base_url: str, **options: Any) -> None:
        try:
            catalogue.apply(file_text=FILE.read_text(encoding="utf-8"), now=timezone.now())
        except catalogue.UnusableFile as error:
            raise CommandError("\n".join(["The demo company can't be loaded:", *error.problems])) from None
        self.stdout.write(_links(base_url.rstrip("/") or settings.PUBLIC_BASE_URL or f"http://{settings.BIND}:{settings.PORT}"))


def _links(base_url: str) -> str:
    """What to open and what to type, with the key that loading made."""
    keys = Key.objects.unretired().filter(type="rtb", campaign__campaign_id=CAMPAIGN, company__company_id=COMPANY)
    key = keys.filter(campaign__retired_at=None, company__retired_at=None).select_related("company").earliest("pk")
    lines = LINKS + (DIAL if settings.CARRIER == "simulator" else "")
    return lines.format(
        company=key.company.name,
        admin=base_url + reverse("admin:index"),
        base_url=base_url,
        key=key.key,
        caller=CALLER,
        token=settings.SIMULATOR_TOKEN,
    )
