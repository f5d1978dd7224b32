"""The admin of supply. Its modules add to the pages of the floor below through the site."""

from . import campaign_page, instructions_links, keys, numbers, owner_keys, publisher, request_log

__all__ = [
    "campaign_page",
    "instructions_links",
    "keys",
    "numbers",
    "owner_keys",
    "publisher",
    "request_log",
]
