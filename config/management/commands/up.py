"""`up`: everything that a running Ringpost is, from one command, until one part dies or it is told to stop."""

import http.client
import io
import os
import secrets
import shutil
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from config.checks import LOOPBACK
from config.environment import HIGHEST_PORT
from config.ops import health
from config.ops.processes import CannotStart, ProcessGroup, lock_folder, probe

CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "config.celery:app"]
ANSWERS_WITHIN = 60  # seconds


class Command(BaseCommand):
    help = (
        "Migrates, makes an administrator if there is none, and runs web, worker and beat together."
    )
    requires_system_checks = []  # they run in a moment, and with words

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="load the demo company and print its links"
        )
        parser.add_argument(
            "--no-history",
            action="store_true",
            help="with --demo: its settings alone, without the past week",
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
                "--workers needs PostgreSQL (DATABASE_URL): on SQLite the writers of one process share one queue."
            )
        base_url = settings.PUBLIC_BASE_URL or f"http://{_name_of(bind)}:{port}"
        try:
            probe(bind, port)
            with lock_folder(settings.VAR_DIR):
                password = self._prepare()
                demo_lines = self._demo(base_url, password, no_history=no_history) if demo else ""
                last_words = [
                    demo_lines,
                    password,
                    whom_it_answers(bind),
                    f"Ringpost is ready: {base_url}/admin/",
                ]
                self._run(
                    bind=bind,
                    port=port,
                    workers=workers,
                    last_words="\n".join(filter(None, last_words)),
                    password=password,
                )
        except CannotStart as refusal:
            raise CommandError(str(refusal)) from None

    def _prepare(self) -> str:
        """Migrates, and makes an administrator if there is none: what to say of it, which nobody can say again."""
        self.check(tags=None, display_num_errors=False)
        waiting = health.migrations_waiting()
        if waiting:
            self.stdout.write(f"Bringing the database up to date: {len(waiting)} migrations …")
            call_command("migrate", interactive=False, verbosity=1)
        password = make_administrator()
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        connection.close()
        return (
            f"Log in as admin with the password {password} (shown only once)." if password else ""
        )

    def _demo(self, base_url: str, password: str, *, no_history: bool) -> str:
        """Loads the demo company and says how far it is; its lines wait until the links in them work."""
        lines = io.StringIO()
        try:
            call_command(
                "demo", base_url=base_url, no_history=no_history, stdout=lines, stderr=self.stdout
            )
        except BaseException:
            self._say(password)  # nobody can say it again
            raise
        connection.close()
        return lines.getvalue()

    def _run(self, *, bind: str, port: int, workers: int, last_words: str, password: str) -> None:
        group = ProcessGroup(self._say)
        place: dict[str, Any] = {
            "folder": settings.BASE_DIR,
            "environment": os.environ
            | {"BIND": bind, "PORT": str(port)}
            | (_shared_counters() if workers > 1 else {}),
        }
        web = [
            sys.executable,
            "-m",
            "config.ops.web",
            "--bind",
            bind,
            "--port",
            str(port),
            "--workers",
            str(workers),
        ]
        group.start("web", web, **place)
        group.start(
            "worker",
            [*CELERY, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"],
            **place,
        )
        group.start("beat", [*CELERY, "beat"], **place)
        announcement = Announcement(self._say, bind, port, last_words)
        try:
            dead = group.run(each_turn=announcement)
        finally:
            if announcement.is_due:
                self._say(password)  # nobody can say it again
        if dead:
            raise CommandError(
                f"{dead} has ended (status {group.status(dead)}), so everything was stopped.",
                returncode=1,
            )
        self._say("Stopped.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class Announcement:
    """Said once, as soon as the web answers; CannotStart when it does not within ANSWERS_WITHIN seconds."""

    def __init__(self, say: Any, bind: str, port: int, text: str) -> None:
        self._say, self._where, self._text = say, (_name_of(bind), port), text
        self.is_due = True
        self._deadline = time.monotonic() + ANSWERS_WITHIN

    def __call__(self) -> None:
        if self.is_due and answers(*self._where):
            self._say(self._text)
            self.is_due = False
        elif self.is_due and time.monotonic() > self._deadline:
            raise CannotStart(
                f"The web server has not answered within {ANSWERS_WITHIN} seconds; see its lines above."
            )


def answers(host: str, port: int) -> bool:
    """Whether an HTTP server answers there, whatever it says."""
    asking = http.client.HTTPConnection(host, port, timeout=1)
    try:
        asking.request("GET", "/healthz")
        return asking.getresponse().status > 0
    except OSError:
        return False
    finally:
        asking.close()


def make_administrator() -> str:
    """The password of a new superuser `admin`; empty when there is a superuser already."""
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists():
        return ""
    password = secrets.token_urlsafe(12)
    users.create_superuser(username="admin", password=password)
    return password


def whom_it_answers(bind: str) -> str:
    """What to set so that others can use an address that they can reach; empty when that is done, or nobody can."""
    if bind in LOOPBACK or not LOOPBACK.issuperset(
        host.strip("[]") for host in settings.ALLOWED_HOSTS
    ):
        return ""
    return "Only requests to localhost are answered: set ALLOWED_HOSTS or PUBLIC_BASE_URL to the name of this machine."


def _shared_counters() -> dict[str, str]:
    """Environment by which several web processes count together for /metrics, from zero."""
    folder = settings.VAR_DIR / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def _name_of(bind: str) -> str:
    """What a browser on this machine calls the address."""
    if bind in {"0.0.0.0", "::", "127.0.0.1"}:  # noqa: S104 - compared, not bound
        return "localhost" if bind != "::" else "[::1]"
    return f"[{bind}]" if ":" in bind else bind
