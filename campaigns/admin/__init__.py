"""The admin of demand."""

from . import buyers, campaign, companies, webhooks

__all__ = ["buyers", "campaign", "companies", "webhooks"]
