"""Chunks that change only values: every place belongs to the same record as before, and nothing waits there.

Nearly all chunks are like this: a price list or a stock count with new figures for items that were sent before. They
are compared and queued column by column, in a third of the time of a decision for each value.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from typing import Any, NamedTuple

from connector.state.queue.changes import Changes
from connector.state.queue.compared import differ, in_order_of
from connector.state.queue.desired import DesiredValue


class Kept(NamedTuple):
    """Targets column by column; is_open: whether something waits, failed or was left out there."""

    ids: Sequence[int]
    keys: Sequence[str]
    sources: Sequence[str]
    acumatica_keys: Sequence[str]
    skus: Sequence[str | None]
    confirmed: Sequence[int | None]
    in_stock: Sequence[Any]
    is_open: Sequence[Any]


def queue_plainly(wanted: Sequence[DesiredValue], kept: Kept, sending: Collection[int], changes: Changes) -> bool:
    """Queue the values that differ from what Magento confirmed and return `True`; return `False`, and change nothing,
    where the chunk needs a decision for each value.

    kept: all targets of the chunk's records. sending: the targets in open requests.
    """
    if len(wanted) != len(kept.ids) or any(kept.is_open) or not set(sending).isdisjoint(kept.ids):
        return False
    if any(want.cause is not None or want.document is not None or want.value is None for want in wanted):
        return False
    names = {"acumatica_key": kept.acumatica_keys, "source": kept.sources, "key": kept.keys, "sku": kept.skus}
    aligned = in_order_of(wanted, names, (kept.ids, kept.confirmed, kept.in_stock))
    if aligned is None:
        return False
    ids, confirmed, in_stock = aligned
    differs = differ(wanted, confirmed, in_stock)
    changes.queue_closed(list(compress(wanted, differs)), list(compress(ids, differs)))
    return True
