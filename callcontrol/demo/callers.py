"""Who calls the demo company: fictional numbers (555-01xx) in real areas, so that their states differ."""

from collections import Counter
from dataclasses import dataclass
from random import Random

# Area, the zip codes of people there, and how many of a hundred callers live there.
_AREAS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("212", ("10001", "10011", "10025"), 7),
    ("718", ("11201", "11215"), 6),
    ("516", ("11530", "11550"), 4),
    ("703", ("22201", "22301"), 5),
    ("804", ("23220",), 3),
    ("301", ("20850", "20814"), 4),
    ("410", ("21201",), 3),
    ("215", ("19103", "19130"), 6),
    ("412", ("15213",), 3),
    ("305", ("33130", "33145"), 6),
    ("407", ("32801",), 5),
    ("813", ("33602",), 5),
    ("404", ("30303", "30318"), 6),
    ("704", ("28202",), 4),
    ("843", ("29401",), 4),
    ("713", ("77002", "77019"), 5),
    ("214", ("75201", "75204"), 5),
    ("512", ("78701",), 4),
    ("312", ("60601", "60614"), 4),
    ("614", ("43215",), 2),
    ("617", ("02108", "02116"), 2),
    ("415", ("94103",), 2),
    ("619", ("92101",), 2),
    ("206", ("98101",), 2),
    ("303", ("80202",), 1),
)
_COME_BACK = 0.08
_FORGOTTEN_AFTER = 80  # callers
_LINES = 80  # of an area; the last twenty are for who is not of the crowd


@dataclass(frozen=True, slots=True)
class DemoCaller:
    number: str
    zip: str


def random_caller(dice: Random) -> str:
    """The number of one whom the crowd does not have."""
    area, _, _ = dice.choice(_AREAS)
    return f"+1{area}555018{dice.randrange(10)}"


class CallerPool:
    """New callers and some who call again, the same ones for the same dice."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._lines: Counter[str] = Counter()
        self._seen: list[DemoCaller] = []

    def next(self) -> DemoCaller:
        if self._seen and self._dice.random() < _COME_BACK:
            return self._dice.choice(self._seen[-_FORGOTTEN_AFTER:])
        area, zips, _ = self._dice.choices(_AREAS, weights=[share for _, _, share in _AREAS])[0]
        caller = DemoCaller(
            f"+1{area}55501{self._lines[area] % _LINES:02}", self._dice.choice(zips)
        )
        self._lines[area] += 1
        self._seen.append(caller)
        return caller
