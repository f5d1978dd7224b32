"""Writes and calls at the same time, and a count of every tag afterwards.

By hand: `python -m tests.benchmarks.storm 10000`, with `ENGINES=postgres` in front for PostgreSQL.
Exits with 1 if a tag is missing, doubled, or stored where it should not be.
"""

import tests.engines  # noqa: F401, I001 - makes the environment that the settings read

import logging
import sys
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models come after the set-up
from django.db import connection  # noqa: E402
from django.test.utils import override_settings  # noqa: E402

from tests.factories import make_market  # noqa: E402
from tests.races import storm  # noqa: E402
from tests.races.takers import THREADS  # noqa: E402


@override_settings(ALLOWED_HOSTS=["testserver"])
def main(acts: int) -> int:
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    blown = storm.Storm(
        make_market(caps=[None, None]), storm.callers(-(-acts // (storm.CALLS + storm.WRITES)))
    )
    began = time.perf_counter()
    blown.blow()
    seconds = time.perf_counter() - began
    found, expected = storm.places(), storm.everywhere_once(blown)
    wrong = {
        what for what in found.keys() | expected.keys() if found.get(what) != expected.get(what)
    }
    calls = len(blown.callers) * storm.CALLS
    print(
        f"{connection.vendor}: {blown.answered.total():,} writes and {calls:,} calls in {seconds:.0f} s, {THREADS} threads"
    )
    for text, count in sorted(blown.answered.items()):
        print(f"  {count:6,} × {text}")
    print(
        f"  {len(found):,} tags found, {len(wrong)} not exactly once; left over {storm.left_over()}"
    )
    return int(bool(wrong) or storm.left_over() != (0, 0))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
