"""What our modules log in a run also stands in its log tab, by whatever means the run was started.

Prefect would forward the loggers that PREFECT_LOGGING_EXTRA_LOGGERS names, at the level of PREFECT_LOGGING_LEVEL. Every
worker would have to set it, and a quiet Prefect would be a silent connector: the run does it itself.
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
    """Prefect's own handler; what is logged outside of a run belongs to nobody's tab."""

    def emit(self, record: logging.LogRecord) -> None:
        if TaskRunContext.get() is not None or FlowRunContext.get() is not None:
            shown = copy(record)
            shown.msg, shown.args = as_in_prefect(record.getMessage()), ()
            super().emit(shown)


@contextmanager
def logging_to_the_run() -> Iterator[None]:
    """Let what our modules log go to the run's log tab and to the process's output. Raises `SettingsError`."""
    with handler_attached(_RunLog(), log_level("INFO"), propagate=True):
        yield
