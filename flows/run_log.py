"""Forward what our modules log in a run to its log tab in Prefect.

PREFECT_LOGGING_EXTRA_LOGGERS would do it too, but every worker would have to set it, and the level of Prefect's own log
(PREFECT_LOGGING_LEVEL) would apply to the connector's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler

from app.logs import handler_attached, log_level
from flows.artifacts import as_in_prefect


class _RunLog(APILogHandler):
    """Prefect's handler, limited to records that are logged in a run. Commands in texts become deployments."""

    def emit(self, record: logging.LogRecord) -> None:
        if TaskRunContext.get() is not None or FlowRunContext.get() is not None:
            shown = copy(record)
            shown.msg, shown.args = as_in_prefect(record.getMessage()), ()
            super().emit(shown)


@contextmanager
def logging_to_the_run() -> Iterator[None]:
    """Send the log of our modules to the run's log tab and to the process's own handlers. Raises `SettingsError`."""
    with handler_attached(_RunLog(), log_level("INFO"), propagate=True):
        yield
