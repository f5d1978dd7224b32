"""Problems of a catalogue file with their lines, collected and reported in one run."""

from collections.abc import Iterable
from difflib import get_close_matches

from campaigns.errors import Refusal

LIMIT = 50


class UnusableFile(Refusal):
    """Raised for a catalogue file with errors.

    `problems` are lines of text: at most `LIMIT`, and a last line that counts the others.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class Problems:
    """Problems to report together."""

    def __init__(self) -> None:
        self._found: set[tuple[int, str]] = set()

    def __len__(self) -> int:
        return len(self._found)

    def add(self, line: int, text: str) -> None:
        self._found.add((line, text))

    def refuse(self) -> None:
        """Raise UnusableFile if there are problems."""
        if not self._found:
            return
        lines = [f"line {line}: {text}" for line, text in sorted(self._found)]
        hidden = len(lines) - LIMIT
        raise UnusableFile([*lines[:LIMIT], *([f"and {hidden} more"] if hidden > 0 else [])])


def refused(line: int, text: str) -> UnusableFile:
    """Return the error for a file that cannot be parsed further."""
    return UnusableFile([f"line {line}: {text}"])


def guess(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean priority?` if a known word is close, else an empty text."""
    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""
