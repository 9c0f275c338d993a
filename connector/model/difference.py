"""A place that does not show what it must, as a comparison of both systems reports and stores it."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """One place that does not show what it must: Acumatica's value, Magento's value, and the reason if it is known.

    `key` and `source` identify the place as in the queue; `sku` identifies the record for people. `cause`: a code to
    group by, which is the failure code if the place's message failed.
    """

    key: str
    source: str
    sku: str
    acumatica: str
    magento: str
    why: str
    cause: str = ""
