"""The dashboard: what came in, what became of it, and what it paid."""

from campaigns.desk import DeskPage


class Dashboard(DeskPage):
    title = "Dashboard"
