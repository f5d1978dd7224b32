"""What a ping costs, against a naive version and the database alone. By hand: `python -m tests.benchmarks`."""
