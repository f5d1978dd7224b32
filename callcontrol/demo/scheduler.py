"""The stage: stories that go on side by side, each step at its own moment, in the order of time."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

# Does something now, then says at which moment it goes on.
Story = Iterator[datetime]


def seconds(number: float) -> timedelta:
    """In whole milliseconds, as calls count."""
    return timedelta(milliseconds=round(number * 1000))


class Scheduler:
    """A clock that leaps from one step to the next, so that a week takes no week."""

    now: datetime  # of the step that is being played

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._entered = count()

    def enter(self, at: datetime, story: Story) -> None:
        """A story that begins at this moment; of two at one moment the one that came first goes first."""
        heapq.heappush(self._waiting, (at, next(self._entered), story))

    def play(self, *, until: datetime) -> None:
        """All steps up to this moment. What would come later waits."""
        while self._waiting and self._waiting[0][0] <= until:
            at, _, story = heapq.heappop(self._waiting)
            self.now = at
            goes_on_at = next(story, None)
            if goes_on_at is not None:
                self.enter(max(goes_on_at, at), story)
