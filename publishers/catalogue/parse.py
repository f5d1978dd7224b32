"""YAML text to a tree of texts with their lines. No scalar is ever anything else than the text
that stands there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from .problems import Problems, refused

DEEPEST = 20
_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_STORED = re.compile("[\x00\ud800-\udfff]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Text:
    """A scalar; `plain` when it stands without quotes."""

    text: str
    line: int
    plain: bool = True


@dataclass
class Listing:
    items: list["Node"]
    line: int


@dataclass
class Mapping:
    pairs: dict[str, "Node"]
    line: int
    key_lines: dict[str, int] = field(default_factory=dict)


Node = Text | Listing | Mapping


def parse_file(text: str) -> Mapping:
    """Return the tree of a catalogue file; raise UnusableFile unless it is a plain YAML mapping."""
    if broken := _NO_TEXT.search(text):
        raise refused(text.count("\n", 0, broken.start()) + 1, "a control character")
    try:
        root = _Tree().grow(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise refused(*_located(error, text)) from None
    if root is None or (isinstance(root, Text) and not root.text):
        raise refused(1, "the file is empty")
    if not isinstance(root, Mapping):
        raise refused(root.line, "the file must begin with names like company: and campaigns:")
    return root


def _located(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    at = (text.splitlines() or [""])[min(line, text.count("\n"), len(text.splitlines()) - 1)]
    if "\t" in at[: len(at) - len(at.lstrip())]:
        return line + 1, "a tab; YAML is indented with spaces"
    return line + 1, error.problem or "not readable as YAML"


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Tree:
    """Builds nodes from events, without recursion; aliases and tags are refused, so size and
    depth stay what is written."""

    def __init__(self) -> None:
        self.open: list[
            tuple[Listing | Mapping, Text | None]
        ] = []  # with the name whose value is awaited
        self.root: Node | None = None
        self.problems = Problems()

    def grow(self, events: Iterable[yaml.Event]) -> Node | None:
        for event in events:
            self._check(event)
            line = _line(event)
            if isinstance(event, yaml.ScalarEvent):
                self._put(Text(event.value, line, plain=not event.style))
            elif isinstance(event, yaml.SequenceStartEvent):
                self._enter(Listing([], line))
            elif isinstance(event, yaml.MappingStartEvent):
                self._enter(Mapping({}, line))
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                self.open.pop()
        self.problems.refuse()
        return self.root

    def _check(self, event: yaml.Event) -> None:
        line = _line(event)
        if getattr(event, "anchor", None):
            raise refused(line, "anchors and aliases (& and *) are not understood; write it out")
        if getattr(event, "tag", None) not in {None, "!"}:
            raise refused(line, f"YAML tags ({event.tag}) are not understood")  # type: ignore[attr-defined]
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise refused(line, "a second document; a file holds one")
        if isinstance(event, yaml.ScalarEvent) and _NOT_STORED.search(event.value):
            raise refused(line, "a text with a character that no database keeps")

    def _enter(self, node: Listing | Mapping) -> None:
        if len(self.open) == DEEPEST:
            raise refused(node.line, f"nested more than {DEEPEST} deep")
        self._put(node)
        self.open.append((node, None))

    def _put(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        inside, name = self.open[-1]
        if isinstance(inside, Listing):
            inside.items.append(node)
        elif name is None:
            self._name(inside, node)
        else:
            inside.pairs.setdefault(name.text, node)
            self.open[-1] = (inside, None)

    def _name(self, inside: Mapping, node: Node) -> None:
        if not isinstance(node, Text):
            raise refused(node.line, "a name must be a text")
        if node.text in inside.key_lines:
            self.problems.add(
                node.line,
                f"{node.text} again; it stands on line {inside.key_lines[node.text]} already",
            )
        inside.key_lines.setdefault(node.text, node.line)
        self.open[-1] = (inside, node)
