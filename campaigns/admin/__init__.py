"""The admin of demand."""

from . import buyers, campaign, companies

__all__ = ["buyers", "campaign", "companies"]
