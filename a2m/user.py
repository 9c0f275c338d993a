"""`a2m user`: add, remove and list the users who may log in to the workspace."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from a2m.console import as_json, out, table
from a2m.usage import JSON_HELP, SET_UP
from app.roles import Role

if TYPE_CHECKING:
    from app.effective_settings import AppContext
    from connector.state.engine import State

NAME = Annotated[str, typer.Argument(metavar="NAME", help="The name that the user logs in with.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    users = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Add, remove and list who may log in to the workspace."
    )
    app.add_typer(users, name="user", rich_help_panel=SET_UP)

    @users.command()
    def add(
        name: NAME,
        role: Annotated[
            Role, typer.Option(help="viewer: may see everything; administrator: may change it.")
        ] = Role.VIEWER,
    ) -> None:
        """Add a user. The password is asked for twice, or is the first line of standard input."""
        _add(name, role)

    @users.command()
    def remove(name: NAME) -> None:
        """Remove a user, who is logged out at once."""
        _remove(name)

    @users.command("list")
    def list_users(
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """List the users and their roles."""
        _list(json=json)

    @users.command()
    def passwd(name: NAME) -> None:
        """Give a user another password, and log that user out."""
        _change_password(name)


def _add(name: str, role: Role) -> None:
    from app import users

    def change(state: State, password: str) -> str:
        users.add_user(state, name, role, password, datetime.now(UTC))
        return f"{name} may log in as {role}."

    _with_a_password(name, change, is_new=True)


def _change_password(name: str) -> None:
    from app import users

    def change(state: State, password: str) -> str:
        users.change_password(state, name, password, datetime.now(UTC))
        return f"{name} has another password."

    _with_a_password(name, change, is_new=False)


def _with_a_password(name: str, change: Callable[[State, str], str], *, is_new: bool) -> None:
    from app.effective_settings import effective_settings
    from app.users import NotAUser
    from connector.state.operator.users import NoSuchUser, UserExists, refuse_name

    with effective_settings() as now:
        try:
            refuse_name(now.state, name, is_new=is_new)  # before the password is asked for
            text = change(now.state, _password(name))
        except (NotAUser, UserExists, NoSuchUser) as why:
            raise typer.BadParameter(str(why)) from why
        warning = _nobody_may_act(now)
    out.print(text, *warning, sep="\n", markup=False)


def _nobody_may_act(now: AppContext) -> list[str]:
    """Return a warning if no user is an administrator and no proxy identifies users; otherwise an empty list."""
    from connector.state.operator import users

    with now.state.read() as connection:
        roles = {user.role for user in users.all_users(connection)}
    if not roles or Role.ADMINISTRATOR in roles or now.settings.web.proxy_header:
        return []
    return ["No user is an administrator: nobody may change anything. a2m user add NAME --role administrator"]


def _password(name: str) -> str:
    """Ask for a password twice, or read one line from standard input if that is not a terminal."""
    from app.users import NotAUser, refuse_password

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password of {name}: ")
    refuse_password(password)
    if getpass.getpass("Confirm the password: ") != password:
        raise NotAUser("The two passwords differ.")
    return password


def _remove(name: str) -> None:
    from app.effective_settings import effective_settings
    from connector.state.operator import users

    with effective_settings() as now:
        try:
            users.remove(now.state, name)
        except users.NoSuchUser as why:
            raise typer.BadParameter(str(why)) from why
        warning = _nobody_may_act(now)
    out.print(f"{name} is removed.", *warning, sep="\n", markup=False)


def _list(*, json: bool) -> None:
    from app.effective_settings import effective_settings
    from connector.state.operator import users

    with effective_settings() as now, now.state.read() as connection:
        found = users.all_users(connection)
    if json:
        as_json({"users": [{"name": user.name, "role": user.role} for user in found]})
    elif found:
        table("Users of the workspace", ("name", "role"), [(user.name, user.role) for user in found])
    else:
        out.print("There is no user. On this machine's own address nobody has to log in.", markup=False)
