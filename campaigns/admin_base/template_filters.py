"""Template filters of the admin's pages: `{% load admin_text %}`."""

from typing import Any

from django import template

from campaigns.money import money_text
from campaigns.phone import mask_text

from .records import admin_link

register = template.Library()
register.filter("admin_link", admin_link, is_safe=True)
register.filter("money", money_text)


@register.filter("masked")
def mask_unless_clear(text: Any, clear: bool) -> str:
    """Mask the long numbers of a text unless the user may see them."""
    return str(text) if clear else mask_text(str(text))
