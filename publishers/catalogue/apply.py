"""Apply a catalogue file to a company: all or nothing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from phonenumbers import SUPPORTED_REGIONS

from campaigns.caps.sync import sync_on_commit
from campaigns.models import Company, version

from . import keys, numbers
from .declare import Declared, DeclaredRow, declare
from .diff import CatalogueChanges
from .parse import Mapping, Text, parse_file
from .problems import Problems
from .schema import COMPANY, SECTIONS, Shape, default
from .stored import StoredCatalogue, plain_value, read_stored
from .validate import check
from .writer import Writer, differences


def apply_file(
    *, file_text: str, now: datetime, dry_run: bool = False, prune: bool = False
) -> CatalogueChanges:
    """Apply a catalogue file and return the changes; `dry_run` rolls them back.

    With `prune`, campaigns, buyers, groups, publishers, numbers and keys that the file does not
    hold are retired. Raises UnusableFile, with every problem and its line, and then nothing has
    changed.
    """
    root = parse_file(file_text)
    problems, writer = Problems(), Writer(now=now)
    try:
        with transaction.atomic():
            company = _lock_company(root)
            written_region = _company_field(root, "region")
            known = written_region in SUPPORTED_REGIONS
            region = written_region if known else company.region
            declared = declare(root, region=region, problems=problems)
            stored = read_stored(company)
            check(declared, stored, prune=prune, problems=problems)
            planned = numbers.plan(declared, stored, prune=prune, problems=problems)
            named_keys = keys.find_keys(declared, stored, problems)
            problems.refuse()
            numbers.unassign_unlisted(planned, declared, stored)
            reconciler = _Reconciler(declared, stored, writer)
            reconciler.reconcile_company()
            reconciler.reconcile_sections(prune=prune)
            publishers = reconciler.rows["publisher"]
            numbers.apply_numbers(planned, stored, publishers, writer, prune=prune)
            keys.apply_keys(declared, stored, named_keys, writer, prune=prune)
            sync_on_commit(company_id=company.pk)
            # A dry run writes everything first, so that the constraints of the database count too.
            transaction.set_rollback(dry_run)
    except IntegrityError as error:
        raise writer.explain(error) from None
    return writer.changes


def _company_field(root: Mapping, name: str) -> str:
    """Return a field of the file's company as text, before the whole file is read."""
    company = root.pairs.get("company")
    if isinstance(company, Text):
        return company.text if name == COMPANY.bare else ""
    node = company.pairs.get(name) if isinstance(company, Mapping) else None
    return node.text if isinstance(node, Text) else ""


def _lock_company(root: Mapping) -> Company:
    """Return the company that the file names, or a new one.

    The lock on its settings makes concurrent edits wait for each other.
    """
    lookup = "company_id" if _company_field(root, "company_id") else "name"
    companies = Company.objects.unretired().filter(**{lookup: _company_field(root, lookup)})
    for company in companies:
        version.lock_version(company.pk)
    # Read again: the row may have changed while the lock was awaited.
    return companies.all().first() or Company()


