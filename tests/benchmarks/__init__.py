"""Cost of a ping, beside a naive version and the database alone: `python -m tests.benchmarks`."""
