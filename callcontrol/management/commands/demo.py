"""`demo`: loads a small company with a week of history, and prints where to look and what to try."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from callcontrol.demo import week
from campaigns.models import Company, Member, Webhook
from publishers import catalogue
from publishers.models import Key
from publishers.models.key import new_key

FILE = Path(__file__).parents[2] / "demo" / "company.yaml"
COMPANY, NAME, CAMPAIGN, SELLER = "demo", "Demo Company", "roofing", "+18335550195"
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
PEOPLE = """
People of the company: {people}. They have no password: to log in as one of them, give them one under People.
"""


class Command(BaseCommand):
    help = "Loads a small company with a week of history, and prints its links. A second time it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--base-url",
            default="",
            help="where this installation is reached, like http://127.0.0.1:8000",
        )
        parser.add_argument(
            "--no-history",
            action="store_true",
            help="load the settings alone: no requests, calls and people",
        )

    def handle(self, *args: Any, base_url: str, no_history: bool, **options: Any) -> None:
        base_url = (
            base_url.rstrip("/")
            or settings.PUBLIC_BASE_URL
            or f"http://{settings.BIND}:{settings.PORT}"
        )
        now = timezone.now()
        _refuse_another()
        try:
            catalogue.apply_file(file_text=_file(base_url), now=now)
        except catalogue.UnusableFile as error:
            raise CommandError(
                "\n".join(["The demo company can't be loaded:", *error.problems])
            ) from None
        company = Company.objects.unretired().get(company_id=COMPANY)
        if not no_history and not week.has_past(company):
            self._make_past(company, base_url, now=now)
        self.stdout.write(_links(base_url) + _people(company))

    def _make_past(self, company: Company, base_url: str, *, now: datetime) -> None:
        """CommandError when somebody stops it: then there is none of it, and the next time makes it."""
        if settings.CARRIER != "simulator":
            self._tell(
                f"No history: it is played on the simulator, and calls go through {settings.CARRIER} here."
            )
            return
        if outside := Webhook.objects.of(company).exclude(url__startswith=f"{base_url}/").first():
            self._tell(
                f"No history: the webhook “{outside}” would tell somebody outside of calls that nobody made."
            )
            return
        try:
            week.make(company=company, base_url=base_url, now=now, say=self._tell)
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped: the demo company is there, without a history.", returncode=130
            ) from None

    def _tell(self, line: str) -> None:
        """How far it is; not among the lines to keep."""
        self.stderr.write(line, style_func=str)
        self.stderr.flush()


def _refuse_another() -> None:
    """Somebody's own company may bear the ID of ours; it is not touched."""
    found = Company.objects.unretired().filter(company_id=COMPANY).exclude(name=NAME).first()
    if found is not None:
        raise CommandError(
            f"The company {COMPANY} is called “{found}”, so it is not the one that this command makes: left alone."
        )


def _file(base_url: str) -> str:
    """The file with what only this installation knows: its address, and the keys that loading made, or makes now."""
    text = Template(FILE.read_text(encoding="utf-8"))
    return text.substitute(
        base_url=base_url,
        reservations_key=_standing(_keys("call_reservation")),
        notes_key=_standing(_keys("call_data_writing", campaign="plumbing")),
    )


def _standing(keys: QuerySet[Key]) -> str:
    found = keys.first()
    return found.key if found else new_key()


def _keys(kind: str, *, campaign: str = CAMPAIGN) -> QuerySet[Key]:
    """Those of the campaign that the lines speak of, the first ones first."""
    keys = Key.objects.unretired().filter(
        type=kind, campaign__campaign_id=campaign, company__company_id=COMPANY
    )
    return (
        keys.filter(campaign__retired_at=None, company__retired_at=None)
        .select_related("company")
        .order_by("pk")
    )


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


def _people(company: Company) -> str:
    """Who works there without being able to log in."""
    members = Member.objects.filter(company=company).select_related("user").order_by("pk")
    named = [
        f"{one.user.get_username()} ({one.get_role_display()})"
        for one in members
        if not one.user.has_usable_password()
    ]
    return PEOPLE.format(people=", ".join(named)) if named else ""
