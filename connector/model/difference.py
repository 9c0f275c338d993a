"""A place that is not as it must be, as a comparison of both systems finds it and as it is kept."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """One place that is not as it must be: what Acumatica says, what Magento shows, and why if that is known.

    `key` and `source` name the place as the queue does; `sku` is how people know the record. `cause`: a code to
    group by, that of a failure where its message failed.
    """

    key: str
    source: str
    sku: str
    acumatica: str
    magento: str
    why: str
    cause: str = ""
