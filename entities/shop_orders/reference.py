"""Which part of an order's reference field is Magento's order number.

A shop or the module that brought the order to Acumatica may write `#100000001` or `WEB-100000001` where Magento's
increment id is 100000001. The pattern is a regular expression with one group, which is the number; it has to fit the
whole field, so that no part of a customer's own number is taken for an order of the shop.
"""

from __future__ import annotations

import re
from functools import cache


def increment_id_of(reference: str | None, pattern: str = "") -> str | None:
    """Return Magento's increment id of a reference; None where the field is empty or does not fit the pattern.

    Without a pattern the whole field is the number.
    """
    text = (reference or "").strip()
    if not pattern:
        return text or None
    found = _compiled(pattern).fullmatch(text)
    number = None if found is None else found.group(1)
    return (number or "").strip() or None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
