"""The roof's app: the commands that start and check the whole."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import pre_migrate


class Roof(AppConfig):
    name = "config"
    verbose_name = "Ringpost"

    def ready(self) -> None:
        import_module("config.checks")  # its checks register themselves
        pre_migrate.connect(_take_your_time, sender=self, dispatch_uid="migrations-take-their-time")


def _take_your_time(using: str, **kwargs: Any) -> None:
    """A migration may take longer than a request: an index on a large log would be ended by the statement timeout."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
