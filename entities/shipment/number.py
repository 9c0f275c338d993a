"""How people type the number of a shipment or of a receipt, whose key says so: `Receipt 000012`."""

from __future__ import annotations

import re

from connector.model.shipments import acumatica_key

_TYPED = re.compile(r"(?P<kind>receipt\s*)?(?P<number>.+)", re.IGNORECASE)
_DIGITS = 6
"""How many digits Acumatica's own numbering has, which people leave out: `12` is `000012`."""


def spellings(typed: str) -> list[str]:
    """Return the keys that may be meant: a shipment's and a receipt's, or a receipt's where that was typed."""
    found = _TYPED.fullmatch(typed)
    if found is None:
        return [typed]
    number = found["number"].upper()
    numbers = dict.fromkeys([number, number.zfill(_DIGITS) if number.isdigit() else number])
    kinds = ("receipt",) if found["kind"] else ("shipment", "receipt")
    return [acumatica_key(kind, one) for kind in kinds for one in numbers]
