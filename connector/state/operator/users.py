"""The users of the workspace, and their sessions.

Passwords and tokens are stored as hashes, which are of no use for logging in. Removing a user or changing a password
ends all sessions of that user.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, insert, select, update

from connector.state.engine import State
from connector.state.schema import micros, users, web_sessions


class UserExists(Exception):
    """A user with this name exists already."""


class NoSuchUser(Exception):
    """No user has this name."""


@dataclass(frozen=True)
class User:
    """A user: name, role, and the hash of the password."""

    name: str
    role: str
    password: str


def exist(connection: Connection) -> bool:
    """Return whether there are any users."""
    return bool(connection.execute(select(exists(select(users.c.name)))).scalar())


def all_users(connection: Connection) -> list[User]:
    """Return all users, ordered by name."""
    return [User(row.name, row.role, row.password) for row in connection.execute(select(users).order_by(users.c.name))]


def find(connection: Connection, name: str) -> User | None:
    """Return the user with this name, or `None`."""
    row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
    return None if row is None else User(row.name, row.role, row.password)


def refuse_name(state: State, name: str, *, is_new: bool) -> None:
    """Raise `UserExists` if the name of a new user is taken, or `NoSuchUser` if no existing user has the name."""
    with state.read() as connection:
        known = find(connection, name) is not None
    if known and is_new:
        raise UserExists(f"There is a user {name} already.")
    if not known and not is_new:
        raise NoSuchUser(f"There is no user {name}.")


def add(state: State, user: User, now: datetime) -> None:
    """Add a user. Raises `UserExists`."""
    with state.write() as connection:
        if find(connection, user.name) is not None:
            raise UserExists(f"There is a user {user.name} already.")
        row = {"name": user.name, "role": user.role, "password": user.password, "changed_at": micros(now)}
        connection.execute(insert(users).values(row))


def remove(state: State, name: str) -> None:
    """Remove a user. Raises `NoSuchUser`."""
    with state.write() as connection:
        if not connection.execute(delete(users).where(users.c.name == name)).rowcount:
            raise NoSuchUser(f"There is no user {name}.")
        _end_sessions(connection, name)


def change_password(state: State, name: str, password: str, now: datetime) -> None:
    """Store the hash of a new password. Raises `NoSuchUser`."""
    with state.write() as connection:
        changed = update(users).where(users.c.name == name).values(password=password, changed_at=micros(now))
        if not connection.execute(changed).rowcount:
            raise NoSuchUser(f"There is no user {name}.")
        _end_sessions(connection, name)


def begin_session(state: State, token: str, name: str, now: datetime, expires: datetime) -> None:
    """Store a new session of a user, and delete expired ones. token: a hash."""
    with state.write() as connection:
        connection.execute(delete(web_sessions).where(web_sessions.c.expires_at <= micros(now)))
        connection.execute(insert(web_sessions).values(token=token, user=name, expires_at=micros(expires)))


def of_session(connection: Connection, token: str, now: datetime) -> User | None:
    """Return the user of an unexpired session, or `None`. token: its hash."""
    is_valid = and_(web_sessions.c.token == token, web_sessions.c.expires_at > micros(now))
    query = select(users).join(web_sessions, users.c.name == web_sessions.c.user).where(is_valid)
    row = connection.execute(query).one_or_none()
    return None if row is None else User(row.name, row.role, row.password)


def end_session(state: State, token: str) -> None:
    """Delete a session: its user logs out. token: its hash."""
    with state.write() as connection:
        connection.execute(delete(web_sessions).where(web_sessions.c.token == token))


def _end_sessions(connection: Connection, name: str) -> None:
    connection.execute(delete(web_sessions).where(web_sessions.c.user == name))
