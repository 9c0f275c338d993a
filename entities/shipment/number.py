"""Numbers of shipments and receipts as people type them. A receipt's key contains the word: `Receipt 000012`."""

from __future__ import annotations

import re

from connector.model.shipments import acumatica_key

_TYPED = re.compile(r"(?P<kind>receipt\s*)?(?P<number>.+)", re.IGNORECASE)
_DIGITS = 6
"""Number of digits in Acumatica's own numbering. People leave out leading zeros: `12` is `000012`."""


def spellings(typed: str) -> list[str]:
    """Return the keys that may be meant: a shipment's and a receipt's, or only a receipt's if the word was typed."""
    match = _TYPED.fullmatch(typed)
    if match is None:
        return [typed]
    number = match["number"].upper()
    numbers = dict.fromkeys([number, number.zfill(_DIGITS) if number.isdigit() else number])
    kinds = ("receipt",) if match["kind"] else ("shipment", "receipt")
    return [acumatica_key(kind, number) for kind in kinds for number in numbers]
