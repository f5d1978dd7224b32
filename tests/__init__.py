"""The tests, laid out like the source; `python -m pytest` needs no service, `ENGINES=postgres`
brings real ones."""
