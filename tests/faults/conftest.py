"""Worlds in which something goes wrong, also on the way between connector and simulators."""

import pytest
from support.databases import over_both
from support.fixtures import _no_settings_of_the_user, kept_in, make_world

__all__ = ["_no_settings_of_the_user", "kept_in", "make_world"]

pytest_generate_tests = over_both


@pytest.fixture
def sockets() -> bool:
    """Connector and simulators are parted by real sockets."""
    return True