class _Reconciler:
    """Brings the stored rows of a company to what the file declares.

    `rows` are the rows of each section by noun and ID, with those that the file adds.
    """

    def __init__(self, declared: Declared, stored: StoredCatalogue, writer: Writer) -> None:
        self.declared = declared
        self.stored = stored
        self.writer = writer
        self.rows: dict[str, dict[str, Any]] = {
            noun: dict(rows) for noun, rows in stored.rows.items()
        }
        self.region = declared.company.values.get("region", stored.company.region)

    def reconcile_company(self) -> None:
        entry, company = self.declared.company, self.stored.company
        entry.row = company
        if not company._state.adding:
            entry.values.setdefault("company_id", company.company_id)
            self._change(COMPANY, entry, entry.values, entry.label)
            return
        for name, value in entry.values.items():
            setattr(company, name, value)
        entry.values["company_id"] = company.company_id
        self.writer.changes.add("+", entry.label, _values_without_id(COMPANY, company))
        self.writer.save(company, entry.line)

    def reconcile_sections(self, *, prune: bool) -> None:
        for shape in SECTIONS:
            entries, rows = self.declared.entries[shape.noun], self.rows[shape.noun]
            absent = rows.keys() - {entry.id for entry in entries} if prune else set()
            for id in sorted(absent):
                self.writer.retire(rows.pop(id), f"{shape.noun} {id}")
            for entry in entries:
                entry.row = rows.get(entry.id)
                if entry.row is not None:
                    self._change(shape, entry, entry.values, entry.label)
                else:
                    rows[entry.id] = self._add(shape, entry, entry.values, entry.label)
            self.writer.flush()
        # Nested lists refer to rows of any section, so they come after all sections.
        for shape in SECTIONS:
            self._reconcile_lists(shape, self.declared.entries[shape.noun])

    def _reconcile_lists(self, shape: Shape, owners: Sequence[DeclaredRow]) -> None:
        """Bring the nested lists that the file holds for these owners to the file's items."""
        for inner in shape.lists:
            items: list[DeclaredRow] = []
            for owner in owners:
                if inner.name in owner.lists:
                    self._reconcile_list(inner, owner)
                    items += owner.lists[inner.name]
            self.writer.flush()
            # A listed item without nested lists has empty ones.
            for item in items:
                item.lists = {each.name: [] for each in inner.lists} | item.lists
            self._reconcile_lists(inner, items)

    def _reconcile_list(self, shape: Shape, owner: DeclaredRow) -> None:
        unmatched = defaultdict(list)
        for row in self.stored.lists.get((shape.model, owner.row.pk), []):
            unmatched[tuple(getattr(row, name) for name in shape.identity)].append(row)
        label = f"{shape.noun} of {owner.label}"
        items = owner.lists[shape.name]
        for item in items:
            values = self._resolved_values(shape, item)
            matches = unmatched[tuple(values[name] for name in shape.identity)]
            item.row = matches.pop(0) if matches else None
            if item.row is not None:
                self._change(shape, item, values, label)
            else:
                self._add(shape, item, {shape.owner: owner.row, **values}, label)
        if shape.noun == "conversion":
            # The first conversion that a call reaches pays: new ones follow the stored ones.
            last = max((item.row.position for item in items if item.row.pk), default=-1)
            added = [item.row for item in items if item.row.pk is None]
            for position, row in enumerate(added, last + 1):
                row.position = position
        for row in [row for rows in unmatched.values() for row in rows]:
            self.writer.delete(row, label, _values_without_id(shape, row))

    def _resolved_values(self, shape: Shape, item: DeclaredRow) -> dict[str, Any]:
        """Return all fields of an item, with defaults, except for columns with generated values."""
        names = [
            name for name in shape.columns if name in item.values or name not in shape.generated
        ]
        values = {name: item.values.get(name, default(shape, name)) for name in names}
        for name, noun in shape.references.items():
            id = item.values.get(name)
            values[name] = None if id is None else self.rows[noun][id]
        return values

    def _change(self, shape: Shape, entry: DeclaredRow, values: dict[str, Any], label: str) -> None:
        changed = differences(shape, entry.row, values, self.region)
        self.writer.change(entry.row, entry.line, label, changed)

    def _add(self, shape: Shape, entry: DeclaredRow, values: dict[str, Any], label: str) -> Any:
        entry.row = shape.model(company=self.stored.company, **values)
        self.writer.add(entry.row, entry.line, label, _values_without_id(shape, entry.row))
        return entry.row


def _values_without_id(shape: Shape, row: Any) -> dict[str, Any]:
    """Return the values of a row for the list of changes; its label has the ID."""
    return {name: value for name, value in plain_value(shape, row).items() if name != shape.id}
