"""Run all measurements and print them."""

import logging
import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings

from tests.benchmarks import naive, raw, scenes
from tests.benchmarks.measure import Client, interleaved, ratio

_ROUNDS = int(os.environ.get("ROUNDS", "7"))
_PAST = int(os.environ.get("PAST", "1000000"))


def _naive_application() -> WSGIHandler:
    with override_settings(MIDDLEWARE=naive.MIDDLEWARE):
        return WSGIHandler()


@override_settings(ROOT_URLCONF="tests.benchmarks.naive")
def main() -> None:
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    ours, theirs = WSGIHandler(), _naive_application()
    keys = {buyers: scenes.campaign_key(buyers) for buyers in (10, 100, 1_000)}
    print(
        f"{connection.vendor}, {_ROUNDS} interleaved rounds, processor time a ping (Python's and the database's)"
    )
    _against_naive(ours, theirs, keys)
    _growth_with_buyers(ours, keys)
    _growth_with_past(ours, keys[10])


def _against_naive(ours: WSGIHandler, theirs: WSGIHandler, keys: dict[int, str]) -> None:
    for buyers in (10, 100):
        product, simple = Client(ours, keys[buyers]), Client(theirs, keys[buyers], "/naive.json")
        product()
        costs = interleaved(
            [product, simple, raw.ping(keys[buyers])],
            times=[100, 100 // (buyers // 10), 100],
            rounds=_ROUNDS,
        )
        print(f"\n{buyers} buyers        CPU µs   wall µs  statements")
        for name, cost, count in zip(
            ("Ringpost", "naive", "database alone"),
            costs,
            (product.statements(), simple.statements(), 3),
            strict=True,
        ):
            print(
                f"  {name:15}{cost.cpu:8.0f}  {cost.wall:8.0f}  {count:6}   ({cost.python:.0f} + {cost.database:.0f})"
            )
        print(
            f"  naive / Ringpost {costs[1].cpu / costs[0].cpu:.1f}, Ringpost / database alone {costs[0].cpu / costs[2].cpu:.1f}"
        )


def _growth_with_buyers(ours: WSGIHandler, keys: dict[int, str]) -> None:
    clients = [Client(ours, keys[buyers]) for buyers in (10, 1_000)]
    for client in clients:
        client()
    print(f"\n1,000 buyers / 10 buyers: {ratio(clients, times=[200, 200], rounds=_ROUNDS):.2f}")


def _growth_with_past(ours: WSGIHandler, key: str) -> None:
    client = Client(ours, key)
    before = interleaved([client], times=[300], rounds=_ROUNDS)[0]
    scenes.add_past(_PAST)
    after = interleaved([client], times=[300], rounds=_ROUNDS)[0]
    print(f"{_PAST:,} past reservations / few: {after.cpu / before.cpu:.2f}")
