"""Live calls, their control, and the carriers that connect them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from publishers.keys import types

from . import key_types


class CallControl(AppConfig):
    name = "callcontrol"
    verbose_name = _("Calls")

    def ready(self) -> None:
        types.register(key_types)
