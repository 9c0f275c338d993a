"""How people type the number of an order, whose key is its type and its number: `SO 000003`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TYPED = re.compile(r"(?P<type>[A-Za-z][A-Za-z0-9]?)?[ \-#/|]*(?P<number>\d+)")
_DIGITS = 6
"""How many digits Acumatica's own numbering has, which people leave out: `3` is `000003`."""


def spellings(typed: str, types: Sequence[str]) -> list[str]:
    """Return the keys that may be meant: with the type that was typed, else with each of `types`; and as it stands."""
    found = _TYPED.fullmatch(typed)
    if found is None or not (found["type"] or types):
        return list(dict.fromkeys([typed, typed.upper()]))
    chosen = [found["type"].upper()] if found["type"] else list(types)
    numbers = dict.fromkeys([found["number"], found["number"].zfill(_DIGITS)])
    return [f"{one} {number}" for one in chosen for number in numbers]
