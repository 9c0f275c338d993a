"""Codes of Acumatica, which it compares without regard to letter case and the blanks that pad them."""

from __future__ import annotations

from collections.abc import Mapping


def entry_of(entries: Mapping[str, str], code: str) -> str | None:
    """Return the entry of a code in a map that somebody typed, in whatever letter case; spelled alike goes first."""
    if code in entries:
        return entries[code]
    wanted = code.strip().casefold()
    return next((entry for name, entry in entries.items() if name.strip().casefold() == wanted), None)
