"""Apply a catalogue file to a company: all or nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
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
    writer = Writer(now=now)
    try:
        with transaction.atomic():
            _bring(root, writer, prune=prune)
            # A dry run does it all and takes it back, so that the database has its say as well.
            transaction.set_rollback(dry_run)
    except IntegrityError as error:
        raise writer.explained(error) from None
    return writer.changes


def _bring(root: Mapping, writer: Writer, *, prune: bool) -> None:
    problems = Problems()
    company = _company(root)
    declared = declare(root, region=_region(root, company), problems=problems)
    standing = read_stored(company)
    check(declared, standing, prune=prune, problems=problems)
    planned = numbers.plan(declared, standing, prune=prune, problems=problems)
    found = keys.find_keys(declared, standing, problems)
    problems.refuse()
    numbers.take_back(planned, declared, standing)
    work = _Work(declared, standing, writer, prune)
    work.settle_company()
    work.settle_rows()
    numbers.apply_numbers(planned, standing, work.rows["publisher"], writer, prune=prune)
    keys.apply_keys(declared, standing, found, writer, prune=prune)
    sync_on_commit(company_id=standing.company.pk)


def _told(root: Mapping, name: str) -> str:
    """A text of the file's company, before the file is read as a whole."""
    company = root.pairs.get("company")
    if isinstance(company, Text):
        return company.text if name == COMPANY.bare else ""
    node = company.pairs.get(name) if isinstance(company, Mapping) else None
    return node.text if isinstance(node, Text) else ""


def _company(root: Mapping) -> Company:
    """The company that the file names, its settings locked, so that two edits are made one after
    the other; else a new one."""
    by = "company_id" if _told(root, "company_id") else "name"
    named = Company.objects.unretired().filter(**{by: _told(root, by)})
    for found in named:
        version.lock_version(found.pk)
    return named.all().first() or Company()


def _region(root: Mapping, company: Company) -> str:
    told = _told(root, "region")
    return told if told in SUPPORTED_REGIONS else company.region


@dataclass
class _Work:
    """The rows of one application: what stands, and by `rows` what will be."""

    declared: Declared
    standing: StoredCatalogue
    writer: Writer
    prune: bool

    def __post_init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {
            noun: dict(rows) for noun, rows in self.standing.rows.items()
        }
        self.region = self.declared.company.values.get("region", self.standing.company.region)

    def settle_company(self) -> None:
        entry, company = self.declared.company, self.standing.company
        entry.row = company
        if not company._state.adding:
            entry.values.setdefault("company_id", company.company_id)
            self._change(COMPANY, company, entry, entry.values)
            return
        for name, value in entry.values.items():
            setattr(company, name, value)
        entry.values["company_id"] = company.company_id
        self.writer.changes.add("+", entry.label, _about(COMPANY, company))
        self.writer.save(company, entry.line)

    def settle_rows(self) -> None:
        for shape in SECTIONS:
            entries = self.declared.entries[shape.noun]
            if self.prune:
                self._retire_absent(shape, entries)
            for entry in entries:
                self._settle_row(shape, entry)
            self.writer.flush()
        for shape in SECTIONS:
            self._settle_lists(shape, self.declared.entries[shape.noun])

    def _retire_absent(self, shape: Shape, entries: Sequence[DeclaredRow]) -> None:
        for id in sorted(self.rows[shape.noun].keys() - {entry.id for entry in entries}):
            self.writer.retire(self.rows[shape.noun].pop(id), f"{shape.noun} {id}")

    def _settle_row(self, shape: Shape, entry: DeclaredRow) -> None:
        entry.row = self.rows[shape.noun].get(entry.id)
        if entry.row is not None:
            self._change(shape, entry.row, entry, entry.values)
            return
        entry.row = self.rows[shape.noun][entry.id] = shape.model(
            company=self.standing.company, **entry.values
        )
        self.writer.add(entry.row, entry.line, entry.label, _about(shape, entry.row))

    def _change(
        self, shape: Shape, row: Any, entry: DeclaredRow, values: dict[str, Any], label: str = ""
    ) -> None:
        self.writer.change(
            row, entry.line, label or entry.label, differences(shape, row, values, self.region)
        )

    def _settle_lists(self, shape: Shape, owners: Sequence[DeclaredRow]) -> None:
        """Brings the nested lists that the owners hold in the file to exactly what stands there."""
        for inner in shape.lists:
            items: list[DeclaredRow] = []
            for owner in owners:
                if inner.name in owner.lists:
                    self._settle_list(inner, owner)
                    items += owner.lists[inner.name]
            self.writer.flush()
            for item in items:
                item.lists = {each.name: [] for each in inner.lists} | item.lists
            self._settle_lists(inner, items)

    def _settle_list(self, shape: Shape, owner: DeclaredRow) -> None:
        standing = self.standing.lists.get((shape.model, owner.row.pk), [])
        left = defaultdict(list)
        for row in standing:
            left[_sameness(shape, {name: getattr(row, name) for name in shape.same})].append(row)
        label = f"{shape.noun} of {owner.label}"
        for item in owner.lists[shape.name]:
            values = self._resolved(shape, item)
            alike = left[_sameness(shape, values)]
            item.row = alike.pop(0) if alike else None
            if item.row is not None:
                self._change(shape, item.row, item, values, label)
            else:
                self._add(shape, owner, item, values, label)
        if shape.noun == "conversion":
            _number_new([item.row for item in owner.lists[shape.name]])
        for row in [row for rows in left.values() for row in rows]:
            self.writer.delete(row, label, _about(shape, row))

    def _resolved(self, shape: Shape, item: DeclaredRow) -> dict[str, Any]:
        """Return all fields of an item, with defaults, except for columns with generated values."""
        named = [name for name in shape.columns if name in item.values or name not in shape.made]
        values = {name: item.values.get(name, default(shape, name)) for name in named}
        for name, noun in shape.references.items():
            id = item.values.get(name)
            values[name] = None if id is None else self.rows[noun][id]
        return values

    def _add(
        self,
        shape: Shape,
        owner: DeclaredRow,
        item: DeclaredRow,
        values: dict[str, Any],
        label: str,
    ) -> None:
        item.row = shape.model(company=self.standing.company, **{shape.owner: owner.row}, **values)
        self.writer.add(item.row, item.line, label, _about(shape, item.row))


def _number_new(rows: Sequence[Any]) -> None:
    """New conversions come after those that stand: the first that is reached pays, so their
    order is kept."""
    last = max((row.position for row in rows if row.pk), default=-1)
    for row in rows:
        if row.pk is None:
            row.position = last = last + 1


def _sameness(shape: Shape, values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(values[name] for name in shape.same)


def _about(shape: Shape, row: Any) -> dict[str, Any]:
    """Return the values of a row for the list of changes, without its id."""
    return {name: value for name, value in plain_value(shape, row).items() if name != shape.id}
