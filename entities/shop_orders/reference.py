"""Extract Magento's order number from an order's reference field.

A shop, or the module that brought the order to Acumatica, may write `#100000001` or `WEB-100000001` for Magento's
increment id 100000001. The pattern is a regular expression with one group, which is the number. It must match the whole
field, so that no part of a customer's own number is taken for an order of the shop.
"""

from __future__ import annotations

import re
from functools import cache


def increment_id_of(reference: str | None, pattern: str = "") -> str | None:
    """Return Magento's increment id from a reference; None if the field is empty or does not match the pattern.

    Without a pattern the whole field is the number.
    """
    text = (reference or "").strip()
    if not pattern:
        return text or None
    match = _compiled(pattern).fullmatch(text)
    number = None if match is None else match.group(1)
    return (number or "").strip() or None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
