"""The short texts that account managers and clients call things by."""

import secrets

from django.core.validators import RegexValidator

short_id_validator = RegexValidator(
    r"^[A-Za-z0-9_.\-]{1,100}$", "Letters, digits, dashes, dots and underscores only."
)


def new_short_id() -> str:
    """Eight random hex digits."""
    return secrets.token_hex(4)
