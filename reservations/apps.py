"""Reservations: a buyer is held for one caller for some seconds. Built on publishers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from publishers.keys import types

from . import key_types


class Reservations(AppConfig):
    name = "reservations"
    verbose_name = _("Reservations")

    def ready(self) -> None:
        types.register(key_types)
