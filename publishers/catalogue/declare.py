"""What a catalogue file declares: its tree read through the shapes into entries, with every
problem of form gathered."""

from collections.abc import Iterable
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
    """One item of the file: only what stands there. References are ids; a key's settings are
    under `settings`."""

    shape: Shape
    line: int
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    lists: dict[str, list["DeclaredRow"]] = field(default_factory=dict)
    keys: list["DeclaredRow"] = field(default_factory=list)
    numbers: dict[str, int] | None = None  # given to a publisher, with their lines
    row: Any = None  # the row that it became

    @property
    def id(self) -> Any:
        return self.values.get(self.shape.id)

    @property
    def label(self) -> str:
        return f"{self.shape.noun} {self.id}" if self.shape.id else self.shape.noun


@dataclass
class Declared:
    """A whole file: the company, and entries by what they are called."""

    company: DeclaredRow
    entries: dict[str, list[DeclaredRow]]


def declare(root: Mapping, *, region: str, problems: Problems) -> Declared:
    """The entries of a file; numbers without a country code are of `region`. Problems are added,
    not raised."""
    reader = _Reader(region, problems)
    names = {shape.name: shape for shape in SECTIONS}
    for name in root.pairs.keys() - names.keys() - {"company"}:
        problems.add(
            root.key_lines[name], f"the file has no {name}{guess(name, ['company', *names])}"
        )
    company = reader.entry(COMPANY, root.pairs["company"]) if "company" in root.pairs else None
    if "company" not in root.pairs:
        problems.add(root.line, "company is missing")
    listed = {
        name: reader.entries(shape, root.pairs[name]) if name in root.pairs else []
        for name, shape in names.items()
    }
    return Declared(
        company or DeclaredRow(COMPANY, root.line),
        {shape.noun: listed[shape.name] for shape in SECTIONS},
    )


