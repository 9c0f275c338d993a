"""Logging: the level (`A2M_LOG_LEVEL`) and the format, text or JSON lines (`A2M_LOG_FORMAT`).

Both are read from the environment or `.env`. Each module has a logger of its own name. The entry point of a process
attaches the handler: a command logs to standard error (here), a run in Prefect also to its log tab (`flows.run_log`).
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LEVEL, FORMAT = "A2M_LOG_LEVEL", "A2M_LOG_FORMAT"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("text", "json")
OURS = ("a2m", "app", "connector", "deployments", "entities", "flows", "receiver", "settings", "tasks", "web")
"""The packages whose loggers are handled here. Libraries keep their own configuration."""
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """Format a record as one line of JSON: time (UTC), level, logger, message, and the fields of an event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
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


def log_level(default: str) -> str:
    """Return the configured level, or the default. Raises `SettingsError`."""
    return _choice(LEVEL, LEVELS, default, str.upper)


def log_format() -> str:
    """Return `text` or `json`. Raises `SettingsError`."""
    return _choice(FORMAT, FORMATS, "text", str.lower)


def is_json() -> bool:
    """Return whether lines are JSON. An invalid setting means text, so that the error about it can be printed."""
    return (_configured(FORMAT) or "").lower() == "json"


def print_to_stderr(text: str, level: int = logging.INFO) -> None:
    """Print a line to standard error, as text or as JSON. The log level does not suppress it."""
    if is_json():
        text = JsonLines().format(logging.LogRecord("a2m", level, "", 0, text, None, None))
    print(text, file=sys.stderr)  # noqa: T201 - without the console's markup


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Send the log of our modules to standard error, and nowhere else. Raises `SettingsError`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format() == "json" else logging.Formatter(TEXT))
    with handler_attached(handler, log_level("WARNING"), propagate=False):
        yield


@contextmanager
def handler_attached(handler: logging.Handler, level: str, *, propagate: bool) -> Iterator[None]:
    """Attach the handler to the loggers of our packages, at a level; `propagate`: to the root's handlers as well."""
    loggers = [logging.getLogger(name) for name in OURS]
    before = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
    try:
        yield
    finally:
        for logger, (level_before, propagate_before) in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level_before)
            logger.propagate = propagate_before


def _choice(name: str, choices: tuple[str, ...], default: str, normalise: Callable[[str], str]) -> str:
    configured = _configured(name)
    if configured is None:
        return default
    choice = normalise(configured)
    if choice not in choices:
        from settings import SettingsError  # imported late: `a2m --help` must not load the settings

        raise SettingsError(f"{name} = {configured}: it must be one of {', '.join(choices)}.")
    return choice


def _configured(name: str) -> str | None:
    from dotenv import dotenv_values

    sources = (os.environ, dotenv_values(".env") if Path(".env").is_file() else {})
    values = (value for source in sources for key, value in source.items() if key.upper() == name)
    return next((value.strip() for value in values if value and value.strip()), None)
