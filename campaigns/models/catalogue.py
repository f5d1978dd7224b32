"""Base models of a company's settings: rows with a company, a version and a history."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from simple_history.models import HistoricalRecords

from .company import Company
from .ids import new_short_id
from .version import CatalogueVersion, new_version

__all__ = ["CatalogueQuerySet", "CatalogueRow", "CatalogueVersion", "Retirable", "new_short_id"]


class CatalogueQuerySet(models.QuerySet[Any]):
    """Bulk changes call no `save` or `delete` of a row, so they mark the version here."""

    def update(self, **values: Any) -> int:
        with transaction.atomic():
            self._mark()
            return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            self._mark()
            return super().delete()

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.take_company()
        with transaction.atomic():
            new_version(row.company_id for row in rows)
            return super().bulk_create(rows, *args, **kwargs)

    def _mark(self) -> None:
        new_version(self.order_by().values_list("company_id", flat=True).distinct())

    def of(self, company: Company) -> Self:
        return self.filter(company=company)


class CatalogueRow(models.Model):
    """A row of a company's settings.

    `belongs_to` names the foreign key to the row that determines its company.
    """

    belongs_to: str | None = None

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", editable=False)

    objects = CatalogueQuerySet.as_manager()
    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.take_company()
        with transaction.atomic():
            new_version([self.company_id])
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            new_version([self.company_id])
            return super().delete(*args, **kwargs)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Check also the constraints on columns that are in no form: company and `retired_at`."""
        super().validate_constraints(exclude=set(exclude or ()) - {"company", "retired_at"})

    def take_company(self) -> None:
        """Set the company from `belongs_to`; raise ValidationError on a key to another company."""
        if self.belongs_to:
            self.company_id = getattr(self, self.belongs_to).company_id
        for field in self._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey) or not issubclass(
                field.related_model, CatalogueRow
            ):
                continue
            other = getattr(self, field.name)
            if other is not None and other.company_id != self.company_id:
                text = _("%(row)s belongs to another company.") % {"row": other}
                raise ValidationError({field.name: text})


class RetirableQuerySet(CatalogueQuerySet):
    def unretired(self) -> Self:
        return self.filter(retired_at=None)


class Retirable(CatalogueRow):
    """A row that retires instead of being deleted: it leaves lists and routing, frees its ID."""

    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RetirableQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True

    def retire(self, *, now: datetime) -> None:
        """Retire the row; the second time changes nothing."""
        if self.retired_at is None:
            self.retired_at = now
            self.save(update_fields=["retired_at"])
