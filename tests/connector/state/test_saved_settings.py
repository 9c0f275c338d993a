"""Versions of saved settings, with who saved them and when, on either database."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.state.operator import saved_settings

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_every_saving_is_a_version(state):
    """The newest version is in effect, and each earlier one shows who saved it, when, and what changed."""
    with state.read() as connection:
        assert saved_settings.newest(connection) is None
        assert saved_settings.newest_number(connection) == 0
    first, second = {"queue": {"batch_count": 7}}, {"queue": {"batch_count": 8}, "order": {"types": ["SØ"]}}
    assert saved_settings.save(state, first, after=0, who="Ann", summary="batch 7", now=NOW) == 1
    later = NOW + timedelta(minutes=1)
    assert saved_settings.save(state, second, after=1, who="Bob", summary="batch 8", now=later) == 2
    with state.read() as connection:
        newest = saved_settings.newest(connection)
        versions = saved_settings.history(connection)
    assert newest is not None
    assert (newest.number, newest.values) == (2, second)
    sent = [(one.number, one.saved_by, one.summary, one.saved_at) for one in versions]
    assert sent == [(2, "Bob", "batch 8", later), (1, "Ann", "batch 7", NOW)]


def test_two_who_save_at_once(state):
    """A change that is based on an older version than the newest is refused, and nothing is saved."""
    saved_settings.save(state, {}, after=0, who="Ann", summary="", now=NOW)
    with pytest.raises(saved_settings.SavedMeanwhile, match="Version 1 was saved by somebody else"):
        saved_settings.save(state, {"queue": {"batch_count": 9}}, after=0, who="Bob", summary="", now=NOW)
    with state.read() as connection:
        assert [one.saved_by for one in saved_settings.history(connection)] == ["Ann"]
