"""Floor 4: tags written from outside, before, during or after a call."""

from django.apps import AppConfig

from publishers.keys import types

from . import key_types


class DataWriting(AppConfig):
    name = "datawriting"
    verbose_name = "Data writing"

    def ready(self) -> None:
        types.register(key_types)
