"""Parse YAML into a tree of text with line numbers; every scalar stays text as it is written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from .problems import Problems, refused

MAX_DEPTH = 20
_CONTROL_CHARACTER = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Text:
    """A scalar; `plain` if it is written without quotes."""

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
    if match := _CONTROL_CHARACTER.search(text):
        raise refused(text.count("\n", 0, match.start()) + 1, "Remove the control character.")
    try:
        root = _Tree().grow(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        lines = text.splitlines() or [""]
        line = mark.line if mark else 0
        # A mark at the end of the file is a line after the last.
        written = lines[min(line, text.count("\n"), len(lines) - 1)]
        if "\t" in written[: len(written) - len(written.lstrip())]:
            raise refused(line + 1, "Indent with spaces, not with tabs.") from None
        raise refused(line + 1, error.problem or "Not valid YAML.") from None
    if root is None or (isinstance(root, Text) and not root.text):
        raise refused(1, "The file is empty.")
    if not isinstance(root, Mapping):
        raise refused(root.line, "Start the file with sections such as company: and campaigns:.")
    return root


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Tree:
    """Builds nodes from YAML events.

    Aliases and tags are refused, so that a small file cannot grow when it is read.
    """

    def __init__(self) -> None:
        # The open lists and mappings; with a mapping, the name that still needs a value.
        self.open: list[tuple[Listing | Mapping, Text | None]] = []
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
            raise refused(line, "Anchors and aliases (& and *) are not supported.")
        if getattr(event, "tag", None) not in {None, "!"}:
            raise refused(line, f"YAML tags ({event.tag}) are not supported. Remove the tag.")  # type: ignore[attr-defined]
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise refused(line, "A file holds one document. Remove the second.")
        if isinstance(event, yaml.ScalarEvent) and _NOT_STORABLE.search(event.value):
            raise refused(line, "Remove the character that the database cannot store.")

    def _enter(self, node: Listing | Mapping) -> None:
        if len(self.open) == MAX_DEPTH:
            raise refused(node.line, f"Nested more than {MAX_DEPTH} levels deep.")
        self._put(node)
        self.open.append((node, None))

    def _put(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        inside, name = self.open[-1]
        if isinstance(inside, Listing):
            inside.items.append(node)
        elif name is not None:
            inside.pairs.setdefault(name.text, node)
            self.open[-1] = (inside, None)
        elif not isinstance(node, Text):
            raise refused(node.line, "A name must be text.")
        else:
            first_line = inside.key_lines.setdefault(node.text, node.line)
            if node.text in inside.pairs:
                text = f"Duplicate {node.text}: it is already on line {first_line}."
                self.problems.add(node.line, text)
            self.open[-1] = (inside, node)
