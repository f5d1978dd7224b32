"""Publishers: the sources of calls."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Retirable, new_short_id
from campaigns.models.ids import short_id_validator


class Publisher(Retirable):
    """A source of calls, which is paid for those that convert."""

    publisher_id = models.CharField(
        _("publisher ID"), max_length=100, default=new_short_id, validators=[short_id_validator]
    )
    name = models.CharField(max_length=200)
    paused = models.BooleanField(
        default=False, help_text=_("Pings are rejected and calls find no buyer.")
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "publisher_id"],
                condition=Q(retired_at=None),
                name="publisher_id_unique",
                violation_error_message=_("Another publisher has this ID. Choose another one."),
            ),
            models.CheckConstraint(
                condition=~Q(publisher_id="") & ~Q(name=""), name="publisher_named"
            ),
        ]

    def __str__(self) -> str:
        return self.name
