"""`doctor`: what is well, what is not, and how to mend it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.ops.doctor import examine


class Command(BaseCommand):
    help = "Checks settings, database, broker, worker, beat and carrier. Exit status 1 when something is wrong."
    requires_system_checks = []  # it shows their findings itself

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for text, mend in examine():
            self.stdout.write(f"✗ {text}\n  {mend}" if mend else f"✓ {text}")
            wrong += bool(mend)
        if wrong:
            raise CommandError(f"To mend: {wrong}.", returncode=1)
        self.stdout.write("All is well.")
