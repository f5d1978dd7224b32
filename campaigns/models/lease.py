"""Leases of periodic jobs."""

from django.db import models


class Lease(models.Model):
    """The worker that holds a job, and when the job last ran.

    Workers compete with a conditional update; a dead holder loses the lease at `until`.
    """

    name = models.CharField(max_length=100, primary_key=True)
    holder = models.CharField(max_length=100, blank=True)
    until = models.DateTimeField(null=True)
    ticked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
