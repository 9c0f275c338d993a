"""How the connector logs: from which level on (`A2M_LOG_LEVEL`), and as text or as lines of JSON (`A2M_LOG_FORMAT`).

Both come from the environment or `.env`. Each module has a logger with its own name; the entry point of a process says
where the lines go: a command to standard error (here), a run in Prefect also to its log tab (`flows.run_log`).
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LEVEL, FORMAT = "A2M_LOG_LEVEL", "A2M_LOG_FORMAT"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("text", "json")
OURS = ("a2m", "app", "connector", "deployments", "entities", "flows", "receiver", "settings", "tasks", "web")
"""The packages whose modules log; what libraries log is not ours to show."""
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and the fields of an event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_level(usual: str) -> str:
    """Return the level that was chosen, or the usual one. Raises `SettingsError`."""
    return _chosen(LEVEL, LEVELS, usual, str.upper)


def log_format() -> str:
    """Return whether lines are `text` or `json`. Raises `SettingsError`."""
    return _chosen(FORMAT, FORMATS, "text", str.lower)


def is_json() -> bool:
    """Return whether lines are JSON; False if the setting is wrong, because that error has to be printed somehow."""
    return (_written(FORMAT) or "").lower() == "json"


def print_to_stderr(text: str, level: int = logging.INFO) -> None:
    """Print a line to standard error whatever the level: as it is, or as JSON."""
    if is_json():
        text = JsonLines().format(logging.LogRecord("a2m", level, "", 0, text, None, None))
    print(text, file=sys.stderr)  # noqa: T201 - the words go out as they are, without markup


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Let what our modules log go to standard error, and nowhere else. Raises `SettingsError`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format() == "json" else logging.Formatter(TEXT))
    with handled(handler, log_level("WARNING"), propagate=False):
        yield


@contextmanager
def handled(handler: logging.Handler, level: str, *, propagate: bool) -> Iterator[None]:
    """Let the handler have what our modules log from a level on; `propagate`: the process's own handlers too."""
    loggers = [logging.getLogger(name) for name in OURS]
    before = [(one.level, one.propagate) for one in loggers]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(level)
        one.propagate = propagate
    try:
        yield
    finally:
        for one, (was_level, was_propagated) in zip(loggers, before, strict=True):
            one.removeHandler(handler)
            one.setLevel(was_level)
            one.propagate = was_propagated


def _chosen(name: str, choices: tuple[str, ...], usual: str, spelled: Any) -> str:
    written = _written(name)
    if written is None:
        return usual
    if spelled(written) not in choices:
        from settings import SettingsError  # only here: `a2m --help` has no time for what the settings import

        raise SettingsError(f"{name} = {written}: it must be one of {', '.join(choices)}.")
    return str(spelled(written))


def _written(name: str) -> str | None:
    from dotenv import dotenv_values

    sources = (os.environ, dotenv_values(".env") if Path(".env").is_file() else {})
    values = (value for source in sources for key, value in source.items() if key.upper() == name)
    return next((value.strip() for value in values if value and value.strip()), None)
