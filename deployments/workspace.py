"""The process that serves the workspace for `a2m serve`, forked from the server that has imported everything.

It ends with `a2m serve`, even if that is killed, and is started again if it died or its code has changed. If the
workspace cannot be served as configured, it prints the reason, and the deployments are served without it.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress

from app.logs import print_to_stderr
from deployments.signals import end_with_the_parent, restore_signals
from deployments.warm_processes import Child, WarmProcesses, code_version

ENDS_WITHIN = 5.0
NOT_SERVED = 2
"""The exit code of a workspace that is not to be started again."""


class WorkspaceProcess:
    """Starts, restarts and ends the process that serves the workspace."""

    def __init__(self, processes: WarmProcesses) -> None:
        self._processes = processes
        self._child: Child | None = None
        self._code = ""

    def start(self) -> None:
        """Start the process, or restart it if it has died or its code has changed."""
        code = code_version()
        if self._child is not None and not self._child.has_ended():
            if code == self._code:
                return
            print_to_stderr("The connector's code has changed: the workspace is started again.")
            self._end(self._child)
        elif self._child is not None:
            if code == self._code and self._child.exit_code() in (0, NOT_SERVED):
                return
            print_to_stderr("The workspace has ended; it is started again.")
        self._child, self._code = self._processes.start(serve_workspace), code

    def _end(self, child: Child) -> None:
        """End the process and wait, so that its port is free for the next one."""
        child.send_signal(signal.SIGTERM)
        ends_at = time.monotonic() + ENDS_WITHIN
        while not child.has_ended() and time.monotonic() < ends_at:
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)


def serve_workspace() -> None:
    """Serve the workspace in this process, which was started for it."""
    from connector.state.faults import StateError  # imported late: the parent process needs none of it
    from settings import SettingsError
    from web.security.entrance import NotServed
    from web.serve import serve

    restore_signals()
    end_with_the_parent()
    try:
        with suppress(KeyboardInterrupt):
            serve(only_if_enabled=True)
    except (NotServed, SettingsError, StateError) as error:
        print_to_stderr(f"{error} The deployments are served without it.")
        sys.exit(NOT_SERVED)
