"""`up`: migrates, then runs web, worker and beat until one of them ends or a signal comes."""

import http.client
import io
import os
import secrets
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from callcontrol.demo import history
from config.checks import LOOPBACK
from config.environment import HIGHEST_PORT
from config.ops import health
from config.ops.processes import CannotStart, ProcessGroup, lock_folder, probe

CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "config.celery:app"]
WORKER = [*CELERY, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"]
BEAT = [*CELERY, "beat"]
WEB = [sys.executable, "-m", "config.ops.web"]
DEMO_HISTORY = [sys.executable, "manage.py", "demo", "--history-only"]
START_SECONDS = 60  # for the web server to answer


class Command(BaseCommand):
    help = "Migrates, creates an administrator if there is none, and runs web, worker and beat."
    requires_system_checks = []  # `_prepare` runs all of them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="load the demo company and print its links"
        )
        parser.add_argument(
            "--no-history",
            action="store_true",
            help="with --demo: load its settings alone, without the past week",
        )
        parser.add_argument(
            "--bind", default=settings.BIND, help="address to listen on (default: %(default)s)"
        )
        parser.add_argument(
            "--port",
            type=int,
            default=settings.PORT,
            help="port to listen on (default: %(default)s)",
        )
        parser.add_argument(
            "--workers", type=int, default=1, help="web processes; more than one needs PostgreSQL"
        )

    def handle(
        self, *, bind: str, port: int, workers: int, demo: bool, no_history: bool, **_options: Any
    ) -> None:
        if not 1 <= port <= HIGHEST_PORT:
            raise CommandError(f"--port is {port}: give a port from 1 to {HIGHEST_PORT}.")
        if workers < 1:
            raise CommandError(
                f"--workers is {workers}: give a number of web processes, 1 or more."
            )
        if workers > 1 and connection.vendor == "sqlite":
            raise CommandError(
                "--workers needs PostgreSQL (DATABASE_URL): "
                "on SQLite the writers of one process share one queue."
            )
        base_url = settings.PUBLIC_BASE_URL or f"http://{local_name(bind)}:{port}"
        try:
            probe(bind, port)
            with lock_folder(settings.VAR_DIR):
                password_line = self._prepare()
                try:
                    demo_lines = self._load_demo(base_url, no_history=no_history) if demo else ""
                except BaseException:
                    self._write(password_line)  # the only copy of the password
                    raise
                lines = [
                    demo_lines,
                    password_line,
                    access_hint(bind),
                    f"Ringpost is ready: {base_url}/admin/",
                ]
                announcement = Announcement(
                    self._write, bind=bind, port=port, text="\n".join(filter(None, lines))
                )
                plays_history = demo and not no_history and history.is_prepared()
                connection.close()
                try:
                    self._run(
                        announcement,
                        *(bind, port, workers),
                        after_start=DEMO_HISTORY if plays_history else [],
                    )
                finally:
                    if announcement.is_due:
                        self._write(password_line)
        except CannotStart as refusal:
            raise CommandError(str(refusal)) from None

    def _prepare(self) -> str:
        """Check, migrate, create an administrator if needed; return the line with the password."""
        self.check(tags=None, display_num_errors=False)
        pending = health.pending_migrations()
        if pending:
            self._write(f"Migrating the database: {len(pending)} migrations …")
            call_command("migrate", interactive=False, verbosity=1)
        password = create_administrator()
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        return (
            f"Log in as admin with the password {password} (shown only once)." if password else ""
        )

    def _load_demo(self, base_url: str, *, no_history: bool) -> str:
        """Load the demo's settings, and return the lines to write once their links work."""
        lines = io.StringIO()
        call_command(
            "demo",
            base_url=base_url,
            no_history=no_history,
            defer_history=True,
            stdout=lines,
            stderr=self.stdout,
        )
        return lines.getvalue()

    def _run(
        self,
        announcement: "Announcement",
        bind: str,
        port: int,
        workers: int,
        *,
        after_start: list[str],
    ) -> None:
        """Run the processes until one ends, and `after_start` once the web server answers."""
        environment = os.environ | {"BIND": bind, "PORT": str(port)}
        if workers > 1:  # the web processes add up their counters for /metrics, from zero
            metrics_folder = settings.VAR_DIR / "metrics"
            shutil.rmtree(metrics_folder, ignore_errors=True)
            metrics_folder.mkdir()
            environment["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_folder)
        where: dict[str, Any] = {"folder": settings.BASE_DIR, "environment": environment}
        web = [*WEB, "--bind", bind, "--port", str(port), "--workers", str(workers)]
        group = ProcessGroup(self._write)
        group.start("web", web, **where)
        group.start("worker", WORKER, **where)
        group.start("beat", BEAT, **where)

        def on_turn() -> None:
            if announcement.is_due and announcement.try_to_write() and after_start:
                group.start("demo", after_start, **where, is_job=True)

        ended = group.run(on_turn=on_turn)
        if ended:
            raise CommandError(
                f"{ended} has ended (status {group.status(ended)}), so everything was stopped.",
                returncode=1,
            )
        self._write("Stopped.")

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class Announcement:
    """The lines that are written once, as soon as the web server answers."""

    def __init__(self, write: Callable[[str], None], *, bind: str, port: int, text: str) -> None:
        self._write, self._address, self._text = write, (local_name(bind), port), text
        self._deadline = time.monotonic() + START_SECONDS
        self.is_due = True

    def try_to_write(self) -> bool:
        """Write the lines if the web server answers; CannotStart after START_SECONDS."""
        if answers(*self._address):
            self._write(self._text)
            self.is_due = False
        elif time.monotonic() > self._deadline:
            raise CannotStart(
                f"The web server has not answered within {START_SECONDS} seconds; "
                "see its lines above."
            )
        return not self.is_due


def answers(host: str, port: int) -> bool:
    """Return whether an HTTP server answers at an address, with any status."""
    client = http.client.HTTPConnection(host, port, timeout=1)
    try:
        client.request("GET", "/healthz")
        return client.getresponse().status > 0
    except OSError:
        return False
    finally:
        client.close()


def create_administrator() -> str:
    """Create the superuser `admin` and return its password; blank when there is a superuser."""
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists():
        return ""
    password = secrets.token_urlsafe(12)
    users.create_superuser(username="admin", password=password)
    return password


def access_hint(bind: str) -> str:
    """Return a hint when other machines reach the server and get no answer; else blank."""
    hosts = {host.strip("[]") for host in settings.ALLOWED_HOSTS}
    if bind in LOOPBACK or not hosts <= LOOPBACK:
        return ""
    return (
        "Only requests to localhost are answered: "
        "set ALLOWED_HOSTS or PUBLIC_BASE_URL to the name of this machine."
    )


def local_name(bind: str) -> str:
    """Return the host by which a browser on this machine reaches the address."""
    if bind in {"0.0.0.0", "::", "127.0.0.1"}:  # noqa: S104 - compared, not bound
        return "localhost" if bind != "::" else "[::1]"
    return f"[{bind}]" if ":" in bind else bind
