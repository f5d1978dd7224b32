"""Read the tree of a catalogue file into declared rows, by the shapes, and collect its errors."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError

from publishers.keys.types import KeyType, all_key_types

from . import fields
from .parse import Listing, Mapping, Node, Text
from .problems import Problems, guess
from .schema import COMPANY, KEYS, NUMBERS, SECTIONS, Shape

CAMPAIGN_NUMBERS = {"numbers": False, "pool": True}  # a campaign's list -> whether it is the pool


@dataclass
class DeclaredRow:
    """One item of the file, with the fields that it holds.

    References are IDs; the settings of a key are under `settings`.
    """

    shape: Shape
    line: int
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    lists: dict[str, list["DeclaredRow"]] = field(default_factory=dict)
    keys: list["DeclaredRow"] = field(default_factory=list)
    numbers: dict[str, int] | None = None  # a publisher's numbers, with their lines
    row: Any = None  # the model instance, once it is found or made

    @property
    def id(self) -> Any:
        return self.values.get(self.shape.id)

    @property
    def label(self) -> str:
        return f"{self.shape.noun} {self.id}" if self.shape.id else self.shape.noun


@dataclass
class Declared:
    """A whole file: the company, and the rows of each section by noun."""

    company: DeclaredRow
    entries: dict[str, list[DeclaredRow]]


def declare(root: Mapping, *, region: str, problems: Problems) -> Declared:
    """Return the rows that a file declares; errors are added to `problems`.

    Numbers without a country code are read as numbers of `region`.
    """
    reader = _Reader(region, problems)
    sections = {shape.name: shape for shape in SECTIONS}
    for name in root.pairs.keys() - sections.keys() - {"company"}:
        hint = guess(name, ["company", *sections])
        problems.add(root.key_lines[name], f"Unknown section {name}.{hint}")
    company = None
    if "company" in root.pairs:
        company = reader.entry(COMPANY, root.pairs["company"])
    else:
        problems.add(root.line, "The section company is missing.")
    entries = {
        shape.noun: reader.entries(shape, root.pairs[name]) if name in root.pairs else []
        for name, shape in sections.items()
    }
    return Declared(company or DeclaredRow(COMPANY, root.line), entries)


def key_sections(noun: str) -> dict[str, list[type[KeyType]]]:
    """Return the lists of keys that an owner may hold, with the key types of each."""
    found: dict[str, list[type[KeyType]]] = {}
    for key_type in all_key_types():
        if noun in key_type.owners:
            found.setdefault(key_type.section, []).append(key_type)
    return found


class _Reader:
    def __init__(self, region: str, problems: Problems) -> None:
        self.region = region
        self.problems = problems

    def entries(self, shape: Shape, node: Node) -> list[DeclaredRow]:
        found = [self.entry(shape, item) for item in self._items(shape.name, node)]
        return [entry for entry in found if entry is not None]

    def entry(self, shape: Shape, node: Node) -> DeclaredRow | None:
        if isinstance(node, Text) and shape.bare:
            node = Mapping({shape.bare: node}, node.line, {shape.bare: node.line})
        if not isinstance(node, Mapping):
            name = shape.name if shape is COMPANY else f"an item of {shape.name}"
            self._add_problem(name, fields.must_be(node, "a mapping"))
            return None
        entry = DeclaredRow(shape, node.line)
        for name, value in node.pairs.items():
            entry.lines[name] = node.key_lines[name]
            self._field(entry, name, value)
        # A nested item states all that it requires, a row of a section its ID: `validate` checks
        # the other required fields when the row is new.
        required = (shape.id,) if shape in SECTIONS else () if shape is COMPANY else shape.required
        for name in required:
            if name not in node.pairs:
                self.problems.add(node.line, f"An item of {shape.name} needs {name}.")
        if shape.noun == "route" and ("buyer" in node.pairs) == ("group" in node.pairs):
            self.problems.add(node.line, "An item of routes needs either a buyer or a group.")
        if shape is COMPANY and not {"name", "company_id"} & node.pairs.keys():
            self.problems.add(node.line, "The company needs name or company_id.")
        return entry

    def _field(self, entry: DeclaredRow, name: str, node: Node) -> None:
        shape = entry.shape
        inner = {each.name: each for each in shape.lists}
        sections = key_sections(shape.noun)
        number_lists = {"publisher": ["numbers"], "campaign": [*CAMPAIGN_NUMBERS]}
        try:
            if name in shape.columns:
                entry.values[name] = shape.columns[name](node, self.region)
            elif name in shape.references:
                entry.values[name] = None if fields.is_nothing(node) else fields.text(node)
            elif name in inner:
                entry.lists[name] = self.entries(inner[name], node)
            elif name in sections:
                entry.keys += self._keys(shape.noun, name, sections[name], node)
            elif name not in number_lists.get(shape.noun, []):
                known = [*shape.columns, *shape.references, *inner, *sections]
                hint = guess(name, known + number_lists.get(shape.noun, []))
                text = f"Unknown field {name} in {shape.name}.{hint}"
                self.problems.add(entry.lines[name], text)
            elif shape.noun == "publisher":
                entry.numbers = self._publisher_numbers(node)
            else:
                entry.lists[name] = self.entries(replace(NUMBERS, name=name), node)
                for number in entry.lists[name]:
                    number.values["in_pool"] = CAMPAIGN_NUMBERS[name]
        except fields.Unreadable as error:
            self._add_problem(name, error)

    def _add_problem(self, name: str, error: fields.Unreadable) -> None:
        self.problems.add(error.line, name + error.text)

    def _items(self, name: str, node: Node) -> list[Node]:
        if isinstance(node, Listing):
            return node.items
        self._add_problem(name, fields.must_be(node, "a list"))
        return []

    # --- numbers and keys: lists that depend on their owner ---------------------------------------

    def _publisher_numbers(self, node: Node) -> dict[str, int]:
        found = {}
        for item in self._items("numbers", node):
            try:
                found[fields.read_phone(item, self.region)] = item.line
            except fields.Unreadable as error:
                self._add_problem("an item of numbers", error)
        return found

    def _keys(
        self, noun: str, section: str, key_types: list[type[KeyType]], node: Node
    ) -> list[DeclaredRow]:
        found = []
        for item in self._items(section, node):
            if not isinstance(item, Mapping):
                self._add_problem(f"an item of {section}", fields.must_be(item, "a mapping"))
                continue
            key_type = self._key_type(noun, section, key_types, item)
            if key_type is None:
                continue
            readers = {name: fields.setting(field) for name, field in key_type.fields.items()}
            columns = {**KEYS.columns, **readers}
            shape = replace(KEYS, name=f"{section} of type {key_type.slug}", columns=columns)
            entry = self.entry(shape, item) or DeclaredRow(shape, item.line)
            names = [name for name in key_type.fields if name in entry.values]
            settings = {name: entry.values.pop(name) for name in names}
            try:
                cleaned = key_type.clean(settings)
                settings = {name: cleaned[name] for name in names}
            except ValidationError as error:
                for name, texts in error.message_dict.items():
                    line = entry.lines.get(name, entry.line)
                    self.problems.add(line, f"{name}: {' '.join(texts)}")
            entry.values |= {"type": key_type.slug, "settings": settings}
            found.append(entry)
        return found

    def _key_type(
        self, noun: str, section: str, key_types: list[type[KeyType]], item: Mapping
    ) -> type[KeyType] | None:
        """Return the type that a key names, or the only type that the section can hold."""
        node = item.pairs.get("type")
        allowed = {key_type.slug: key_type for key_type in key_types}
        if node is None and len(key_types) == 1:
            return key_types[0]
        slug = node.text if isinstance(node, Text) else ""
        if slug in allowed:
            return allowed[slug]
        known = {key_type.slug: key_type for key_type in all_key_types()}
        if not slug:
            text = f"A key needs type: one of {', '.join(allowed)}."
        elif slug not in known:
            text = f"Unknown key type {slug}.{guess(slug, allowed)}"
        elif noun not in known[slug].owners:
            text = f"A {noun} cannot have keys of type {slug}."
        else:
            text = f"Keys of type {slug} belong in {known[slug].section}, not in {section}."
        self.problems.add(node.line if node else item.line, text)
        return None
