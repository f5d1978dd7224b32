"""Pages of records, newest first: first the keys from an index, then the rows."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page
from django.db import connection
from django.db.models import QuerySet
from unfold import paginator

MAX_BRANCHES = 400  # SQLite combines at most 500 queries
# Parameters of a statement. PostgreSQL takes 65,535, and a filter by many rows repeats in each
# branch.
MAX_VALUES = 30_000


class InfinitePaginator(paginator.InfinitePaginator):
    """A paginator without a count, fast at any depth: the rows before a page are skipped in the
    index.

    The indexes in order of time begin with the company, so that none serves several companies.
    `branches` holds a condition for each company; the newest keys of each are merged.
    """

    # Unfold's templates recognize the paginator by the name of its class.

    branches: Sequence[dict[str, Any]] = ()

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        top = number * self.per_page
        keys = self.keys(top - self.per_page, top)
        rows: Any = self.object_list.order_by()
        # Without other conditions, the database reads the rows by their keys alone.
        rows.query.clear_where()
        found = {row.pk: row for row in rows.filter(pk__in=keys)}
        return self._get_page([found[key] for key in keys if key in found], number, self)

    def keys(self, bottom: int, top: int) -> list[Any]:
        rows: Any = self.object_list
        order = [name.removeprefix("-") for name in rows.query.order_by if isinstance(name, str)]
        newest = None
        if 0 < len(self.branches) <= MAX_BRANCHES and len(order) == len(rows.query.order_by):
            parts = [
                rows.filter(**branch).values_list(*order, "pk")[:top] for branch in self.branches
            ]
            # ORDER BY the positions of the columns.
            directions = ", ".join(
                f"{position} {'DESC' if name.startswith('-') else 'ASC'}"
                for position, name in enumerate(rows.query.order_by, 1)
            )
            newest = newest_of(parts, directions, bottom, top)
        if newest is None:
            return list(rows.values_list("pk", flat=True)[bottom:top])
        key = rows.model._meta.pk
        return [key.to_python(row[-1]) for row in newest]


def newest_of(
    parts: Sequence[QuerySet[Any, Any]], order: str, bottom: int, top: int
) -> list[tuple[Any, ...]] | None:
    """Return the merged rows of the parts; None for more parameters than a statement takes."""
    # In SQL, because Django's union does not limit its parts on SQLite.
    texts: list[str] = []
    values: list[Any] = []
    for position, part in enumerate(parts):
        try:
            sql, own = part.query.sql_with_params()
        except EmptyResultSet:
            continue
        texts.append(f"SELECT * FROM ({sql}) AS part{position}")  # noqa: S608 - Django's SQL, its parameters apart
        values.extend(own)
    if not texts:
        return []
    if len(values) > MAX_VALUES:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            f"{' UNION ALL '.join(texts)} ORDER BY {order} LIMIT %s OFFSET %s",
            [*values, top - bottom, bottom],
        )
        return cursor.fetchall()
