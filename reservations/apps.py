"""Floor 2: a buyer held for one caller for some seconds."""

from django.apps import AppConfig

from publishers import kinds

from . import key_types


class Reservations(AppConfig):
    name = "reservations"
    verbose_name = "Reservations"

    def ready(self) -> None:
        kinds.register(key_types)
