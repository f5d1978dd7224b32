"""`doctor`: examines the installation, and says how to fix what is wrong."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.ops.doctor import examine


class Command(BaseCommand):
    help = "Examines settings, database, broker, worker, beat and carrier; status 1 for a problem."
    requires_system_checks = []  # `examine` reports them

    def handle(self, *args: Any, **options: Any) -> None:
        problems = 0
        for text, remedy in examine():
            self.stdout.write(f"✗ {text}\n  {remedy}" if remedy else f"✓ {text}")
            problems += bool(remedy)
        if problems:
            raise CommandError(f"Problems found: {problems}.", returncode=1)
        self.stdout.write("No problems found.")
