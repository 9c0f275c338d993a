"""The base of Hypothesis state machines in which successive runs work on one state database of quantities."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis.stateful import RuleBasedStateMachine
from support.moment import NOW

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, open_state
from connector.state.queue.message import Message
from connector.state.run_state import RunState


class RunByRun(RuleBasedStateMachine):
    """A copy of the template database, the time, the current run, and the requests without a response yet."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory(dir=self.template.parent)
        path = Path(self.folder.name) / "state.sqlite"
        shutil.copy(self.template, path)
        self.state: State = open_state(f"sqlite:///{path}")
        self.now: datetime = NOW
        self.run = self.next_run()
        self.under_way: list[list[Message]] = []

    def next_run(self) -> RunState:
        """Return a run that has just acquired the lease."""
        taken = lease.acquire(self.state, "inventory", "a run", self.now)
        assert isinstance(taken, Lease)
        return RunState(self.state, taken)
