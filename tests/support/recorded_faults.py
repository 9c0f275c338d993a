"""A plan of faults that records each request to either simulator: when it came, and which fault it met."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from support.fault_counts import count_fault

from sandbox.faults import Faults, Rule


@dataclass(frozen=True)
class Request:
    """One request as it arrived. `status`: the HTTP status that a fault answered, if any."""

    at: datetime
    host: str
    method: str
    path: str
    status: int | None


class RecordedFaults(Faults):
    """Faults by plan and, during a storm, random ones. `seen` holds the requests so far."""

    def __init__(self, plan: str, now: Callable[[], datetime]) -> None:
        super().__init__(plan)
        self.seen: list[Request] = []
        self._now = now
        self._chance: random.Random | None = None
        self._share = 0.0

    def storm(self, seed: int, share: float) -> None:
        """Answer this share of all requests to both hosts with 500, 502, 503 or 504 from now on, chosen by the seed."""
        self._chance, self._share = random.Random(seed), share

    def calm(self) -> None:
        """Stop all faults."""
        self._chance = None
        self.replace("")

    def of(self, host: str, method: str, path: str, text: str) -> Rule | None:
        """Return the rule for this request, if any, and record the request."""
        rule = super().of(host, method, path, text)
        chance = self._chance
        if rule is None and chance is not None and chance.random() < self._share:
            rule = Rule(status=chance.choice((500, 502, 503, 504)), body=chance.choice(("html", "json", "empty")))
        if rule is not None:
            count_fault(_kind(rule))
        self.seen.append(Request(self._now(), host, method, path, None if rule is None else rule.status))
        return rule

    def count(self, host: str, end_of_path: str) -> int:
        """Return the number of requests to the host whose path ends like this."""
        return sum(one.host == host and one.path.endswith(end_of_path) for one in self.seen)


def _kind(rule: Rule) -> str:
    """Return the description under which the fault is counted."""
    if rule.cut is not None:
        return "answer cut after it was applied" if rule.cut == "after" else "request cut before it was applied"
    if rule.status is not None:
        return f"answered {'5xx' if rule.status >= 500 else rule.status}"
    return "answer delayed"
