"""Data writing: publishers write tags before, during or after a call. Built on callcontrol."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from publishers.keys import types

from . import key_types


class DataWriting(AppConfig):
    name = "datawriting"
    verbose_name = _("Data writing")

    def ready(self) -> None:
        types.register(key_types)
