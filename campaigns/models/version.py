"""The version of a company's settings."""

import secrets
from collections.abc import Iterable

from django.db import models


class CatalogueVersion(models.Model):
    """The version of the settings; a process compares it with that of its snapshot."""

    # Random, not counted: after a restore from a backup, no cached snapshot has the same number
    # with
    # other contents. In a table apart, so that saving a company cannot write an old version back.
    company = models.OneToOneField(
        "campaigns.Company", models.CASCADE, primary_key=True, related_name="catalogue_version"
    )
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.company_id} at {self.version}"


def new_version(company_ids: Iterable[int]) -> None:
    """Mark the settings of these companies as changed, before the change and in its transaction."""
    # Each edit of a company's settings writes the version first, and waits here for an edit that
    # runs: two edits never wait for each other in a circle, and none commits without its version.
    rows = [
        CatalogueVersion(company_id=pk, version=secrets.randbits(62))
        for pk in sorted(set(company_ids))
    ]
    CatalogueVersion.objects.bulk_create(
        rows, update_conflicts=True, update_fields=["version"], unique_fields=["company"]
    )


def lock_version(company_id: int) -> None:
    """Wait for a running edit of the company's settings, without changing the version."""
    CatalogueVersion.objects.select_for_update().filter(company_id=company_id).first()
