"""Print the tables of docs/performance.md; `ENGINES=postgres` in front selects PostgreSQL."""

import tests.engines  # noqa: F401, I001 - makes the environment that the settings read

import django

django.setup()

from tests.benchmarks.report import main  # noqa: E402 - models come after the set-up

main()
