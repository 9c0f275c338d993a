"""Applies what a change of documents means: the stock's figures move, the orders' statuses follow, stamps are set.

The stock is stamped with the sandbox's moment, whatever moment the document is given: it is now that it moves.
An order's own stamp moves when its own record changes (an edit through the order form, or a status that follows its
shipments), not when only a shipment's package or tracking number does.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sandbox.acumatica.demand import Figures, footprint
from sandbox.acumatica.document_types import Order
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.sums import settled_status
from sandbox.acumatica.values import stamped


@contextmanager
def moving(documents: Documents, orders: Iterable[Order], moment: datetime, *, settle: bool = True) -> Iterator[None]:
    """Take the orders that a change touches; when it is done, move stock and statuses by what it made different.

    A change that raises has moved nothing, so it must refuse before it alters a record.
    """
    touched = list(dict.fromkeys(orders))
    before = _total(touched)
    yield
    for order in touched if settle else ():
        status = settled_status(order)
        if status != order.status:
            order.status, order.modified = status, moment
    after = _total(touched)
    now = stamped(documents.state.now())
    for key in before.keys() | after.keys():
        _move(documents, key, after[key] - before[key], now)
    documents.state.changed()


def _total(orders: Iterable[Order]) -> Figures:
    total = Figures()
    for order in orders:
        total.update(footprint(order))
    return total


def _move(documents: Documents, key: tuple[str, str, str], difference: int, moment: datetime) -> None:
    inventory_id, site, figure = key
    item = documents.state.item(inventory_id)
    if item is None or not difference:
        return
    row = documents.state.stock_row(item, site)
    for name in ("on_hand", "free", "hard") if figure == "on_hand" else (figure,):
        setattr(row, name, getattr(row, name) + difference)
    row.modified = moment
