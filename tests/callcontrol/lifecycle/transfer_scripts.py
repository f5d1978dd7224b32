"""Event scripts of transferred calls, and the final state of each."""

from tests.callcontrol.scripts import FinalState, Script

PAID = "90.00/120.00 at 100"
JOINED = ["transfer b1 20 join third"]
HELD = ["transfer b1 20 hold third"]

TRANSFER_SCRIPTS: dict[str, tuple[Script, FinalState]] = {
    "the transferee joins and leaves": (
        [
            ["b1 answered 5"],
            [
                *JOINED,
                "third answered 25",
                "third completed 60",
                "b1 completed 100",
                "caller completed 101",
            ],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third completed 25-60"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("joined ended 60",),
        ),
    ),
    "the transferee joins and stays": (
        [
            ["b1 answered 5"],
            [
                *JOINED,
                "third answered 25",
                "b1 completed 60",
                "third completed 100",
                "caller completed 101",
            ],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-60 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("joined ended 100",),
        ),
    ),
    "the caller leaves before the transferee": (
        [
            ["b1 answered 5"],
            [
                *JOINED,
                "third answered 25",
                "b1 completed 60",
                "third completed 101",
                "caller completed 100",
            ],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-60 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("joined ended 100",),
        ),
    ),
    "the transferee does not answer": (
        [
            ["b1 answered 5"],
            [*JOINED, "third no-answer 50", "b1 completed 100", "caller completed 101"],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third no-answer -50"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("joined ended 50",),
        ),
    ),
    "the transferee does not answer, after the handler left": (
        [
            ["b1 answered 5"],
            [*JOINED, "third no-answer 50", "b1 completed 40"],
            ["b2 answered 55", "b2 completed 155", "caller completed 156"],
        ],
        FinalState(
            "finished",
            155,
            (
                "caller completed 0-155",
                "b1 completed 5-40 accepted 20",
                "third no-answer -50",
                "b2 completed 55-155",
            ),
            "b1 0/1, b2 0/1",
            connected=55,
            paid="90.00/120.00 at 155",
            transfers=("joined ended 50",),
        ),
    ),
    "a caller on hold is connected": (
        [
            ["b1 answered 5"],
            [*HELD, "third answered 25"],
            ["connect 40", "b1 completed 60", "third completed 100", "caller completed 101"],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-60 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("held ended 100",),
        ),
    ),
    "a caller on hold hangs up": (
        [
            ["b1 answered 5"],
            [
                *HELD,
                "third answered 25",
                "b1 completed 101",
                "third completed 101",
                "caller completed 100",
            ],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("held ended 100",),
        ),
    ),
    "a caller on hold hangs up while the transferee rings": (
        [
            ["b1 answered 5"],
            [*HELD, "b1 completed 101", "caller completed 100"],
            ["third canceled 101"],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third canceled -100"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("held ended 100",),
        ),
    ),
    "the handler leaves a caller on hold": (
        [
            ["b1 answered 5"],
            [*HELD, "b1 completed 30", "third answered 35"],
            ["third completed 100", "caller completed 101"],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-30 accepted 20", "third completed 35-100"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("held ended 100",),
        ),
    ),
    "the transfer is stopped": (
        [
            ["b1 answered 5"],
            [*HELD],
            ["stop 40", "third canceled 41", "b1 completed 100", "caller completed 101"],
        ],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third stopped -40"),
            "b1 0/1",
            connected=5,
            paid=PAID,
            transfers=("held ended 40",),
        ),
    ),
    "the transferee is a buyer and returns the call": (
        [
            ["b1 answered 5"],
            ["transfer b1 20 hold b2", "b2 answered 25", "b1 completed 30"],
            [
                "return b2 40",
                "b2 completed 41",
                "b3 answered 45",
                "b3 completed 145",
                "caller completed 145",
            ],
        ],
        FinalState(
            "finished",
            145,
            (
                "caller completed 0-145",
                "b1 completed 5-30 accepted 20",
                "b2 returned 25-40",
                "b3 completed 45-145",
            ),
            "b1 0/1, b3 0/1",
            connected=45,
            paid="90.00/120.00 at 145",
            transfers=("held ended 40",),
        ),
    ),
}
