"""Floor 1, supply: who sends calls, through which numbers and keys, for what pay."""

from django.apps import AppConfig


class Publishers(AppConfig):
    name = "publishers"
    verbose_name = "Publishers"
