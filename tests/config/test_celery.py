"""What beat sends is something that a worker can do."""

import os
import subprocess
import sys
from pathlib import Path

from config.celery import SWEEPS, app

ROOT = Path(__file__).parents[2]
LIST_MODULES = """
import sys
from config.celery import app
app.loader.import_default_modules()
print(*sys.modules)
"""
# The bases of the admin's pages, and the parts of packages that draw them.
ADMIN = ("campaigns.admin_base", "unfold.admin", "simple_history.admin", "config.admin_pages")


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


def test_a_worker_imports_no_page_of_the_admin(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIST_MODULES],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = ran.stdout.split()
    assert "callcontrol.reporting.reasons" in modules
    assert [name for name in modules if name.startswith(ADMIN)] == []
    assert [name for name in modules if ".admin" in name and not name.startswith("django.")] == []
