"""`demo`: loads a small company with a week of history, and prints links and lines to try."""

from argparse import ArgumentParser
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from callcontrol.demo import history
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
Dial {seller} instead, and one campaign sells the call to another: \
its start webhook reserves a roofer.
"""
PEOPLE = """
People of the company: {people}. \
They have no password: to log in as one of them, set one under People.
"""


class Command(BaseCommand):
    help = (
        "Loads a small company, prints its links, and plays a week of history. "
        "Run again, it changes nothing, and plays on a history that was stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--base-url",
            default="",
            help="this installation's address, for example http://127.0.0.1:8000",
        )
        parser.add_argument(
            "--no-history",
            action="store_true",
            help="load the settings alone: no requests, calls and people",
        )
        parser.add_argument(
            "--defer-history",
            action="store_true",
            help="prepare the history, to be played later by --history-only",
        )
        parser.add_argument(
            "--history-only",
            action="store_true",
            help="play a prepared history, and print no links",
        )

    def handle(
        self,
        *args: Any,
        base_url: str,
        no_history: bool,
        defer_history: bool,
        history_only: bool,
        **options: Any,
    ) -> None:
        base_url = base_url.rstrip("/") or settings.PUBLIC_BASE_URL
        base_url = base_url or f"http://{settings.BIND}:{settings.PORT}"
        if not history_only:
            self._load(base_url, no_history=no_history)
        if history.is_prepared() and not (no_history or defer_history):
            company = Company.objects.unretired().get(company_id=COMPANY)
            try:
                history.play(company, report=self._report)
            except KeyboardInterrupt:
                raise CommandError(
                    "Stopped. The next `demo` or `up --demo` plays the rest.", returncode=130
                ) from None

    def _load(self, base_url: str, *, no_history: bool) -> None:
        """Apply the file, prepare the history, and print the links."""
        own = Company.objects.unretired().filter(company_id=COMPANY).exclude(name=NAME).first()
        if own is not None:
            raise CommandError(
                f"The company {COMPANY} is called “{own}”, so this command did not make it: "
                "nothing was changed."
            )
        # The company keeps its keys; a new one gets new keys.
        keys = {
            "reservations_key": _keys("call_reservation").first(),
            "notes_key": _keys("call_data_writing", campaign_id="plumbing").first(),
        }
        texts = {name: key.key if key else new_key() for name, key in keys.items()}
        template = Template(FILE.read_text(encoding="utf-8"))
        file_text = template.substitute(texts, base_url=base_url)
        try:
            catalogue.apply_file(file_text=file_text, now=timezone.now())
        except catalogue.UnusableFile as error:
            raise CommandError(
                "\n".join(["The demo company can't be loaded:", *error.problems])
            ) from None
        company = Company.objects.unretired().get(company_id=COMPANY)
        others = Webhook.objects.of(company).exclude(url__startswith=f"{base_url}/")
        if no_history:
            pass
        elif settings.CARRIER != "simulator":
            self._report(f"No history: CARRIER is {settings.CARRIER}, and it needs the simulator.")
        elif webhook := others.first():
            self._report(f"No history: the webhook “{webhook}” would report it to another system.")
        else:
            history.prepare(company, now=timezone.now())
        self._print_links(company, base_url)

    def _print_links(self, company: Company, base_url: str) -> None:
        lines = LINKS + (DIAL if settings.CARRIER == "simulator" else "")
        text = lines.format(
            company=company.name,
            admin=base_url + reverse("admin:index"),
            base_url=base_url,
            key=_keys("rtb")[0].key,
            caller=CALLER,
            seller=SELLER,
            token=settings.SIMULATOR_TOKEN,
        )
        members = Member.objects.filter(company=company).select_related("user").order_by("pk")
        names = [
            f"{member.user.get_username()} ({member.get_role_display()})"
            for member in members
            if not member.user.has_usable_password()
        ]
        if names:
            text += PEOPLE.format(people=", ".join(names))
        self.stdout.write(text)
        self.stdout.flush()

    def _report(self, line: str) -> None:
        """Write a line of progress, apart from the lines to keep."""
        self.stderr.write(line, style_func=str)
        self.stderr.flush()


def _keys(type: str, *, campaign_id: str = CAMPAIGN) -> QuerySet[Key]:
    """Return the campaign's keys of a type, the oldest first."""
    keys = Key.objects.unretired().filter(
        type=type, campaign__campaign_id=campaign_id, company__company_id=COMPANY
    )
    current = keys.filter(campaign__retired_at=None, company__retired_at=None)
    return current.select_related("company").order_by("pk")
