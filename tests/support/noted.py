"""The plan of faults with a memory: what reached either simulator, when, and what was done to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from support.tried import tried

from sandbox.faults import Faults, Rule


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `status` is the one that a fault answered, if one did."""

    at: datetime
    host: str
    method: str
    path: str
    status: int | None


class NotedFaults(Faults):
    """Faults by plan, and where a storm was begun, by chance."""

    def __init__(self, plan: str, now: Callable[[], datetime]) -> None:
        super().__init__(plan)
        self.seen: list[Request] = []
        self._now = now
        self._chance: random.Random | None = None
        self._share = 0.0

    def storm(self, seed: int, share: float) -> None:
        """From now on this share of all requests to both hosts is answered 500 to 504, chosen by the seed."""
        self._chance, self._share = random.Random(seed), share

    def calm(self) -> None:
        """No more faults."""
        self._chance = None
        self.replace("")

    def of(self, host: str, method: str, path: str, text: str) -> Rule | None:
        """The rule that takes this request; it is noted either way."""
        rule = super().of(host, method, path, text)
        chance = self._chance
        if rule is None and chance is not None and chance.random() < self._share:
            rule = Rule(status=chance.choice((500, 502, 503, 504)), body=chance.choice(("html", "json", "empty")))
        if rule is not None:
            tried(_kind(rule))
        self.seen.append(Request(self._now(), host, method, path, None if rule is None else rule.status))
        return rule

    def count(self, host: str, end_of_path: str) -> int:
        """How many requests to the host had a path that ends so."""
        return sum(one.host == host and one.path.endswith(end_of_path) for one in self.seen)


def _kind(rule: Rule) -> str:
    """A fault in words, for the count."""
    if rule.cut is not None:
        return "answer cut after it was applied" if rule.cut == "after" else "request cut before it was applied"
    if rule.status is not None:
        return f"answered {'5xx' if rule.status >= 500 else rule.status}"
    return "answer delayed"
