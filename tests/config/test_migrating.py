"""A migration has as long as it needs; a request has not."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import pre_migrate

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite has no statement timeout"
    ),
]


def _timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


def test_the_statement_timeout_is_lifted_for_migrations() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20s'")
    before = _timeout()
    pre_migrate.send(sender=apps.get_app_config("config"), using="default")
    assert before == "20s"
    assert _timeout() == "0"
