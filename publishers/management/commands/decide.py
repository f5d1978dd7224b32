"""`decide CAMPAIGN [CALLER]`: print the routing of a caller, buyer by buyer."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns.errors import Refusal
from campaigns.models import Campaign
from publishers.dry_run import engine
from publishers.management.companies import company_named


class Command(BaseCommand):
    help = (
        "Prints the routing of a caller: the chosen buyer, and the reason against each other. "
        "Changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", help="ID of the campaign")
        parser.add_argument("caller", nargs="?", help="the caller's number; without it: withheld")
        parser.add_argument("--publisher", help="ID of the publisher")
        parser.add_argument(
            "--tag",
            action="append",
            default=[],
            type=_tag,
            help="name=value; may be repeated",
            dest="tags",
        )
        parser.add_argument(
            "--company", help="name or ID of the company, where several have such a campaign"
        )
        parser.add_argument(
            "--at", type=_moment, help="another moment than now, like 2026-05-05T12:00+00:00"
        )
        parser.add_argument("--seed", type=int, help="draws the same order again among equals")

    def handle(self, *args: Any, campaign: str, company: str | None, **options: Any) -> None:
        rows = (
            Campaign.objects.unretired()
            .filter(campaign_id=campaign, company__retired_at=None)
            .select_related("company")
        )
        found = list(rows.filter(company=company_named(company)) if company else rows)
        if not found:
            raise CommandError(f"no campaign {campaign}")
        if len(found) > 1:
            companies = ", ".join(sorted(row.company.company_id for row in found))
            raise CommandError(f"which company? --company is one of {companies}")
        try:
            result = engine.dry_run(
                company=found[0].company,
                campaign_id=campaign,
                now=timezone.now(),
                at=options["at"],
                caller_number=options["caller"],
                publisher_id=options["publisher"],
                tags=dict(options["tags"]),
                seed=options["seed"],
            )
        except Refusal as refusal:
            raise CommandError(refusal.text) from None
        for line in result.lines() or ["No buyer is on this campaign."]:
            self.stdout.write(line)
        self.stdout.write(f"seed {result.decision.seed}")


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ArgumentTypeError("a tag is written name=value")
    return name, value


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("a moment is written like 2026-05-05T12:00+00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_current_timezone())
