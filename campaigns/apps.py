"""The app of demand: the company, its campaigns, buyers and caps, and routing."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Campaigns(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")
