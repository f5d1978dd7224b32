"""The admin of demand."""

from . import buyers, campaign, changes, companies, members, passwords, webhooks

__all__ = ["buyers", "campaign", "changes", "companies", "members", "passwords", "webhooks"]
