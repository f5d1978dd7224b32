"""The commands are the product's, also where a package has one of the same name."""

import pytest
from django.core.management import get_commands


@pytest.mark.parametrize(
    ("name", "app"),
    [
        ("apply", "publishers"),
        ("export", "publishers"),
        ("decide", "publishers"),
        ("demo", "callcontrol"),
        ("doctor", "config"),
        ("up", "config"),
        ("simulate_call", "callcontrol"),
    ],
)
def test_a_command_is_the_products(name: str, app: str) -> None:
    assert get_commands()[name] == app