def key_sections(noun: str) -> dict[str, list[type[KeyType]]]:
    """The lists in which an owner may hold keys, with the key_types of each."""
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
            self._wrong(
                shape.name if shape is COMPANY else f"an item of {shape.name}",
                fields.must_be(node, "a mapping"),
            )
            return None
        entry = DeclaredRow(shape, node.line)
        for name, value in node.pairs.items():
            self._field(entry, name, value, node.key_lines[name])
        self._require(entry, node)
        return entry

    def _field(self, entry: DeclaredRow, name: str, node: Node, line: int) -> None:
        shape = entry.shape
        entry.lines[name] = line
        inner = {each.name: each for each in shape.lists}
        if name in shape.columns:
            self._value(entry, name, node, shape.columns[name])
        elif name in shape.references:
            self._value(
                entry,
                name,
                node,
                lambda node, region: None if fields.is_nothing(node) else fields.text(node),
            )
        elif name in inner:
            entry.lists[name] = self.entries(inner[name], node)
        elif name in (sections := key_sections(shape.noun)):
            entry.keys += self._keys(shape.noun, name, sections[name], node)
        elif (shape.noun, name) == ("publisher", "numbers"):
            entry.numbers = self._given_numbers(node)
        elif shape.noun == "campaign" and name in CAMPAIGN_NUMBERS:
            entry.lists[name] = self._numbers(name, node)
        else:
            self.problems.add(
                line, f"{shape.name} has no field {name}{guess(name, self._names(shape))}"
            )

    def _names(self, shape: Shape) -> list[str]:
        own = [
            *shape.columns,
            *shape.references,
            *(each.name for each in shape.lists),
            *key_sections(shape.noun),
        ]
        return own + {"publisher": ["numbers"], "campaign": [*CAMPAIGN_NUMBERS]}.get(shape.noun, [])

    def _value(self, entry: DeclaredRow, name: str, node: Node, reader: fields.Reader) -> None:
        try:
            entry.values[name] = reader(node, self.region)
        except fields.Unreadable as error:
            self._wrong(name, error)

    def _wrong(self, name: str, error: fields.Unreadable) -> None:
        self.problems.add(error.line, name + error.text)

    def _items(self, name: str, node: Node) -> list[Node]:
        if isinstance(node, Listing):
            return node.items
        self._wrong(name, fields.must_be(node, "a list"))
        return []

    def _require(self, entry: DeclaredRow, node: Mapping) -> None:
        """Check required fields: all for a nested item, the id for others.

        `validate` checks what else a new row needs.
        """
        shape = entry.shape
        needed = (shape.id,) if shape in SECTIONS else () if shape is COMPANY else shape.required
        for name in needed:
            if name not in node.pairs:
                self.problems.add(node.line, f"an item of {shape.name} needs {name}")
        if shape.noun == "route" and ("buyer" in node.pairs) == ("group" in node.pairs):
            self.problems.add(node.line, "an item of routes needs a buyer or a group, and not both")
        if shape is COMPANY and not {"name", "company_id"} & node.pairs.keys():
            self.problems.add(node.line, "company needs name")

    # --- numbers and keys: the lists that are not what they seem ----------------------------------

    def _numbers(self, name: str, node: Node) -> list[DeclaredRow]:
        found = self.entries(replace(NUMBERS, name=name), node)
        for entry in found:
            entry.values["in_pool"] = CAMPAIGN_NUMBERS[name]
        return found

    def _given_numbers(self, node: Node) -> dict[str, int]:
        found = {}
        for item in self._items("numbers", node):
            try:
                found[fields.read_phone(item, self.region)] = item.line
            except fields.Unreadable as error:
                self._wrong("an item of numbers", error)
        return found

    def _keys(
        self, noun: str, section: str, key_types: list[type[KeyType]], node: Node
    ) -> list[DeclaredRow]:
        found = []
        for item in self._items(section, node):
            if not isinstance(item, Mapping):
                self._wrong(f"an item of {section}", fields.must_be(item, "a mapping"))
            elif key_type := self._type(noun, section, key_types, item):
                found.append(self._key(section, key_type, item))
        return found

    def _type(
        self, noun: str, section: str, key_types: list[type[KeyType]], item: Mapping
    ) -> type[KeyType] | None:
        """The key_type that a key names, or the only one that can stand here."""
        named = item.pairs.get("type")
        slugs = {key_type.slug: key_type for key_type in key_types}
        if named is None and len(key_types) == 1:
            return key_types[0]
        slug = named.text if isinstance(named, Text) else ""
        if slug not in slugs:
            self.problems.add(
                named.line if named else item.line, _no_type(noun, section, slug, slugs)
            )
        return slugs.get(slug)

    def _key(self, section: str, key_type: type[KeyType], item: Mapping) -> DeclaredRow:
        readers = {name: fields.setting(field) for name, field in key_type.fields.items()}
        shape = replace(
            KEYS, name=f"{section} of type {key_type.slug}", columns={**KEYS.columns, **readers}
        )
        entry = self.entry(shape, item) or DeclaredRow(shape, item.line)
        given = {name: entry.values.pop(name) for name in key_type.fields if name in entry.values}
        entry.values |= {"type": key_type.slug, "settings": self._settings(key_type, given, entry)}
        return entry

    def _settings(
        self, key_type: type[KeyType], given: dict[str, Any], entry: DeclaredRow
    ) -> dict[str, Any]:
        try:
            cleaned = key_type.clean(given)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                self.problems.add(entry.lines.get(name, entry.line), f"{name}: {' '.join(texts)}")
            return {}
        return {name: cleaned[name] for name in given}


def _no_type(noun: str, section: str, slug: str, here: Iterable[str]) -> str:
    """Return why this list cannot hold a key of this type."""
    known = {key_type.slug: key_type for key_type in all_key_types()}
    if not slug:
        return f"a key needs type, one of {', '.join(here)}"
    if slug not in known:
        return f"no key type {slug}{guess(slug, here)}"
    if noun not in known[slug].owners:
        return f"a {noun} can't have a key of type {slug}"
    return f"keys of type {slug} stand in {known[slug].section}, not in {section}"
