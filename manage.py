"""The command line: `manage.py up`, `apply`, `doctor` and the rest; what is amiss around them is said in a sentence."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error, InterfaceError, OperationalError

_UNDEFINED = {"42P01", "42703"}  # PostgreSQL's codes of an unknown table and an unknown column


def main(words: list[str]) -> None:
    """Runs the command; SystemExit 1 with a sentence for settings that can't work and for a database that doesn't."""
    try:
        settings.INSTALLED_APPS  # noqa: B018 - Django itself would tell some commands of bad settings, and others not
        execute_from_command_line(words)
    except ImproperlyConfigured as error:
        sys.exit(f"Ringpost can't start: {error}")
    except Error as error:
        sentence = said_of(error)
        if not sentence or "--traceback" in words:
            raise
        sys.exit(sentence)


def said_of(error: Error) -> str:
    """What the database's failure means to whoever typed the command; blank when that is unknown."""
    line = (str(error) or type(error).__name__).strip().splitlines()[0]
    if getattr(error.__cause__, "sqlstate", "") in _UNDEFINED or line.startswith(
        ("no such table", "no such column")
    ):
        return "The database is not up to date: run `python manage.py migrate`, or `python manage.py up`."
    if isinstance(error, OperationalError | InterfaceError):
        return f"The database can't be reached: {line.rstrip('.')}. See that its server runs and that DATABASE_URL is right."
    return ""


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(sys.argv)
