"""A state database of quantities that one run after the other works on, for state machines of Hypothesis."""

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
    """A copy of the template, a clock, the run that works, and the requests that have no answer yet."""

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
        """Return a run that has the lease from now on."""
        taken = lease.acquire(self.state, "inventory", "a run", self.now)
        assert isinstance(taken, Lease)
        return RunState(self.state, taken)
