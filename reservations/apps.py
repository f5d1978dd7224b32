"""Floor 2: a buyer held for one caller for some seconds."""

from django.apps import AppConfig

from publishers.keys import types

from . import key_types


class Reservations(AppConfig):
    name = "reservations"
    verbose_name = "Reservations"

    def ready(self) -> None:
        types.register(key_types)
