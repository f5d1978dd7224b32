"""Numbers of a catalogue file: each belongs to one campaign, and publishers list theirs."""

from dataclasses import dataclass, field
from typing import Any

from publishers.models import InboundNumber

from .declare import Declared, DeclaredRow
from .problems import Problems
from .schema import NUMBERS
from .stored import StoredCatalogue, plain_number
from .writer import Writer, differences


@dataclass
class NumberPlan:
    """The changes of numbers.

    `entries` by number: the campaign's entry, None if the number stays where it is, and the
    number's own entry. `leaving` are retired at their campaign and added at another.
    """

    entries: dict[str, tuple[DeclaredRow | None, DeclaredRow]] = field(default_factory=dict)
    leaving: list[InboundNumber] = field(default_factory=list)


def plan(
    declared: Declared, stored: StoredCatalogue, *, prune: bool, problems: Problems
) -> NumberPlan:
    """Collect the numbers of a file.

    Adds problems for duplicates, other companies' numbers and unknown numbers.
    """
    planned = NumberPlan()
    for campaign in declared.entries["campaign"]:
        for entry in [*campaign.lists.get("numbers", []), *campaign.lists.get("pool", [])]:
            number = entry.values.get("number")
            if number in planned.entries:
                _, first = planned.entries[number]
                text = f"Duplicate {number}: it is already on line {first.line}."
                problems.add(entry.line, text)
            elif number is not None:
                planned.entries[number] = (campaign, entry)
    _check_owners(planned, stored, prune=prune, problems=problems)
    lines: dict[str, int] = {}
    for publisher in declared.entries["publisher"]:
        for number, line in (publisher.numbers or {}).items():
            if number in lines:
                text = f"Duplicate {number}: it is already on line {lines[number]}."
                problems.add(line, text)
            lines[number] = line
            if number not in planned.entries and (prune or number not in stored.numbers):
                problems.add(line, f"No campaign has the number {number}. Add it to a campaign.")
                continue
            unchanged = (None, DeclaredRow(NUMBERS, line, {"number": number}))
            _, entry = planned.entries.setdefault(number, unchanged)
            if entry.values.get("publisher", publisher.id) != publisher.id:
                problems.add(line, f"{number} has another publisher on line {entry.line}.")
            entry.values["publisher"] = publisher.id
    return planned


def _check_owners(
    planned: NumberPlan, stored: StoredCatalogue, *, prune: bool, problems: Problems
) -> None:
    """Compare the planned numbers with their rows in the whole installation."""
    numbers = list(planned.entries)
    rows: list[InboundNumber] = []
    for start in range(0, len(numbers), 5_000):  # SQLite takes 32,766 parameters
        batch = numbers[start : start + 5_000]
        unretired = InboundNumber.objects.filter(retired_at=None, number__in=batch)
        rows += unretired.select_related("campaign")
    for row in rows:
        campaign, entry = planned.entries[row.number]
        current = row.campaign.campaign_id
        moves = campaign is not None and current != campaign.id
        if row.company_id != stored.company.pk:
            problems.add(entry.line, f"{row.number} belongs to another company.")
        elif row.campaign.retired_at is not None or (prune and moves):
            planned.leaving.append(row)
        elif moves:
            text = f"{row.number} belongs to campaign {current}. Retire it there or use --prune."
            problems.add(entry.line, text)


def unassign_unlisted(planned: NumberPlan, declared: Declared, stored: StoredCatalogue) -> None:
    """Clear the publisher of numbers that its list no longer holds, unless the campaign sets it."""
    lists = {
        publisher.id: publisher.numbers
        for publisher in declared.entries["publisher"]
        if publisher.numbers is not None
    }
    for number, row in stored.numbers.items():
        if row.publisher is None or row.publisher.retired_at is not None:
            continue
        listed = lists.get(row.publisher.publisher_id)
        if listed is not None and number not in listed:
            unchanged = (None, DeclaredRow(NUMBERS, 0, {"number": number}))
            _, entry = planned.entries.setdefault(number, unchanged)
            entry.values.setdefault("publisher", None)


def apply_numbers(
    planned: NumberPlan,
    stored: StoredCatalogue,
    publishers: dict[str, Any],
    writer: Writer,
    *,
    prune: bool,
) -> None:
    """Retire, change and add numbers; with `prune` retire those that the file does not hold."""
    absent = [row for number, row in stored.numbers.items() if number not in planned.entries]
    retired = {row.pk: row for row in planned.leaving + (absent if prune else [])}
    for row in retired.values():
        writer.retire(row, _label(row))
    leaving = {row.number for row in planned.leaving}
    for number, (campaign, entry) in planned.entries.items():
        values = entry.values
        if values.get("publisher") is not None:
            values["publisher"] = publishers[values["publisher"]]
        current = stored.numbers.get(number)
        if current is not None and number not in leaving:
            changed = differences(NUMBERS, current, values, stored.company.region)
            writer.change(current, entry.line, _label(current), changed)
        elif campaign is not None:
            new = InboundNumber(campaign=campaign.row, **values)
            plain = plain_number(new)
            # A number without other fields is plain text, and the label has the number.
            others = dict(plain) if isinstance(plain, dict) else {}
            others.pop("number", None)
            if new.in_pool:
                others["in_pool"] = True
            writer.add(new, entry.line, _label(new), others)
    writer.flush()


def _label(row: InboundNumber) -> str:
    return f"number {row.number} of campaign {row.campaign.campaign_id}"
