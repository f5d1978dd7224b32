"""`export [COMPANY]`: writes a company's catalogue as the YAML file that `apply` reads."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from publishers import catalogue
from publishers.management.companies import company_named


class Command(BaseCommand):
    help = "Writes a company's catalogue as the YAML file of apply, keys and passwords included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "company",
            nargs="?",
            help="name or ID of the company; may be left out when there is only one",
        )

    @transaction.atomic
    def handle(self, *args: Any, company: str | None, **options: Any) -> None:
        self.stdout.write(catalogue.export_company(company_named(company)), ending="")
