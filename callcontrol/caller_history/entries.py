"""Timeline entries: what the template of each type of row shows beside the row itself."""

from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils import timezone

from callcontrol.lifecycle.summary import call_headline
from callcontrol.models import Call, Delivery
from callcontrol.state.locked_call import LockedCall
from campaigns.models import Buyer, Campaign, Company
from campaigns.routing import explain
from campaigns.routing.engine import buyers_in_trace
from config.http.parameters import RESERVED
from publishers.models import Key, LogEntry, Publisher
from publishers.request_log import labels
from reservations.models import Status

from .history import TimelineRow

Entry = dict[str, Any]


class EntryBuilder:
    """Builds the entries of one page; reads what its rows refer to in one query per model."""

    def __init__(self, rows: list[TimelineRow], company: Company) -> None:
        self.rows, self.company = rows, company
        of_type: dict[str, list[Any]] = {}
        for row in rows:
            of_type.setdefault(row.type, []).append(row.record)
        requests: list[LogEntry] = of_type.get("request", [])
        traces = [entry.trace for entry in requests if entry.trace]
        self.keys = Key.objects.select_related("campaign", "publisher").in_bulk(
            {entry.key_pk for entry in requests if entry.key_pk}
        )
        self.publishers = Publisher.objects.in_bulk(
            {entry.publisher_pk for entry in requests if entry.publisher_pk}
        )
        self.buyers = Buyer.objects.in_bulk(
            {pk for trace in traces for pk in buyers_in_trace(trace)}
        )
        self.campaigns = Campaign.objects.filter(company=company).in_bulk(
            {_campaign_pk(tag) for tag in of_type.get("tag", [])}
        )
        self.calls = {call.reservation_id: call.pk for call in of_type.get("call", [])}

    def entries(self, now: datetime) -> list[Entry]:
        """Return one entry per row, newest first; the tags of one write share an entry."""
        entries: list[Entry] = []
        for _, same_write in groupby(
            self.rows,
            key=lambda row: (
                (row.at, row.record.scope, row.record.publisher_id)
                if row.type == "tag"
                else (id(row),)
            ),
        ):
            row, *others = same_write
            record = row.record
            entry = {
                "template": f"callcontrol/caller/entries/{row.type}.html",
                "record": record,
                "at": row.at,
                "day": timezone.localdate(row.at),
                "block": self._block(row),
            }
            match record:
                case LogEntry():
                    entry |= self._request(record)
                case Delivery() | Call():
                    entry["status"] = type(record).Status(record.status)
            if row.type == "call":
                legs = sorted(record.legs.all(), key=lambda leg: leg.place)
                call = LockedCall(record, legs, list(record.transfers.all()))
                entry["headline"] = call_headline(call)
            elif row.type == "reservation":
                entry["status"] = Status(record.status_at(now))
            elif row.type == "tag":
                entry["campaign"] = self.campaigns.get(_campaign_pk(record))
                tags = sorted((each.record for each in (row, *others)), key=lambda tag: tag.pk)
                entry["tags"] = [f"{tag.name} = {tag.value}" for tag in tags]
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
        publisher = self.publishers.get(entry.publisher_pk or 0) or (key and key.publisher)
        names = {pk: buyer.name for pk, buyer in self.buyers.items()}
        zone, trace, sent = self.company.time_zone, entry.trace, entry.parameters.items()
        return {
            "request": request,
            "sender": publisher or key,
            "campaign": key and key.campaign,
            "key_type": labels.key_type_text(entry),
            "action": entry.path.rpartition("/")[2].partition(".")[0],
            "tags": [f"{name} = {value}" for name, value in sent if name not in RESERVED],
            "error": labels.error_text(entry),
            "verdicts": explain.stored_lines(trace, names, zone) if trace else [],
        }


def _campaign_pk(tag: Any) -> int:
    """Return the campaign that a stored tag waits on; 0: any."""
    return int(tag.scope.partition(":")[2] or 0)
