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

    company = models.OneToOneField(
        "campaigns.Company", models.CASCADE, primary_key=True, related_name="catalogue_version"
    )
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.company_id} at {self.version}"


def new_version(company_ids: Iterable[int]) -> None:
    """Marks the settings of these companies as changed: in the transaction that changes them, and before it does.

    Whoever edits a company's settings writes its version first, and so waits here for whoever edits it already: two
    edits never wait for each other's rows in a circle, and no change is ever committed without its version.
    """
    rows = [
        CatalogueVersion(company_id=pk, version=secrets.randbits(62))
        for pk in sorted(set(company_ids))
    ]
    CatalogueVersion.objects.bulk_create(
        rows, update_conflicts=True, update_fields=["version"], unique_fields=["company"]
    )


def lock_version(company_id: int) -> None:
    """Waits for whoever edits this company's settings, without changing the version; for a transaction that may change none."""
    CatalogueVersion.objects.select_for_update().filter(company_id=company_id).first()
