"""Choices that carry more than a value and a label."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class ColoredChoices(models.TextChoices):
    """Choices with the color of their label in the admin: `LIVE = "live", "success", _("Live")`.

    A list column shows them as `@display(label=Status.colors())` on a method that returns
    `(row.status, row.get_status_display())`. Colors: success, info, warning, danger, or "" for
    gray.
    """

    color: str

    def __new__(cls, value: str, color: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.color = color
        return member

    @classmethod
    def colors(cls) -> dict[str, str]:
        """Return the color of each value."""
        return {member.value: member.color for member in cls}


class ActiveStatus(ColoredChoices):
    """The status of a row that can be paused and retired."""

    ACTIVE = "active", "success", _("Active")
    PAUSED = "paused", "warning", _("Paused")
    RETIRED = "retired", "danger", _("Retired")
