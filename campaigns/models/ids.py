"""Short IDs, which account managers may edit."""

import secrets

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

short_id_validator = RegexValidator(
    r"^[A-Za-z0-9_.\-]{1,100}$", _("Use only letters, digits, dashes, dots and underscores.")
)


def new_short_id() -> str:
    """Return eight random hex digits."""
    return secrets.token_hex(4)
