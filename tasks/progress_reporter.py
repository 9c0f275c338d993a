"""Report every few seconds how far a long push is, and when it will be done at the rate so far."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from entities.base import RunContext
from entities.events import Progress

REPORT_EVERY = timedelta(seconds=5)


class ProgressReporter(msgspec.Struct):
    """How much was sent since the push began; decides when to report again."""

    began_at: datetime | None = None
    reported_at: datetime | None = None
    done_before: int = 0

    def report(self, context: RunContext[Any], now: datetime, *, more_to_come: bool) -> None:
        """Emit `Progress` if the last report is `REPORT_EVERY` old. Call it after each request."""
        done = context.counters.sent + context.counters.failed
        if self.began_at is None or self.reported_at is None:
            self.began_at, self.reported_at, self.done_before = now, now, done
        if now - self.reported_at < REPORT_EVERY:
            return
        self.reported_at = now
        left = context.state.due_count(now)
        text = f"{context.name}: {context.counters.sent:,} sent, {context.counters.failed:,} failed"
        done_at = None if more_to_come else self._done_at(now, done - self.done_before, left)
        if done_at is not None:
            text += f"; {left:,} left, done at about {done_at:%H:%M} UTC"
        context.events.emit(Progress(text))

    def _done_at(self, now: datetime, done: int, left: int) -> datetime | None:
        if not (left and done and self.began_at):
            return None
        return now + (now - self.began_at) * (left / done)
