"""Rows that the tests of a module share: made once, rolled back after the module.

What a test changes is rolled back to a savepoint after it, as always. Only for modules without
transactional tests, since these empty the tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.core.cache import cache
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from publishers import snapshot
from publishers.gateway import throttles

Rows = TypeVar("Rows")


@contextmanager
def kept(build: Callable[[], Rows], blocker: DjangoDbBlocker) -> Iterator[Rows]:
    """Yield what `build` returns; roll its rows back at the end."""
    empty_caches()
    with blocker.unblock():
        block = transaction.atomic()
        block.__enter__()
    try:
        with blocker.unblock():
            rows = build()
        yield rows
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            block.__exit__(None, None, None)


def empty_caches() -> None:
    """Clear what outlives a transaction: request counts, and the snapshots of companies.

    The next test's company may have the same primary key.
    """
    cache.clear()
    throttles.reset()
    snapshot._cache.clear()
