"""The account manager's desk: the dashboard with its tallies, and one caller's time line."""

from django.apps import AppConfig


class Desk(AppConfig):
    name = "callcontrol.reporting"
    label = "desk"
    verbose_name = "Desk"
