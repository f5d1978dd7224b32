"""Without the extra, everything loads, and a start under CARRIER=twilio says what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLAIN = """
import sys
sys.modules["twilio"] = None  # as if it were not installed
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "check"])
"""


@pytest.mark.parametrize(
    ("carrier", "status", "said"),
    [("simulator", 0, "no issues"), ("twilio", 1, "CARRIER is twilio, without its library.")],
    ids=["simulator", "twilio"],
)
def test_it_starts_without_the_library(
    tmp_path: Path, carrier: str, status: int, said: str
) -> None:
    needed = {
        "VAR_DIR": str(tmp_path),
        "CARRIER": carrier,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    ran = subprocess.run(
        [sys.executable, "-c", PLAIN],
        cwd=ROOT,
        env=os.environ | needed,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, said in ran.stdout + ran.stderr) == (status, True), ran.stderr
