"""The broker in a folder: each message whole, once, in order, and private."""

import stat
import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from config.ops import broker


def channel(folder: Path) -> Any:
    return Connection("filesystem://localhost", transport_options=broker.install(folder)).channel()


def take_all(one: Any, queue: str = "celery") -> list[int]:
    taken = []
    while True:
        try:
            taken.append(one._get(queue)["n"])
        except Empty:
            return taken


def put(one: Any, *numbers: int, queue: str = "celery") -> None:
    for number in numbers:
        one._put(queue, {"n": number})


def test_messages_come_in_order_and_once(tmp_path: Path) -> None:
    put(channel(tmp_path), 1, 2, 3)
    assert take_all(channel(tmp_path)) == [1, 2, 3]
    assert take_all(channel(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_queue_gives_its_own_messages(tmp_path: Path) -> None:
    one = channel(tmp_path)
    put(one, 1)
    put(one, 2, queue="other")
    assert take_all(one) == [1]
    assert take_all(one, "other") == [2]


def test_a_message_that_is_being_written_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "1_a.celery.msg.writing").touch()
    assert take_all(channel(tmp_path)) == []


def test_a_message_that_another_worker_took_is_passed_over(tmp_path: Path) -> None:
    slow, fast = channel(tmp_path), channel(tmp_path)
    put(slow, 1, 2, 3)
    assert slow._get("celery")["n"] == 1
    assert take_all(fast) == [2, 3]
    assert take_all(slow) == []


def test_readers_and_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    taken: list[int] = []
    writer = threading.Thread(target=lambda: put(channel(tmp_path), *range(500)))
    readers = [threading.Thread(target=lambda: _read_until(tmp_path, taken, 500)) for _ in range(3)]
    for thread in [writer, *readers]:
        thread.start()
    for thread in [writer, *readers]:
        thread.join(timeout=30)
    assert sorted(taken) == list(range(500))


def _read_until(folder: Path, taken: list[int], total: int) -> None:
    one = channel(folder)
    while len(taken) < total:
        taken.extend(take_all(one))


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    broker.install(tmp_path / "broker")
    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700


def test_a_message_goes_through_celery_s_own_road(tmp_path: Path) -> None:
    options = broker.install(tmp_path)
    with (
        Connection("filesystem://localhost", transport_options=options) as sender,
        sender.SimpleQueue("celery") as queue,
    ):
        queue.put({"n": 7})
    with (
        Connection("filesystem://localhost", transport_options=options) as taker,
        taker.SimpleQueue("celery") as queue,
    ):
        assert queue.get(timeout=5).payload == {"n": 7}
        with pytest.raises(queue.Empty):
            queue.get(block=False)
