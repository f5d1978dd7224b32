"""Problems of a catalogue file with their lines, collected and reported in one run."""

from collections.abc import Iterable
from difflib import get_close_matches

from campaigns.errors import Refusal

SHOWN = 50


class UnusableFile(Refusal):
    """A catalogue file that can't be applied; `problems` are lines of text, at most `SHOWN` and
    how many more."""

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
        """Raises UnusableFile if there is anything to tell."""
        if not self._found:
            return
        told = [f"line {line}: {text}" for line, text in sorted(self._found)]
        hidden = len(told) - SHOWN
        raise UnusableFile([*told[:SHOWN], *([f"and {hidden} more"] if hidden > 0 else [])])


def refused(line: int, text: str) -> UnusableFile:
    """The refusal of a file that can't be read on."""
    return UnusableFile([f"line {line}: {text}"])


def guess(word: str, known: Iterable[str]) -> str:
    """`; did you mean priority?` when one of the known words is close, else nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
