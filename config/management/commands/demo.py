"""`demo`: loads a small company and prints where to look and what to try."""

from argparse import ArgumentParser
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from publishers import catalogue
from publishers.models import Key
from publishers.models.key import new_key

FILE = Path(__file__).parents[2] / "demo.yaml"
COMPANY, CAMPAIGN, SELLER = "demo", "roofing", "+18335550195"
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
Dial {seller} instead, and one campaign sells the call to another: its start webhook reserves a roofer.
"""


class Command(BaseCommand):
    help = "Loads a small company and prints its links and lines to try. A second time it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base-url", default="", help="where this installation is reached, like http://127.0.0.1:8000")

    def handle(self, *args: Any, base_url: str, **options: Any) -> None:
        base_url = base_url.rstrip("/") or settings.PUBLIC_BASE_URL or f"http://{settings.BIND}:{settings.PORT}"
        try:
            catalogue.apply(file_text=_file(base_url), now=timezone.now())
        except catalogue.UnusableFile as error:
            raise CommandError("\n".join(["The demo company can't be loaded:", *error.problems])) from None
        self.stdout.write(_links(base_url))


def _file(base_url: str) -> str:
    """The file with what only this installation knows: its address, and the key that loading made, or makes now."""
    standing = _keys("call_reservation").first()
    text = Template(FILE.read_text(encoding="utf-8"))
    return text.substitute(base_url=base_url, reservations_key=standing.key if standing else new_key())


def _keys(kind: str) -> QuerySet[Key]:
    """Those of the campaign that the lines speak of, the first ones first."""
    keys = Key.objects.unretired().filter(type=kind, campaign__campaign_id=CAMPAIGN, company__company_id=COMPANY)
    return keys.filter(campaign__retired_at=None, company__retired_at=None).select_related("company").order_by("pk")


def _links(base_url: str) -> str:
    """What to open and what to type, with the key that loading made."""
    key = _keys("rtb")[0]
    lines = LINKS + (DIAL if settings.CARRIER == "simulator" else "")
    return lines.format(
        company=key.company.name,
        admin=base_url + reverse("admin:index"),
        base_url=base_url,
        key=key.key,
        caller=CALLER,
        seller=SELLER,
        token=settings.SIMULATOR_TOKEN,
    )
