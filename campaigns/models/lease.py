"""Who does a periodic job now, and when it was last done."""

from django.db import models


class Lease(models.Model):
    """A named job's holder. Workers race for it with a conditional update; a dead holder loses it at `until`."""

    name = models.CharField(max_length=100, primary_key=True)
    holder = models.CharField(max_length=100, blank=True)
    until = models.DateTimeField(null=True)
    ticked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
