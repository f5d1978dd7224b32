"""What every row of a company's settings shares: its company, its version, and being retired instead of deleted."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.dispatch import Signal
from simple_history.models import HistoricalRecords

from .company import Company
from .ids import new_short_id
from .version import CatalogueVersion, new_version

__all__ = ["CatalogueQuerySet", "CatalogueRow", "CatalogueVersion", "Retirable", "new_short_id"]


# Sent after a bulk update, which sends no other signal: `sender` is the model, `company_ids` are those whose rows changed.
rows_updated = Signal()


class CatalogueQuerySet(models.QuerySet[Any]):
    """Bulk changes call no row's `save` or `delete`, so they mark the version themselves."""

    def update(self, **values: Any) -> int:
        with transaction.atomic():
            companies = self._mark()
            changed = super().update(**values)
        rows_updated.send(sender=self.model, company_ids=companies)
        return changed

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

    def _mark(self) -> list[int]:
        companies = list(self.order_by().values_list("company_id", flat=True).distinct())
        new_version(companies)
        return companies

    def of(self, company: Company) -> Self:
        return self.filter(company=company)


class CatalogueRow(models.Model):
    """A row of a company's settings. `belongs_to` names the foreign key that its company is taken from."""

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
        """No form shows the company or the retiring, but both are known: what is unique among them is checked all the same."""
        super().validate_constraints(exclude=set(exclude or ()) - {"company", "retired_at"})

    def take_company(self) -> None:
        """Takes the company from what the row belongs to, and refuses a row that reaches into another company."""
        if self.belongs_to:
            self.company_id = getattr(self, self.belongs_to).company_id
        for field in self._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey) or not issubclass(
                field.related_model, CatalogueRow
            ):
                continue
            other = getattr(self, field.name)
            if other is not None and other.company_id != self.company_id:
                raise ValidationError({field.name: f"{other} belongs to another company."})


class RetirableQuerySet(CatalogueQuerySet):
    def unretired(self) -> Self:
        return self.filter(retired_at=None)


class Retirable(CatalogueRow):
    """A row that is never deleted: retired, it leaves lists and routing, its id is free again, its history stays."""

    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RetirableQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True

    def retire(self, *, now: datetime) -> None:
        """Retires the row; a second time changes nothing."""
        if self.retired_at is None:
            self.retired_at = now
            self.save(update_fields=["retired_at"])
