"""The admin of demand."""

from . import buyers, campaign, companies, passwords, people, webhooks

__all__ = ["buyers", "campaign", "companies", "passwords", "people", "webhooks"]
