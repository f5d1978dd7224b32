"""Timeline entries: what the template of each type of row shows, with numbers masked."""

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils import timezone

from callcontrol.lifecycle.summary import call_headline
from callcontrol.models import Call, Delivery
from callcontrol.state.locked_call import LockedCall
from campaigns.admin_base import admin_link
from campaigns.models import Buyer, Campaign, Company
from campaigns.money import money_text
from campaigns.routing import explain
from campaigns.routing.engine import buyers_in_trace
from config.http.parameters import RESERVED
from publishers.models import Key, LogEntry, Publisher
from publishers.request_log import labels
from reservations.models import LIVE, Status

from .history import TimelineRow

Entry = dict[str, Any]
_MAX_TAGS = 6  # in one sentence


class EntryBuilder:
    """Builds the entries of one page; reads what its rows refer to in one query per model."""

    def __init__(
        self, rows: list[TimelineRow], company: Company, *, mask: Callable[[str], str]
    ) -> None:
        self.rows, self.company, self.mask = rows, company, mask
        requests: list[LogEntry] = [row.record for row in rows if row.type == "request"]
        self.keys = Key.objects.select_related("campaign", "publisher").in_bulk(
            {entry.key_pk for entry in requests if entry.key_pk}
        )
        self.publishers = Publisher.objects.in_bulk(
            {entry.publisher_pk for entry in requests if entry.publisher_pk}
        )
        self.buyers = Buyer.objects.in_bulk(
            {pk for entry in requests if entry.trace for pk in buyers_in_trace(entry.trace)}
        )
        self.campaigns = Campaign.objects.filter(company=company).in_bulk(
            {_campaign_pk(row.record) for row in rows if row.type == "tag"}
        )
        self.calls = {
            row.record.reservation_id: row.record.pk for row in rows if row.type == "call"
        }

    def entries(self, now: datetime) -> list[Entry]:
        """Return one entry per row, newest first; the tags of one write share an entry."""
        entries: list[Entry] = []
        writes = groupby(
            self.rows,
            key=lambda row: (
                (row.at, row.record.scope, row.record.publisher_id)
                if row.type == "tag"
                else (id(row),)
            ),
        )
        for _, same_write in writes:
            rows = list(same_write)
            record, type = rows[0].record, rows[0].type
            entry = {
                "template": f"callcontrol/caller/entries/{type}.html",
                "record": record,
                "at": rows[0].at,
                "day": timezone.localdate(rows[0].at),
                "block": self._block(rows[0]),
            }
            if type == "request":
                entry |= self._request(record)
            elif type == "reservation":
                entry["status"] = status = Status(record.status_at(now))
                entry["is_live"] = status in LIVE
            elif type == "delivery":
                entry["status"] = Delivery.Status(record.status)
            elif type == "call":
                entry["status"] = Call.Status(record.status)
                legs = sorted(record.legs.all(), key=lambda leg: leg.place)
                call = LockedCall(record, legs, list(record.transfers.all()))
                entry["headline"] = self.mask(call_headline(call))
                entry["inbound_number"] = self.mask(record.inbound_number)
            elif type == "tag":
                campaign = self.campaigns.get(_campaign_pk(record))
                entry["campaign"] = admin_link(campaign) if campaign else ""
                tags = sorted((row.record for row in rows), key=lambda tag: tag.pk)
                entry["tags"] = self._pairs([(tag.name, tag.value) for tag in tags])
            links = ("buyer",) if type == "reservation" else ("campaign", "publisher", "buyer")
            for name in links:
                if related := getattr(record, name, None):
                    entry[name] = admin_link(related)
            if type in ("reservation", "conversion"):
                entry["payout"] = f"{money_text(record.payout)} {self.company.currency}"
                entry["revenue"] = f"{money_text(record.revenue)} {self.company.currency}"
            entries.append(entry)
        return entries

    def _block(self, row: TimelineRow) -> str:
        """Return a key that adjacent rows share when they belong to one call or reservation."""
        record = row.record
        if row.type == "tag" or getattr(record, "result", "") == "stored":
            return f"stored {row.at.isoformat()}"
        if row.type in ("call", "conversion"):
            return str(record.pk)
        if row.type == "delivery":
            return str(record.call_id)
        reservation = record.pk if row.type == "reservation" else record.reservation_uuid
        call = self.calls.get(reservation) if reservation else None
        return str(call or getattr(record, "call_uuid", None) or reservation or id(row))

    def _request(self, entry: LogEntry) -> Entry:
        """Describe a request; `request` is ping, confirmation, or the type of its key."""
        key = self.keys.get(entry.key_pk or 0)
        request = "call_control" if entry.type == "transfer" else entry.type
        if entry.type in ("rtb", "call_reservation"):
            request = "ping" if entry.method == "POST" else "confirmation"
        names = {pk: buyer.name for pk, buyer in self.buyers.items()}
        zone, trace = self.company.time_zone, entry.trace
        sender = self.publishers.get(entry.publisher_pk or 0) or (key and key.publisher) or key
        verdicts = explain.stored_lines(trace, names, zone) if trace else []
        sent = [(name, value) for name, value in entry.parameters.items() if name not in RESERVED]
        return {
            "request": request,
            "sender": admin_link(sender) if sender else "",
            "campaign": admin_link(key.campaign) if key and key.campaign else "",
            "key_type": labels.key_type_text(entry),
            "action": entry.path.rpartition("/")[2].partition(".")[0],
            "tags": self._pairs(sent),
            "error": self.mask(labels.error_text(entry)),
            "verdicts": [self.mask(verdict) for verdict in verdicts],
            "label": entry.result_label,
            "color": entry.result_color,
        }

    def _pairs(self, pairs: list[tuple[str, str]]) -> str:
        """Return `zip = 20001, roof = slate, …`."""
        texts = [self.mask(f"{name} = {value}") for name, value in pairs[:_MAX_TAGS]]
        return ", ".join(texts + ["…"] * (len(pairs) > _MAX_TAGS))


def _campaign_pk(tag: Any) -> int:
    """Return the campaign that a stored tag waits on; 0: any."""
    return int(tag.scope.partition(":")[2] or 0)
