"""What tests of tracks share."""

import pytest

from tests.unit.tracking.scenes import World


@pytest.fixture
def world() -> World:
    return World()
