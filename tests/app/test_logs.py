"""The log: which level and format were chosen, and what each line looks like."""

import json
import logging

import pytest

from app.logs import JsonLines, is_json, log_format, log_level, logging_to_stderr, print_to_stderr
from settings import SettingsError

_LOG = logging.getLogger("tasks.of_a_test")


@pytest.fixture(autouse=True)
def _no_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("A2M_LOG_LEVEL", "A2M_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_setting_the_usual_level_and_text_count():
    """What is usual is said by whoever starts the process."""
    assert (log_level("INFO"), log_format(), is_json()) == ("INFO", "text", False)


def test_the_environment_wins_over_dot_env(tmp_path, monkeypatch):
    """As with every other setting; small letters do as well."""
    (tmp_path / ".env").write_text("A2M_LOG_LEVEL=error\nA2M_LOG_FORMAT=JSON\n")
    assert (log_level("INFO"), log_format(), is_json()) == ("ERROR", "json", True)
    monkeypatch.setenv("A2M_LOG_LEVEL", "debug")
    assert log_level("INFO") == "DEBUG"


@pytest.mark.parametrize(
    ("name", "ask", "choices"),
    [
        ("A2M_LOG_LEVEL", lambda: log_level("INFO"), "DEBUG, INFO, WARNING, ERROR"),
        ("A2M_LOG_FORMAT", log_format, "text, json"),
    ],
)
def test_a_bad_value_is_refused(monkeypatch, name, ask, choices):
    """The message names the setting, its value and what it may be."""
    monkeypatch.setenv(name, "loud")
    with pytest.raises(SettingsError) as refused:
        ask()
    assert str(refused.value) == f"{name} = loud: it must be one of {choices}."


def test_a_line_of_json_holds_the_fields_of_an_event():
    """It stays one line whatever the message holds."""
    record = logging.LogRecord("app.listeners.event_log", logging.WARNING, "", 0, "%s", ("two\nlines, ü",), None)
    record.fields = {"event": "waiting", "entity": "price"}
    line = JsonLines().format(record)
    assert "\n" not in line
    known = json.loads(line)
    assert known.pop("time").endswith("+00:00")
    assert known == {
        "level": "WARNING",
        "logger": "app.listeners.event_log",
        "message": "two\nlines, ü",
        "event": "waiting",
        "entity": "price",
    }


def test_modules_log_to_standard_error_from_the_level_on(capsys, monkeypatch):
    """Each line has time, level and the module's name; afterwards nothing is left of it."""
    monkeypatch.setenv("A2M_LOG_LEVEL", "INFO")
    with logging_to_stderr():
        _LOG.debug("too little")
        _LOG.info("enough")
    _LOG.info("too late")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" INFO tasks.of_a_test: enough")


def test_what_a_command_says_beside_the_log_is_json_too(capsys, monkeypatch):
    """Whoever reads standard error by program finds nothing but JSON there."""
    print_to_stderr("as it is")
    monkeypatch.setenv("A2M_LOG_FORMAT", "json")
    print_to_stderr("as it is", logging.ERROR)
    plain, line = capsys.readouterr().err.splitlines()
    assert plain == "as it is"
    assert (json.loads(line)["level"], json.loads(line)["message"]) == ("ERROR", "as it is")
