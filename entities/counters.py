"""The results of a sync: counts, and remarks for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from entities.waiting import describe
from settings import as_on_the_screen

MOST_NOTES = 1_000
_SUMMED = ("pulled", "changed", "queued", "requests", "reads", "sent", "failed", "superseded")


def counted(amount: int, digits: int) -> str:
    """Return a scaled whole number as people write it: 25,000 with four digits is 2.5."""
    return f"{Decimal(amount).scaleb(-digits).normalize():f}"


@dataclass
class Counters:
    """The counts of `a2m sync --json`. `requests` are writes to Magento, `reads` all its other requests."""

    entity: str
    pulled: int = 0
    changed: int = 0
    queued: int = 0
    requests: int = 0
    reads: int = 0
    sent: int = 0
    failed: int = 0
    superseded: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the counts by name."""
        return asdict(self)

    def add(self, other: Counters) -> None:
        """Add the counts of another sync of the same run."""
        for name in (*_SUMMED, "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def did_nothing(self) -> bool:
        """Return whether nothing had changed and nothing was sent."""
        return not (self.changed or self.requests or self.failed or self.sent)

    def since(self, before: Counters) -> Counters:
        """Return what was counted after `before`, an earlier copy; the seconds are those of the last sync."""
        counts = {name: getattr(self, name) - getattr(before, name) for name in _SUMMED}
        return Counters(self.entity, **counts, seconds=self.seconds)

    def summary(self) -> str:
        """Return a short text, such as "1,204 changed, 3 requests, 2 failed"."""
        if self.did_nothing():
            return "nothing changed"
        sentences = [f"{self.changed:,} changed"] if self.changed else []
        if self.sent or self.requests:
            sentences.append(f"{self.sent:,} sent in {self.requests:,} request{'' if self.requests == 1 else 's'}")
        if self.failed:
            sentences.append(f"{self.failed:,} failed")
        if self.superseded:
            sentences.append(f"{self.superseded:,} superseded")
        return ", ".join(sentences)


@dataclass
class Remarks:
    """What people should know besides the counts: notes about records, and what has to wait."""

    notes: list[tuple[str, str]] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    tuned: str | None = None
    sentences: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)

    def summary(self) -> list[str]:
        """Return the sentences after the counts: how the push was tuned, other remarks, and what has to wait."""
        counted = [f"{number:,} {what}." for what, number in self.counts.items()]
        tuned = [] if self.tuned is None else [self.tuned]
        lines = [*tuned, *self.sentences, *counted, *self._waiting_summary(), *self.waits]
        return [as_on_the_screen(line) for line in lines]

    def count(self, what: str, number: int) -> None:
        """Count records of which only the number is reported."""
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def wait(self, key: str, code: str) -> None:
        """Count a message that waits for something outside the queue; it has not failed."""
        self.waiting[key] = code

    def _waiting_summary(self) -> list[str]:
        if not self.waiting:
            return []
        counts = Counter(self.waiting.values())
        what = ", ".join(f"{count:,} for {describe(code)}" for code, count in sorted(counts.items()))
        return [f"{len(self.waiting):,} waiting without a failure: {what}."]

    def add(self, sentence: str) -> None:
        """Add a remark once, however often it occurs."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def note(self, key: str, reason: str) -> None:
        """Add a note about a record, up to the number that a table can show."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append((key, as_on_the_screen(reason)))
