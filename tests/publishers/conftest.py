"""A key whose pings find a buyer."""

import pytest

from publishers.models import Key
from tests.factories import make_ready_key


@pytest.fixture
def key(db: None) -> Key:
    return make_ready_key()
