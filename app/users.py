"""The users of the workspace: viewers and administrators. Passwords are stored as argon2 hashes.

`check_password` takes the same time for a name that does not exist, so the response time does not reveal which names
exist.
"""

from __future__ import annotations

import re
import threading
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.roles import Role
from connector.state.engine import State
from connector.state.operator import users
from connector.state.operator.users import User

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1_000
_NAME = re.compile(r"[\w.@+-]{1,100}")
_HASHING = threading.BoundedSemaphore(2)
"""Limits how many hashes are computed at once, however many users log in: each takes 64 MiB."""


class NotAUser(Exception):
    """A name or a password that is not acceptable; the message says why."""


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _dummy_hash() -> str:
    """Return a hash to verify against when the user does not exist."""
    return _hasher().hash("nobody has this password")


def add_user(state: State, name: str, role: Role, password: str, now: datetime) -> None:
    """Add a user. Raises `NotAUser` and `UserExists`."""
    if not _NAME.fullmatch(name):
        raise NotAUser("A name has 1 to 100 letters, digits or . _ @ + - and no blanks.")
    users.add(state, User(name, role, _hash(password)), now)


def change_password(state: State, name: str, password: str, now: datetime) -> None:
    """Change a user's password and end that user's sessions. Raises `NotAUser` and `NoSuchUser`."""
    users.change_password(state, name, _hash(password), now)


def check_password(state: State, name: str, password: str) -> User | None:
    """Return the user if the password is right, else None."""
    with state.read() as connection:
        user = users.find(connection, name)
    is_right = _verify(_dummy_hash() if user is None else user.password, password[:LONGEST_PASSWORD])
    return user if is_right else None


def refuse_password(password: str) -> None:
    """Raise `NotAUser` for a password that is too easy to guess, or too long to hash."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise NotAUser(f"A password has at least {SHORTEST_PASSWORD} characters.")


def _hash(password: str) -> str:
    refuse_password(password)
    with _HASHING:
        return _hasher().hash(password)


def _verify(stored_hash: str, password: str) -> bool:
    with _HASHING:
        try:
            return _hasher().verify(stored_hash, password)
        except (VerificationError, InvalidHashError):
            return False
