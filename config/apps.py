"""App configurations: the project's, and one for Django's admin that imports no pages."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db import connections
from django.db.models.signals import pre_migrate


class ProjectConfig(AppConfig):
    name = "config"
    verbose_name = "Ringpost"

    def ready(self) -> None:
        import_module("config.checks")  # the module registers its checks
        pre_migrate.connect(
            _lift_statement_timeout, sender=self, dispatch_uid="lift-statement-timeout"
        )


class AdminConfig(SimpleAdminConfig):
    """Django's admin without autodiscovery: `config.urls` imports the pages, workers none."""

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_admin_pages, checks.Tags.admin)


def _check_admin_pages(**kwargs: Any) -> list[checks.CheckMessage]:
    """Run Django's checks of the admin pages, which must be imported first."""
    import_module("config.admin_pages")
    return list(check_admin_app(**kwargs))


def _lift_statement_timeout(using: str, **kwargs: Any) -> None:
    """Lift PostgreSQL's statement timeout, which building an index on a large table exceeds."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
