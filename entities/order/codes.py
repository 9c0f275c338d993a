"""Acumatica's codes, which it compares without regard to letter case and padding blanks."""

from __future__ import annotations

from collections.abc import Mapping


def entry_of(entries: Mapping[str, str], code: str) -> str | None:
    """Return the entry for a code in a map that a person typed, in any letter case. An entry with the same spelling
    goes first.
    """
    if code in entries:
        return entries[code]
    wanted = code.strip().casefold()
    return next((entry for name, entry in entries.items() if name.strip().casefold() == wanted), None)
