"""The admin of supply. Its modules add to the pages of the floor below through the site."""

from . import campaign_page, keys, log, numbers, owners, publisher

__all__ = ["campaign_page", "keys", "log", "numbers", "owners", "publisher"]
