"""The workspace's users, and who is logged in.

Passwords and tokens come hashed: what stands here lets nobody in. Removing a user, or giving another password, ends all
sessions of that user.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, insert, select, update

from connector.state.engine import State
from connector.state.schema import micros, users, web_sessions


class UserExists(Exception):
    """There is a user with this name already."""


class NoSuchUser(Exception):
    """There is no user with this name."""


@dataclass(frozen=True)
class User:
    """A user: name, role, and the hash of the password."""

    name: str
    role: str
    password: str


def are_any(connection: Connection) -> bool:
    """Return whether there is any user."""
    return bool(connection.execute(select(exists(select(users.c.name)))).scalar())


def all_of_them(connection: Connection) -> list[User]:
    """Return every user, by name."""
    return [User(row.name, row.role, row.password) for row in connection.execute(select(users).order_by(users.c.name))]


def find(connection: Connection, name: str) -> User | None:
    """Return the user with this name."""
    row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
    return None if row is None else User(row.name, row.role, row.password)


def refuse_name(state: State, name: str, *, is_new: bool) -> None:
    """Raise `UserExists` where a new user has the name of another one, `NoSuchUser` where none has it."""
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
    """Keep another password's hash. Raises `NoSuchUser`."""
    with state.write() as connection:
        changed = update(users).where(users.c.name == name).values(password=password, changed_at=micros(now))
        if not connection.execute(changed).rowcount:
            raise NoSuchUser(f"There is no user {name}.")
        _end_sessions(connection, name)


def begin_session(state: State, token: str, name: str, now: datetime, expires: datetime) -> None:
    """Record that a user is logged in; sessions that are over are forgotten."""
    with state.write() as connection:
        connection.execute(delete(web_sessions).where(web_sessions.c.expires_at <= micros(now)))
        connection.execute(insert(web_sessions).values(token=token, user=name, expires_at=micros(expires)))


def of_session(connection: Connection, token: str, now: datetime) -> User | None:
    """Return who is logged in with this token's hash; None where nobody is, or no longer."""
    is_on = and_(web_sessions.c.token == token, web_sessions.c.expires_at > micros(now))
    query = select(users).join(web_sessions, users.c.name == web_sessions.c.user).where(is_on)
    row = connection.execute(query).one_or_none()
    return None if row is None else User(row.name, row.role, row.password)


def end_session(state: State, token: str) -> None:
    """Log out."""
    with state.write() as connection:
        connection.execute(delete(web_sessions).where(web_sessions.c.token == token))


def _end_sessions(connection: Connection, name: str) -> None:
    connection.execute(delete(web_sessions).where(web_sessions.c.user == name))
