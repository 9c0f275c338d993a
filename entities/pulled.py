"""One chunk of what was pulled from Acumatica, which the pull stage passes to the compute stage."""

from __future__ import annotations

from collections.abc import Set

import msgspec

from connector.state.queue.desired import Seen
from connector.state.sync.records import Stored
from connector.state.sync.watermarks import Watermark
from entities.shown import Shown


class Pulled(msgspec.Struct):
    """One chunk: records whose value is to be computed again, records that only have to be stored, and the cursors.

    `problems`: (Acumatica key, reason) of records that could not be read. `missing`: keys of such records that
    Acumatica does not have, or no longer has; their failed messages are superseded. `shown`: Magento's values of all of
    the chunk's records, regardless of what it confirmed before, as far as they have been requested; None if they are
    not to be read.
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
        """Return an empty chunk."""
        return Pulled({}, {}, [], {}, [], shown=shown)

    def keys(self) -> set[str]:
        """Return the keys of the records that the chunk changes."""
        return {*self.to_compute, *self.to_keep, *(key for seen in self.seen for key in seen.acumatica_keys)}

    def size(self) -> int:
        """Return the number of records in the chunk."""
        return len(self.to_compute) + len(self.to_keep) + sum(len(seen.acumatica_keys) for seen in self.seen)

    def is_idle(self) -> bool:
        """Return whether the chunk contains nothing but watermarks."""
        return not (self.to_compute or self.to_keep or self.seen or self.problems or self.missing)

    def find(self, key: str) -> Stored | None:
        """Return the record as this chunk has it."""
        return self.to_compute.get(key) or self.to_keep.get(key)

    def earlier(self, keys: Set[str]) -> dict[str, Stored]:
        """Return the records with these keys that the chunk already has."""
        return {key: part[key] for part in (self.to_keep, self.to_compute) for key in keys & part.keys()}

    def compute(self, stored: dict[str, Stored]) -> None:
        """Add records that are to be computed."""
        for key in self.to_keep.keys() & stored.keys():
            del self.to_keep[key]
        self.to_compute.update(stored)

    def add(self, stored: Stored, *, compute: bool) -> None:
        """Add a record, once. It is computed if that was requested at least once."""
        key = stored.acumatica_key
        if compute or key in self.to_compute:
            if self.to_keep:
                self.to_keep.pop(key, None)
            self.to_compute[key] = stored
        else:
            self.to_keep[key] = stored
