"""Measures and prints the table of docs/performance.md. `ENGINES=postgres python -m tests.benchmarks` for PostgreSQL."""

import tests.engines  # noqa: F401, I001 - makes the environment that the settings read

import django

django.setup()

from tests.benchmarks.report import main  # noqa: E402 - models come after the set-up

main()
