"""`apply FILE`: make the catalogue match a YAML file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from publishers import catalogue


class Command(BaseCommand):
    help = "Makes a company's catalogue match a YAML file; all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the YAML file; - reads standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="print the changes without making them"
        )
        parser.add_argument(
            "--prune", action="store_true", help="also retire rows that are not in the file"
        )

    def handle(self, *args: Any, file: str, dry_run: bool, prune: bool, **options: Any) -> None:
        file_text = _read_text(file)
        try:
            changes = catalogue.apply_file(
                file_text=file_text, now=timezone.now(), dry_run=dry_run, prune=prune
            )
        except catalogue.UnusableFile as error:
            raise CommandError("\n".join([*error.problems, "Nothing was changed."])) from None
        for line in changes.lines():
            self.stdout.write(line)
        count = len(changes.rows)
        if not changes:
            self.stdout.write("nothing to change")
        elif dry_run:
            self.stdout.write(f"{count} to change; nothing was changed (--dry-run)")
        else:
            self.stdout.write(f"{count} changed")


def _read_text(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CommandError(f"line {line}: not UTF-8 text\nNothing was changed.") from None
