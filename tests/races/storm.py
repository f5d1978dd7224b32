"""Calls that come and end while tags are written about their callers, and where each tag is
afterwards."""

import random
from collections import Counter
from dataclasses import dataclass, field
from threading import Barrier

from django.db.models import Count, F

from callcontrol.models import CallTag, LateTag
from campaigns.models import Campaign
from publishers.models import StoredTag
from tests.factories import fresh_phone, make_key
from tests.pinging import act, dial, hang_up, last_leg
from tests.races.takers import THREADS, together
from tests.writing import status

CALLS = 2  # of each caller, each in its thread; all other threads write, some times in a row
TURNS = 4
WRITES = (THREADS - CALLS) * TURNS
LOOKING, NOT_LOOKING = (
    [f"t{thread}.{turn}" for thread in range(first, THREADS, 2) for turn in range(TURNS)]
    for first in (2, 3)
)


@dataclass(slots=True)
class Storm:
    """For each caller two calls begin at one moment, and ten threads that write until well after
    their end.

    Every other of these writes by a key that does not look back at a call that has ended: its tags
    may be left over.
    """

    campaign: Campaign
    callers: list[str]
    answered: Counter[str] = field(default_factory=Counter)

    def blow(self) -> None:
        number = self.campaign.numbers.filter(in_pool=True)[0].number
        looking, not_looking = (
            make_key("call_data_writing", campaign=self.campaign, cut_off_seconds=cut)
            for cut in (3600, 0)
        )
        pace = Barrier(THREADS)

        def acts(thread: int) -> Counter[str]:
            chance, told = random.Random(thread), Counter[str]()
            for caller in self.callers:
                pace.wait(timeout=60)
                if thread < CALLS:
                    _call(number, caller, busy=chance.randrange(3))
                else:
                    key = not_looking if thread % 2 else looking
                    told.update(
                        status(key, caller_number=caller, **{f"t{thread}.{turn}": caller})
                        for turn in range(TURNS)
                    )
            return told

        for told in together([lambda thread=thread: acts(thread) for thread in range(THREADS)]):  # type: ignore[misc]
            self.answered += told


def _call(number: str, caller: str, *, busy: int) -> None:
    """Let the first buyers be busy, talk with the next, if any, and end the call."""
    call = dial(number, caller)
    for turn in range(busy + 1):
        if call["status"] == "ringing":
            call = act(last_leg(call), "busy" if turn < busy else "answer")
    hang_up(call["call_uuid"])


def callers(count: int) -> list[str]:
    return [fresh_phone() for _ in range(count)]


# --- where they are -------------------------------------------------------------------------------
def places() -> dict[tuple[str, str], int]:
    """How often each (caller, tag) is on a call of that caller, or waits for one."""
    found: Counter[tuple[str, str]] = Counter()
    for model, caller in (
        (CallTag, "call__caller_number"),
        (StoredTag, "caller_number"),
        (LateTag, "call__caller_number"),
    ):
        rows = (
            model.objects.filter(value=F(caller)).values_list(caller, "name").annotate(Count("pk"))
        )
        for number, name, count in rows:
            found[number, name] += count
    return dict(found)


def everywhere_once(storm: Storm) -> dict[tuple[str, str], int]:
    return {(caller, name): 1 for caller in storm.callers for name in (*LOOKING, *NOT_LOOKING)}


def left_over() -> tuple[int, int]:
    """Tags that wait though their key looks back at ended calls, and tags that wait on a call
    that has ended."""
    return StoredTag.objects.filter(name__in=LOOKING).count(), LateTag.objects.count()
