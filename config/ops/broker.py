"""The broker in a folder: kombu's file-system transport, made safe for concurrent readers.

As shipped it lets a worker take a file that is still empty (2 of 20,000 messages; the worker then
ends), and moves messages to the machine's temporary folder, where other users may read them and
where a move can be a copy.
"""

import os
import uuid
from collections import deque
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem, virtual
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Messages are files that appear whole; the worker that renames a file owns its message."""

    supports_fanout = False  # without broadcasts no table of exchanges is shared through files
    get_table = virtual.Channel.get_table

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listed: dict[str, deque[str]] = {}

    def _put(self, queue: str, payload: dict[str, Any], **_kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time_ns()}_{uuid.uuid4()}.{queue}.msg"
        writing = Path(self.data_folder_out, f"{name}.writing")
        writing.write_text(dumps(payload))
        writing.rename(Path(self.data_folder_out, name))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        # The folder is listed once for all messages that wait, oldest first.
        names = self._listed.setdefault(queue, deque())
        if not names:
            waiting = os.listdir(self.data_folder_in)
            names.extend(sorted(name for name in waiting if name.endswith(f".{queue}.msg")))
        while names:
            name = names.popleft()
            taken = Path(self.data_folder_in, f"{name}.taken")
            try:
                Path(self.data_folder_in, name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            text = taken.read_text()
            taken.unlink()
            message: dict[str, Any] = loads(text)
            return message
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel
    global_state = virtual.BrokerState()


def install(folder: Path) -> dict[str, str]:
    """Make `filesystem://` use this transport; create its folder and return its options."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
    return {"data_folder_in": str(folder), "data_folder_out": str(folder)}
