"""The dashboard and its rollups."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingConfig(AppConfig):
    """The label and the table names are those of earlier versions, so that no data moves."""

    name = "callcontrol.reporting"
    label = "desk"
    verbose_name = _("Reporting")
