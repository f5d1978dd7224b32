"""Floor 3: live calls, those who steer them, the companies that carry them."""

from django.apps import AppConfig

from publishers.keys import types

from . import key_types


class CallControl(AppConfig):
    name = "callcontrol"
    verbose_name = "Calls"

    def ready(self) -> None:
        types.register(key_types)
