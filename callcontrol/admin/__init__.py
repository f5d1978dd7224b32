"""The admin of calls: their records, what can be done with a live one, and the softphone."""

from . import calls, related_card, report_filters, softphone

__all__ = ["calls", "related_card", "report_filters", "softphone"]
