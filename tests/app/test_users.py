"""Users of the workspace: which passwords are taken, and how they are checked."""

from datetime import UTC, datetime

import pytest

from app import users
from app.roles import Role
from connector.state.engine import open_state

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def state(new_database):
    """A new state database."""
    opened = open_state(new_database("sqlite"))
    yield opened
    opened.close()


def test_a_password_is_hashed_well_and_checked(state):
    """Argon2id with 64 MiB; the right password of a name lets in, and no other."""
    users.add_user(state, "anna", Role.VIEWER, "a long enough password", NOW)
    user = users.check_password(state, "anna", "a long enough password")
    assert user is not None
    assert user.password.startswith("$argon2id$v=19$m=65536,t=3,")
    assert users.check_password(state, "anna", "a long enough passwore") is None
    assert users.check_password(state, "bert", "a long enough password") is None


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1001])
def test_a_password_that_is_not_taken(state, password):
    """Too short to be safe, or too long to be hashed."""
    with pytest.raises(users.NotAUser, match="at least 12"):
        users.add_user(state, "anna", Role.VIEWER, password, NOW)


@pytest.mark.parametrize("name", ["", "two words", "a\nb", "x" * 101, "<b>"])
def test_a_name_that_is_not_taken(state, name):
    """A name is one that can be typed, shown and logged."""
    with pytest.raises(users.NotAUser):
        users.add_user(state, name, Role.VIEWER, "a long enough password", NOW)
