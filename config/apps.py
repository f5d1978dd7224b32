"""The roof's app: the commands that start and check the whole."""

from importlib import import_module

from django.apps import AppConfig


class Roof(AppConfig):
    name = "config"
    verbose_name = "Ringpost"

    def ready(self) -> None:
        import_module("config.checks")  # its checks register themselves
