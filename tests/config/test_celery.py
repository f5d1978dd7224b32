"""What beat sends is something that a worker can do."""

from config.celery import SWEEPS, app


def test_every_name_that_beat_sends_is_a_task() -> None:
    app.loader.import_default_modules()
    assert [name for name in SWEEPS if name not in app.tasks] == []


def test_every_sweep_that_was_written_is_sent() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == set(SWEEPS)


def test_a_message_that_waited_longer_than_its_turn_is_dropped() -> None:
    sent = app.conf.beat_schedule.values()
    assert [(entry["schedule"], entry["options"]) for entry in sent] == [
        (every, {"expires": every}) for every in SWEEPS.values()
    ]
