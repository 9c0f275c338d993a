"""Syncs from end to end: both simulators, the state database, and no Prefect."""

from support.databases import over_both
from support.fixtures import _no_settings_of_the_user, kept_in, make_world, sockets

__all__ = ["_no_settings_of_the_user", "kept_in", "make_world", "sockets"]

pytest_generate_tests = over_both
