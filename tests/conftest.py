"""Fixtures of every test: an HTTP client, a clock, empty caches, a fast test database."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import hypothesis
import pytest
import time_machine
from django.conf import settings as installation
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.color import no_style
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.template import Context, RequestContext, Template
from django.test import TransactionTestCase
from django.test import utils as test_utils
from django.test.signals import template_rendered
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from config import admin_pages  # noqa: F401 - tests import single admin modules
from tests.callcontrol.twilio.rest import Api, running_api
from tests.callcontrol.twilio.standin import StandIn
from tests.keeping import empty_caches

# The same examples on every machine and no deadline: a busy machine fails no test.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts real processes")
    # Each test client builds its own middleware, and WhiteNoise would scan all static files for it.
    installation.WHITENOISE_AUTOREFRESH = True
    installation.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    test_utils.instrumented_test_render = _render_and_send  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[attr-defined]


@pytest.hookimpl(trylast=True)  # after pytest-django, which puts tests without a database last
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the tests of real processes, so that no other worker is left waiting for them.

    A worker begins with the first tests, and others take from its end: so the tests that share a
    process stay together as well.
    """
    items.sort(key=lambda item: "slow" not in item.keywords)


def _render_and_send(template: Template, context: Context) -> str:
    """Send the signal from which the test client has its `context`, for whole pages alone.

    Django sends it for each included template and each field as well, and copies the context.
    """
    if context.template is template and isinstance(context, RequestContext):
        template_rendered.send(sender=template, template=template, context=context)
    return template.nodelist.render(context)


def _empty_tables(_case: TransactionTestCase) -> None:
    """Empty the tables but those of content types and permissions, after a transactional test.

    Django empties these too, and then creates them again, which takes longer than most tests.
    """
    kept = {ContentType._meta.db_table, Permission._meta.db_table}
    tables = [
        name
        for name in connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        if name not in kept
    ]
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """Create SQLite's tables from the models: the migrations take eight seconds in each worker.

    PostgreSQL runs them, and so does each test that starts the product as a user does.
    """
    return connection.vendor != "sqlite"


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, django_db_use_migrations: bool
) -> None:
    """Record all migrations as applied where the tables come from the models."""
    if django_db_use_migrations:
        return
    installation.MIGRATION_MODULES = {}  # pytest-django has hidden the migrations
    with django_db_blocker.unblock():
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        recorder.migration_qs.bulk_create(
            recorder.Migration(app=app, name=name)
            for app, name in MigrationLoader(connection).disk_migrations
        )


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    empty_caches()


@pytest.fixture
def http(live_server: LiveServer) -> Iterator[httpx.Client]:
    """Yield a client of the live server; it takes relative paths and follows no redirects."""
    # No TLS: to load the certificates of authorities takes longer than most requests.
    plain = httpx.HTTPTransport(verify=False)
    with httpx.Client(base_url=live_server.url, transport=plain, timeout=30) as client:
        yield client


@pytest.fixture
def twilio(live_server: LiveServer, settings: Any) -> Iterator[Api]:
    """Run the live server with CARRIER=twilio behind a proxy; a stand-in answers for Twilio."""
    with running_api(StandIn(live_server.url), settings) as api:
        yield api


@pytest.fixture
def twilio_here(settings: Any) -> Iterator[Api]:
    """As `twilio`, with the webhooks handled in this thread and in the test's transaction."""
    handler = WSGIHandler()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)  # as the test client does
        return handler(environ, start_response)

    transport = httpx.WSGITransport(app=application)
    with running_api(StandIn("http://localhost", transport=transport), settings) as api:
        yield api
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def clock() -> Iterator[Callable[[float], object]]:
    """Stop the clock at noon of Tuesday, 5 May 2026 (UTC); `clock(seconds)` moves it on."""
    with time_machine.travel(datetime(2026, 5, 5, 12, tzinfo=UTC), tick=False) as traveler:
        yield traveler.shift
