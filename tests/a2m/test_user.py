"""`a2m user` and `a2m web`: who may log in, and when the workspace does not start."""

import io
import json

import pytest


@pytest.fixture
def typed(monkeypatch):
    """Let this be what another program sends as standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_users_by_hand(a2m, typed):
    """They are added, listed, given another password and removed; the password is never shown."""
    assert "There is no user." in a2m("user", "list").out
    typed("a long enough password\n")
    added = a2m("user", "add", "anna", "--role", "administrator")
    assert (added.code, added.out) == (0, "anna may log in as administrator.\n")
    listed = a2m("user", "list", "--json")
    assert json.loads(listed.out) == {"users": [{"name": "anna", "role": "administrator"}]}
    typed("another long password\n")
    assert a2m("user", "passwd", "anna").out == "anna has another password.\n"
    assert a2m("user", "remove", "anna").out == "anna is removed.\n"
    assert json.loads(a2m("user", "list", "--json").out) == {"users": []}


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (["add", "anna"], "short", "at least 12 characters"),
        (["add", "an na"], "a long enough password", "no blanks"),
        (["add", "anna", "--role", "king"], "a long enough password", "king"),
        (["passwd", "bert"], "a long enough password", "no user bert"),
        (["remove", "bert"], "", "no user bert"),
    ],
)
def test_what_is_refused(a2m, typed, arguments, password, words):
    """It says why, and ends with 2."""
    typed(f"{password}\n")
    refused = a2m("user", *arguments)
    assert refused.code == 2
    assert words in refused.err


def test_the_workspace_does_not_start_for_everybody(a2m):
    """On an address that others reach it ends with 2 while there is no user, and says what to do."""
    refused = a2m("web", A2M_WEB__ADDRESS="0.0.0.0")
    assert refused.code == 2
    assert "a2m user add NAME --role administrator" in refused.err
