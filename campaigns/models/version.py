"""Which state of a company's settings is in force."""

import secrets
from collections.abc import Iterable

from django.db import models


class CatalogueVersion(models.Model):
    """Which state of a company's settings is in force; every process compares it with the one it holds.

    The version is random, not counted: a database put back from a backup never meets a cached snapshot
    that carries the same number and other contents. It stands apart from the company, so that saving
    a company can't write an old version back.
    """

    company = models.OneToOneField("campaigns.Company", models.CASCADE, primary_key=True, related_name="catalogue_version")
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.company_id} at {self.version}"


def new_version(company_ids: Iterable[int]) -> None:
    """Marks the settings of these companies as changed, in the transaction that changes them."""
    rows = [CatalogueVersion(company_id=pk, version=secrets.randbits(62)) for pk in sorted(set(company_ids))]
    CatalogueVersion.objects.bulk_create(rows, update_conflicts=True, update_fields=["version"], unique_fields=["company"])
