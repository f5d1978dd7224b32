"""Floor 3: live calls, those who steer them, the companies that carry them."""

from django.apps import AppConfig

from publishers import kinds

from . import key_types


class CallControl(AppConfig):
    name = "callcontrol"
    verbose_name = "Calls"

    def ready(self) -> None:
        kinds.register(key_types)
