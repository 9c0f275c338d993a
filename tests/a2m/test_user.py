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


def test_nobody_may_act(a2m, typed):
    """Where only viewers may log in it is said, with what to do; not where a proxy names others, or nobody logs in."""
    for name, role, settings, is_said in (
        ("victor", "viewer", {}, True),
        (
            "vera",
            "viewer",
            {"A2M_WEB__PROXY_HEADER": "X-Remote-User", "A2M_WEB__PROXY_ADDRESSES": '["10.0.0.1"]'},
            False,
        ),
        ("anna", "administrator", {}, False),
    ):
        typed("a long enough password\n")
        added = a2m("user", "add", name, "--role", role, **settings)
        assert added.code == 0, added.err
        assert ("nobody may change anything" in added.out) == is_said
    assert "nobody may change anything" in a2m("user", "remove", "anna").out
    a2m("user", "remove", "victor")
    assert a2m("user", "remove", "vera").out == "vera is removed.\n"


def test_a_password_is_not_asked_for_in_vain(a2m, monkeypatch):
    """A name that is taken, or that nobody has, is refused before the password is typed."""
    monkeypatch.setattr("a2m.user._password", lambda name: pytest.fail(f"asked for the password of {name}"))
    assert "no user bert" in a2m("user", "passwd", "bert").err


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


def test_a_role_that_does_not_exist(a2m):
    """It is wrong usage, with those that there are, in words of ours."""
    refused = a2m("user", "add", "anna", "--role", "king")
    assert refused.code == 2
    assert "Invalid value for '--role': 'king' is not one of 'viewer', 'administrator'." in refused.err
