"""The roof's app: the commands that start and check the whole."""

from django.apps import AppConfig


class Roof(AppConfig):
    name = "config"
    verbose_name = "Ringpost"
