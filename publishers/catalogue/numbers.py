"""The numbers of a file: each belongs to one campaign of the installation, and a publisher may
list those given to it."""

from dataclasses import dataclass, field
from typing import Any

from publishers.models import InboundNumber

from .declare import Declared, DeclaredRow
from .problems import Problems
from .schema import NUMBERS
from .stored import StoredCatalogue, plain_number
from .writer import Writer, differences


@dataclass
class Numbers:
    """What becomes of the numbers: entries by number, each with its campaign's entry (None: it
    stays where it is)."""

    entries: dict[str, tuple[DeclaredRow | None, DeclaredRow]] = field(default_factory=dict)
    leaving: list[InboundNumber] = field(default_factory=list)  # retired here, created elsewhere


def plan(
    declared: Declared, standing: StoredCatalogue, *, prune: bool, problems: Problems
) -> Numbers:
    """Gathers the numbers of a file; adds problems for duplicates, other companies' numbers and
    unknown numbers."""
    numbers = Numbers()
    for campaign in declared.entries["campaign"]:
        for entry in [
            entry for name in ("numbers", "pool") for entry in campaign.lists.get(name, [])
        ]:
            _gather(numbers, campaign, entry, problems)
    for row in _taken(list(numbers.entries)):
        _claim(numbers, row, standing, prune, problems)
    given: dict[str, int] = {}
    for publisher in declared.entries["publisher"]:
        for number, line in (publisher.numbers or {}).items():
            if number in given:
                problems.add(line, f"{number} again; it stands on line {given[number]} already")
            given[number] = line
            _give(numbers, publisher, number, line, standing, prune, problems)
    return numbers


def _gather(
    numbers: Numbers, campaign: DeclaredRow, entry: DeclaredRow, problems: Problems
) -> None:
    number = entry.values.get("number")
    if number in numbers.entries:
        problems.add(
            entry.line,
            f"{number} again; it stands on line {numbers.entries[number][1].line} already",
        )
    elif number is not None:
        numbers.entries[number] = (campaign, entry)


def _taken(numbers: list[str]) -> list[InboundNumber]:
    """The rows of the installation that hold these numbers now."""
    rows: list[InboundNumber] = []
    for start in range(0, len(numbers), 5_000):  # SQLite takes 32,766 parameters
        some = numbers[start : start + 5_000]
        rows += InboundNumber.objects.filter(retired_at=None, number__in=some).select_related(
            "campaign"
        )
    return rows


def _claim(
    numbers: Numbers, row: InboundNumber, standing: StoredCatalogue, prune: bool, problems: Problems
) -> None:
    campaign, entry = numbers.entries[row.number]
    if row.company_id != standing.company.pk:
        problems.add(entry.line, f"{row.number} belongs to another company")
        return
    there = row.campaign.campaign_id
    if row.campaign.retired_at is not None or (prune and campaign and there != campaign.id):
        numbers.leaving.append(row)
    elif campaign and there != campaign.id:
        problems.add(
            entry.line,
            f"{row.number} belongs to campaign {there};"
            " retire it there first, or apply with --prune",
        )


def _give(
    numbers: Numbers,
    publisher: DeclaredRow,
    number: str,
    line: int,
    standing: StoredCatalogue,
    prune: bool,
    problems: Problems,
) -> None:
    if number not in numbers.entries:
        if prune or number not in standing.numbers:
            problems.add(line, f"no campaign has the number {number}")
            return
        numbers.entries[number] = (None, DeclaredRow(NUMBERS, line, {"number": number}))
    entry = numbers.entries[number][1]
    if entry.values.get("publisher", publisher.id) != publisher.id:
        problems.add(line, f"{number} is given to another publisher on line {entry.line}")
    entry.values["publisher"] = publisher.id


def take_back(numbers: Numbers, declared: Declared, standing: StoredCatalogue) -> None:
    """Clear the publisher of numbers that its list no longer holds, unless the campaign sets it."""
    listing = {
        entry.id: entry.numbers
        for entry in declared.entries["publisher"]
        if entry.numbers is not None
    }
    for number, row in standing.numbers.items():
        publisher = (
            row.publisher.publisher_id
            if row.publisher and row.publisher.retired_at is None
            else None
        )
        if publisher in listing and number not in listing[publisher]:
            _, entry = numbers.entries.setdefault(
                number, (None, DeclaredRow(NUMBERS, 0, {"number": number}))
            )
            entry.values.setdefault("publisher", None)


def apply_numbers(
    numbers: Numbers,
    standing: StoredCatalogue,
    publishers: dict[str, Any],
    writer: Writer,
    *,
    prune: bool,
) -> None:
    """Retires, changes and makes numbers."""
    absent = [
        row for number, row in standing.numbers.items() if prune and number not in numbers.entries
    ]
    for row in {row.pk: row for row in numbers.leaving + absent}.values():
        writer.retire(row, _label(row))
    left = {row.number for row in numbers.leaving}
    for number, (campaign, entry) in numbers.entries.items():
        if entry.values.get("publisher") is not None:
            entry.values["publisher"] = publishers[entry.values["publisher"]]
        held = standing.numbers.get(number)
        if held is not None and number not in left:
            writer.change(
                held,
                entry.line,
                _label(held),
                differences(NUMBERS, held, entry.values, standing.company.region),
            )
        elif campaign is not None:
            new = InboundNumber(campaign=campaign.row, **entry.values)
            found = plain_number(new)
            about = (
                {name: value for name, value in found.items() if name != "number"}
                if isinstance(found, dict)
                else {}
            )
            writer.add(
                new, entry.line, _label(new), about | ({"in_pool": True} if new.in_pool else {})
            )
    writer.flush()


def _label(row: InboundNumber) -> str:
    return f"number {row.number} of campaign {row.campaign.campaign_id}"
