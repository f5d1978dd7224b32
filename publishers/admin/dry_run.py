"""A dry run: who would get a caller at a moment, and why the others would not."""

from campaigns.desk import DeskPage


class DryRun(DeskPage):
    title = "Dry run"
