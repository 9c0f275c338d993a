"""Values against what Magento has confirmed at their places, column by column or place by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress, repeat
from operator import attrgetter, ne
from typing import Any

from connector.state.queue.desired import PLACE_OF, DesiredValue, Place
from connector.state.sync.ledger import Confirmed


def in_order_of(
    wanted: Sequence[DesiredValue], names: Mapping[str, Sequence[Any]], columns: Sequence[Sequence[Any]]
) -> list[Sequence[Any]] | None:
    """Return `columns`, reordered so that each row stands at the place of its value; `None` unless values and rows
    match one to one.

    names: the columns that must equal a field of the value, by the name of that field; `acumatica_key` and `source` are
    among them. columns: further columns of the same rows.
    """
    own = [list(map(attrgetter(name), wanted)) for name in names]
    theirs = [list(column) for column in names.values()]
    if own == theirs:
        return list(columns)
    if len(wanted) != len(theirs[0]):
        return None
    of_values = _order([want.acumatica_key for want in wanted], [want.source for want in wanted])
    row_of = dict(zip(of_values, _order(names["acumatica_key"], names["source"]), strict=True))
    at = [row_of[number] for number in range(len(wanted))]
    if own != [[column[number] for number in at] for column in theirs]:
        return None
    return [[column[number] for number in at] for column in columns]


def _order(acumatica_keys: Sequence[str], sources: Sequence[str]) -> list[int]:
    pairs = list(zip(acumatica_keys, sources, strict=True))
    return sorted(range(len(pairs)), key=pairs.__getitem__)


def differ(
    wanted: Sequence[DesiredValue], confirmed: Sequence[int | None], in_stock: Sequence[bool | int | None]
) -> list[bool]:
    """Return for each value whether it differs from what Magento confirmed. Stock statuses are compared only where both
    are known.
    """
    differs = list(map(ne, map(attrgetter("value"), wanted), confirmed))
    if in_stock.count(None) < len(in_stock):
        for at, (want, known) in enumerate(zip(wanted, in_stock, strict=True)):
            if known is not None and want.in_stock is not None and want.in_stock != known:
                differs[at] = True
    return differs


def not_shown(wanted: Sequence[DesiredValue], shown: Mapping[Place, Confirmed]) -> list[DesiredValue]:
    """Return the values that differ from what Magento confirmed at their places."""
    if not wanted:
        return []
    values, in_stock = zip(*map(shown.get, map(PLACE_OF, wanted), repeat((None, None))), strict=True)
    return list(compress(wanted, differ(wanted, values, in_stock)))
