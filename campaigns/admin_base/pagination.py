"""Pages of records, newest first: their keys are found in an index before any row is read, company by company."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page
from django.db import connection
from django.db.models import QuerySet
from unfold import paginator

MOST_BRANCHES = 400  # SQLite joins at most five hundred
MOST_VALUES = 30_000  # in a statement: PostgreSQL takes 65,535, and what names a thousand rows names them in every branch


class InfinitePaginator(paginator.InfinitePaginator):
    """As deep as one likes: what stands before a page is passed over in the index. Unfold's pages know it by its name.

    An index in the order of time begins with the company: there is none for several companies, or all. `branches` are
    the conditions for each of them; the newest of each are found, and put in order.
    """

    branches: Sequence[dict[str, Any]] = ()

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        top = number * self.per_page
        keys = self.keys(top - self.per_page, top)
        rows: Any = self.object_list.order_by()
        rows.query.clear_where()  # the keys say which; a condition more would have the database choose another way to them
        found = {row.pk: row for row in rows.filter(pk__in=keys)}
        return self._get_page([found[key] for key in keys if key in found], number, self)

    def keys(self, bottom: int, top: int) -> list[Any]:
        rows: Any = self.object_list
        order = [name.removeprefix("-") for name in rows.query.order_by if isinstance(name, str)]
        newest = None
        if 0 < len(self.branches) <= MOST_BRANCHES and len(order) == len(rows.query.order_by):
            parts = [
                rows.filter(**branch).values_list(*order, "pk")[:top] for branch in self.branches
            ]
            newest = _newest_of(parts, self._directions(), bottom, top)
        if newest is None:
            return list(rows.values_list("pk", flat=True)[bottom:top])
        key = rows.model._meta.pk
        return [key.to_python(row[-1]) for row in newest]

    def _directions(self) -> str:
        """ORDER BY, by the places of the columns."""
        names = self.object_list.query.order_by
        return ", ".join(
            f"{place} {'DESC' if name.startswith('-') else 'ASC'}"
            for place, name in enumerate(names, 1)
        )


def _newest_of(
    parts: Sequence[QuerySet[Any, Any]], order: str, bottom: int, top: int
) -> list[tuple[Any, ...]] | None:
    """The rows of all parts in one order; None for more than a statement can say.

    Django knows no limit for a part of a union on SQLite.
    """
    texts: list[str] = []
    values: list[Any] = []
    for place, part in enumerate(parts):
        try:
            sql, own = part.query.sql_with_params()
        except EmptyResultSet:
            continue
        texts.append(f"SELECT * FROM ({sql}) AS part{place}")  # noqa: S608 - what Django wrote, with its parameters apart
        values.extend(own)
    if not texts:
        return []
    if len(values) > MOST_VALUES:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            f"{' UNION ALL '.join(texts)} ORDER BY {order} LIMIT %s OFFSET %s",
            [*values, top - bottom, bottom],
        )
        return cursor.fetchall()
