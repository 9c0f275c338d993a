"""Random spells of faults in the sandbox during a soak, with pauses between them."""

from __future__ import annotations

import random
from collections import Counter

import httpx

SPELLS = {
    "some answers are 5xx": "every=4: status=503 body=html; every=7: status=500; every=9: status=502 body=text",
    "told to wait": "every=6: status=429 retry_after={seconds}",
    "applied, and the answer cut": "magento writes every=3: cut=after; acumatica every=5: cut=after",
    "cut before it was applied": "magento writes every=3: cut=before; acumatica every=5: cut=before",
    "slow": "every=3: delay={tenths}",
    "the shop is down": "magento: status=503 body=html",
    "the ERP is down": "acumatica: status=503 body=html",
    "every write is refused": "magento writes: status=503",
    "everything at once": "every=5: status=503; every=6: cut=after; every=7: cut=before; every=8: delay=0.{seconds}; "
    "every=9: status=429 retry_after=1",
}
"""Spells by description, each as a plan of faults (docs/reference/faults.md)."""


class FaultSpells:
    """Begins and ends spells of faults; a spell and the pause after it last some seconds each."""

    def __init__(self, chance: random.Random, url: str, now: float) -> None:
        self.spells: Counter[str] = Counter()
        self.is_calm = True
        self._chance = chance
        self._url = url
        self._until = now + chance.uniform(2, 8)

    def update(self, now: float) -> None:
        """Begin or end a spell if it is time."""
        if now < self._until:
            return
        if not self.is_calm:
            self.calm()
            self._until = now + self._chance.uniform(5, 15)
            return
        name = self._chance.choice(list(SPELLS))
        seconds = self._chance.randint(1, 5)
        self._take(SPELLS[name].format(seconds=seconds, tenths=seconds / 2))
        self.spells[name] += 1
        self.is_calm = False
        self._until = now + self._chance.uniform(5, 15)

    def calm(self) -> None:
        """End all faults."""
        self._take("")
        self.is_calm = True

    def _take(self, plan: str) -> None:
        httpx.post(f"{self._url}/_sandbox/faults", content=plan, timeout=60).raise_for_status()
