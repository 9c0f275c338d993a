"""One chunk of what was pulled from Acumatica: what the pull stage hands to the compute stage."""

from __future__ import annotations

from collections.abc import Sequence, Set

import msgspec

from connector.state.queue.desired import Seen
from connector.state.sync.records import Stored
from connector.state.sync.watermarks import Watermark
from entities.shown import Shown


class Pulled(msgspec.Struct):
    """One chunk: records whose value is to be computed again, records that only have to be stored, and the cursors.

    `problems` are (Acumatica key, reason) of records that could not be read. `missing` are the keys of such records
    that Acumatica does not have, or no longer: what was failed of them is overtaken. `shown`: Magento is asked what it
    shows of all of them, whatever it confirmed before, and was asked so much already; none where it is not.
    """

    to_compute: dict[str, Stored]
    to_keep: dict[str, Stored]
    seen: list[Seen]
    marks: dict[str, Watermark]
    problems: list[tuple[str, str]]
    missing: list[str] = []
    shown: Shown | None = None

    @staticmethod
    def nothing(shown: Shown | None = None) -> Pulled:
        """Return a chunk with nothing in it."""
        return Pulled({}, {}, [], {}, [], shown=shown)

    def keys(self) -> set[str]:
        """Return the keys of the records that it changes."""
        return {*self.to_compute, *self.to_keep, *(key for seen in self.seen for key in seen.acumatica_keys)}

    def size(self) -> int:
        """Return how many records the chunk holds."""
        return len(self.to_compute) + len(self.to_keep) + sum(len(seen.acumatica_keys) for seen in self.seen)

    def is_idle(self) -> bool:
        """Return whether it holds watermarks at most."""
        return not (self.to_compute or self.to_keep or self.seen or self.problems or self.missing)

    def find(self, key: str) -> Stored | None:
        """Return the record as this chunk has it."""
        return self.to_compute.get(key) or self.to_keep.get(key)

    def earlier(self, keys: Set[str]) -> dict[str, Stored]:
        """Return those of the records that this chunk has already."""
        return {key: of[key] for of in (self.to_keep, self.to_compute) for key in keys & of.keys()}

    def compute(self, stored: Sequence[Stored]) -> None:
        """Put records in that are to be computed."""
        if self.to_keep:
            for one in stored:
                self.to_keep.pop(one.acumatica_key, None)
        self.to_compute.update((one.acumatica_key, one) for one in stored)

    def add(self, stored: Stored, *, compute: bool) -> None:
        """Put a record in, once; it is computed if it was ever asked for."""
        key = stored.acumatica_key
        if compute or key in self.to_compute:
            if self.to_keep:
                self.to_keep.pop(key, None)
            self.to_compute[key] = stored
        else:
            self.to_keep[key] = stored
