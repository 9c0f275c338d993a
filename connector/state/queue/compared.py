"""Compare desired values with the confirmed values of their places, by column or by place."""

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
    """Return `columns` in the order of the values; `None` unless values and rows match one to one.

    names: columns that must equal a field of the values, by field name; includes `acumatica_key` and `source`. columns:
    further columns of the same rows.
    """
    of_wanted = [list(map(attrgetter(name), wanted)) for name in names]
    of_rows = [list(column) for column in names.values()]
    if of_wanted == of_rows:
        return list(columns)
    if len(wanted) != len(of_rows[0]):
        return None
    order_of_wanted = _order([want.acumatica_key for want in wanted], [want.source for want in wanted])
    row_of = dict(zip(order_of_wanted, _order(names["acumatica_key"], names["source"]), strict=True))
    order = [row_of[index] for index in range(len(wanted))]
    if of_wanted != [[column[row] for row in order] for column in of_rows]:
        return None
    return [[column[row] for row in order] for column in columns]


def _order(acumatica_keys: Sequence[str], sources: Sequence[str]) -> list[int]:
    pairs = list(zip(acumatica_keys, sources, strict=True))
    return sorted(range(len(pairs)), key=pairs.__getitem__)


def differ(
    wanted: Sequence[DesiredValue], confirmed: Sequence[int | None], in_stock: Sequence[bool | int | None]
) -> list[bool]:
    """Return for each value whether it differs from the confirmed one; stock statuses count if both are known."""
    differs = list(map(ne, map(attrgetter("value"), wanted), confirmed))
    if in_stock.count(None) < len(in_stock):
        for index, (want, known) in enumerate(zip(wanted, in_stock, strict=True)):
            if known is not None and want.in_stock is not None and want.in_stock != known:
                differs[index] = True
    return differs


def not_shown(wanted: Sequence[DesiredValue], shown: Mapping[Place, Confirmed]) -> list[DesiredValue]:
    """Return the values that differ from the confirmed ones of their places."""
    if not wanted:
        return []
    values, in_stock = zip(*map(shown.get, map(PLACE_OF, wanted), repeat((None, None))), strict=True)
    return list(compress(wanted, differ(wanted, values, in_stock)))
