"""Floor 0, demand: who buys calls, when, how many, and who gets the next one."""

from importlib import import_module

from django.apps import AppConfig


class Campaigns(AppConfig):
    name = "campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        import_module(
            "campaigns.caps.sync"
        )  # its receivers need the models, which are loaded only now
