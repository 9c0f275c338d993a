"""What the connector keeps is its user's alone, whatever the umask; what is found open is closed, and said."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import environment, settings_of
from support.commands import run as run_command

from app.connection.state import check_private
from connector import private_files
from connector.private_files import close_database
from connector.state.engine import open_state

pytestmark = pytest.mark.skipif(os.name != "posix", reason="this system has no modes")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """A umask of whoever starts the connector."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The mode of everything there."""
    return {str(one.relative_to(folder)): stat.S_IMODE(one.stat().st_mode) for one in (folder, *folder.rglob("*"))}


@pytest.mark.usefixtures("umask")
def test_a_new_state_is_private(tmp_path: Path) -> None:
    """The database, what SQLite keeps beside it, and their folder."""
    folder = tmp_path / "one" / "state"
    state = open_state(f"sqlite:///{folder / 'state.sqlite'}")
    found = modes(folder)
    assert found.pop(".") == 0o700
    assert set(found) >= {"state.sqlite", "state.sqlite-wal", "state.sqlite-shm"}
    assert set(found.values()) == {0o600}
    assert state.opened == ()
    state.close()


@pytest.mark.usefixtures("umask")
def test_whatever_a_command_writes_is_private(a2m, make_world, home: Path) -> None:
    """After a sync and a check nobody else may read anything in the state folder."""
    home.mkdir(mode=0o700)
    make_world(5)
    a2m("sync", "price")
    a2m("check")
    others = {name: oct(mode) for name, mode in modes(home).items() if mode & 0o077}
    assert others == {}


def test_what_is_found_open_is_closed_and_reported(a2m, make_world, home: Path) -> None:
    """A state of an earlier version is made private by the next command, which says so once."""
    make_world(5)
    a2m("sync", "price")
    home.chmod(0o755)
    (home / "state.sqlite").chmod(0o644)
    output = a2m("status", "--json")
    assert json.loads(output.out)["entities"][0]["sent"] == 5
    assert "could be read by other users of this machine (mode 0644); it is private now (mode 0600)." in output.err
    assert modes(home)["."] == 0o700
    assert modes(home)["state.sqlite"] == 0o600
    assert a2m("status").err == ""


def test_test_connection_says_that_the_state_was_open(a2m, make_world, home: Path) -> None:
    """`check` has a row for it, before and after."""
    make_world(5)
    rows = {one["what"]: one for one in json.loads(a2m("check", "--json").out)["checks"]}
    assert rows["State is private"]["result"] == "passed"
    home.chmod(0o755)
    (home / "state.sqlite").chmod(0o666)
    rows = {one["what"]: one for one in json.loads(a2m("check", "--json").out)["checks"]}
    assert "(mode 0666); it is private now" in rows["State is private"]["said"]
    assert "(mode 0755); it is private now" in rows["State is private"]["said"]


def test_what_may_not_be_closed_fails_the_check_with_what_to_do(tmp_path: Path, monkeypatch) -> None:
    """A file of another user: the check names the command that mends it."""
    file = tmp_path / "state.sqlite"
    file.touch()
    file.chmod(0o644)

    def refused(*_given: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(private_files.Path, "chmod", refused)
    check = check_private(close_database(file))
    assert check.result == "failed"
    assert f"chmod 600 {file}" in check.message


def test_a_process_of_its_own_writes_privately_under_an_open_umask(tmp_path: Path) -> None:
    """The command line does not lean on its caller's umask."""
    environ = environment(tmp_path, settings_of("http://127.0.0.1:9", "http://127.0.0.1:9"))
    done = run_command(["status"], folder=tmp_path, environ=environ, umask=0)
    assert done.code == 0, done.err
    assert {name: oct(mode) for name, mode in modes(tmp_path / "a2m").items() if mode & 0o077} == {}
