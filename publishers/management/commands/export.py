"""`export [COMPANY]`: writes a company's catalogue as the YAML file that `apply` reads."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

from campaigns.models import Company
from publishers import catalogue


class Command(BaseCommand):
    help = "Writes a company's catalogue, keys and passwords included, as the YAML file that apply reads."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company", nargs="?", help="name or ID of the company; may be left out when there is only one")

    @transaction.atomic
    def handle(self, *args: Any, company: str | None, **options: Any) -> None:
        self.stdout.write(catalogue.export(_company(company)), ending="")


def _company(named: str | None) -> Company:
    companies = Company.objects.unretired().order_by("name")
    found = list(companies.filter(Q(company_id=named) | Q(name=named)) if named else companies)
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{company.name} ({company.company_id})" for company in companies) or "none"
    raise CommandError(f"{f'no company {named};' if named else 'which company?'} there are: {known}")
