"""Order numbers as people type them. The key of an order is its type and its number: `SO 000003`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TYPED = re.compile(r"(?P<type>[A-Za-z][A-Za-z0-9]?)?[ \-#/|]*(?P<number>\d+)")
_DIGITS = 6
"""Number of digits in Acumatica's own numbering. People leave out leading zeros: `3` is `000003`."""


def spellings(typed: str, types: Sequence[str]) -> list[str]:
    """Return the keys that may be meant: with the type that was typed, else with each of `types`. Text that is no such
    number is returned as typed and in upper case.
    """
    match = _TYPED.fullmatch(typed)
    if match is None or not (match["type"] or types):
        return list(dict.fromkeys([typed, typed.upper()]))
    chosen = [match["type"].upper()] if match["type"] else list(types)
    numbers = dict.fromkeys([match["number"], match["number"].zfill(_DIGITS)])
    return [f"{one} {number}" for one in chosen for number in numbers]
