"""The use of each cap of a buyer or a group, for their admin pages."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import CapCounter, CapKind


def usage_text(row: Any, *, owner: str, now: datetime) -> list[str]:
    """Return `Today: 3 of 100` for each of the five caps; `owner` is "buyer:12" or "group:3"."""
    counters = CapCounter.objects.filter(owner=owner, ends_at__gt=now).values_list("kind", "used")
    used_by_kind = dict(counters)
    lines = []
    for kind in CapKind:
        cap = getattr(row, f"{kind}_cap")
        values = {"period": kind.label, "used": used_by_kind.get(kind, 0), "cap": cap}
        if cap is None:
            lines.append(_("%(period)s: %(used)s, no limit") % values)
        elif values["used"] >= cap:
            lines.append(_("%(period)s: %(used)s of %(cap)s, full") % values)
        else:
            lines.append(_("%(period)s: %(used)s of %(cap)s") % values)
    return lines
