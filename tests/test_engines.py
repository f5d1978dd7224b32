"""The engines of a run are those of ENGINES: a run on PostgreSQL must not use SQLite."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection

ON_POSTGRES = os.environ.get("ENGINES") == "postgres"


@pytest.mark.django_db
def test_the_database_is_that_of_engines() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version()" if ON_POSTGRES else "SELECT 'SQLite ' || sqlite_version()"
        )
        product = cursor.fetchone()[0].split()[0]
    assert (connection.vendor, product) == (
        ("postgresql", "PostgreSQL") if ON_POSTGRES else ("sqlite", "SQLite")
    )


def test_the_cache_is_that_of_engines() -> None:
    cache.set("color", "green")
    backend = type(caches["default"]).__name__
    assert backend == ("RedisCache" if ON_POSTGRES else "LocMemCache")
    assert cache.get("color") == "green"


@pytest.mark.parametrize("visit", [1, 2])
def test_a_counter_is_cleared_between_tests(visit: int) -> None:
    cache.add("visits", 0)
    assert cache.incr("visits") == 1


def test_the_run_writes_in_its_own_folder() -> None:
    assert Path(os.environ["VAR_DIR"]) == settings.VAR_DIR
    assert settings.BASE_DIR not in settings.VAR_DIR.parents
