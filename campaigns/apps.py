"""Floor 0, demand: who buys calls, when, how many, and who gets the next one."""

from django.apps import AppConfig


class Campaigns(AppConfig):
    name = "campaigns"
    verbose_name = "Campaigns"
