"""One-row inserts for the hot tables, with the model's columns but without the ORM's overhead.

Measured: `bulk_create([row], ignore_conflicts=True)` costs about five times the CPU time of this.
"""

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

Convert = Callable[[Any], Any]
_Row = TypeVar("_Row", bound=models.Model)


def _unchanged(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    """Return a member of TextChoices as its value: psycopg would send it as an enum."""
    return value if type(value) is str else str(value)


# Field classes with values that need no work on any database. All others ask the field.
_PLAIN: dict[type, Convert] = {
    models.AutoField: _unchanged,
    models.BigAutoField: _unchanged,
    models.BigIntegerField: _unchanged,
    models.BooleanField: _unchanged,
    models.FloatField: _unchanged,
    models.IntegerField: _unchanged,
    models.PositiveIntegerField: _unchanged,
    models.PositiveSmallIntegerField: _unchanged,
    models.CharField: _text,
    models.TextField: _text,
}


def _converter(field: "models.Field[Any, Any]") -> Convert:
    """Return the cheapest equivalent of the field's `get_db_prep_save` for aware values.

    It never gets None, which every field leaves as it is.
    """
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    plain = _PLAIN.get(type(field))
    if plain is not None:
        return plain
    if type(field) is models.DateTimeField:
        return connection.ops.adapt_datetimefield_value
    if type(field) is models.UUIDField:
        return _unchanged if connection.features.has_native_uuid_field else attrgetter("hex")
    if type(field) is models.DecimalField:
        digits, places = field.max_digits, field.decimal_places
        return lambda value: connection.ops.adapt_decimalfield_value(value, digits, places)
    if type(field) is models.JSONField:
        encoder = field.encoder
        return lambda value: connection.ops.adapt_json_value(value, encoder)
    if _has_no_database_step(field):
        return cast(Convert, field.get_prep_value)
    return lambda value: field.get_db_prep_save(value, connection)


def _has_no_database_step(field: "models.Field[Any, Any]") -> bool:
    """Return whether `get_prep_value` is all that a field does with a value before it is saved."""
    steps = ("get_db_prep_save", "get_db_prep_value")
    return all(getattr(type(field), step) is getattr(models.Field, step) for step in steps)


@lru_cache(maxsize=256)
def _statement(
    model: type[models.Model], names: tuple[str, ...], vendor: str
) -> tuple[str, tuple[Convert, ...]]:
    """Return the statement and a converter per column, the same for all rows with these names."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608
    return sql, tuple(_converter(field) for field in fields)


def insert(model: type[models.Model], **values: Any) -> bool:
    """Insert one row; return False if a unique constraint holds it already.

    Foreign keys are given by their column, `buyer_id=3`. Nothing is defaulted and no signal is
    sent, so rows of the catalogue never come here.
    """
    database = connections[DEFAULT_DB_ALIAS]  # `connection` would look it up at each use
    sql, converters = _statement(model, tuple(values), database.vendor)
    columns = zip(converters, values.values(), strict=True)
    with database.cursor() as cursor:
        cursor.execute(
            sql, [None if value is None else convert(value) for convert, value in columns]
        )
        return bool(cursor.rowcount)


@lru_cache(maxsize=256)
def _defaults(model: type[models.Model]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the names of the columns, and the default of each that all rows may share."""
    row, fields = model(), model._meta.concrete_fields
    shared = {
        field.attname: getattr(row, field.attname)
        for field in fields
        if field.default is models.NOT_PROVIDED or not callable(field.default)
    }
    return tuple(field.attname for field in fields), shared


def new_row(model: type[_Row], **values: Any) -> _Row:
    """Build an instance from its columns by position, which costs half of what keywords cost.

    Raises KeyError without a value for a column whose default is callable.
    """
    names, defaults = _defaults(model)
    return model(*(values[name] if name in values else defaults[name] for name in names))


def insert_row(row: models.Model) -> bool:
    """Insert a model instance with all fields set, its primary key too; it may be saved later."""
    inserted = insert(
        type(row),
        **{field.name: getattr(row, field.attname) for field in row._meta.concrete_fields},
    )
    row._state.adding = not inserted
    return inserted
