"""The command line: `manage.py up`, `apply`, `doctor` and the others."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error, InterfaceError, OperationalError

from config.ops.processes import die_with_up

_UNDEFINED = {"42P01", "42703"}  # PostgreSQL's codes of an unknown table and an unknown column


def main(arguments: list[str]) -> None:
    """Run a command; unusable settings and databases end it with a sentence and status 1."""
    die_with_up()
    try:
        # Django itself reports unusable settings in some commands only.
        settings.INSTALLED_APPS  # noqa: B018
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        sys.exit(f"Ringpost can't start: {error}")
    except Error as error:
        sentence = sentence_for(error)
        if not sentence or "--traceback" in arguments:
            raise
        sys.exit(sentence)


def sentence_for(error: Error) -> str:
    """Return what a database failure means and how to fix it; blank when that is unknown."""
    line = (str(error) or type(error).__name__).strip().splitlines()[0]
    if getattr(error.__cause__, "sqlstate", "") in _UNDEFINED or line.startswith(
        ("no such table", "no such column")
    ):
        return (
            "The database is not up to date: "
            "run `python manage.py migrate`, or `python manage.py up`."
        )
    if isinstance(error, OperationalError | InterfaceError):
        return (
            f"The database can't be reached: {line.rstrip('.')}. "
            "See that its server runs and that DATABASE_URL is right."
        )
    return ""


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(sys.argv)
