"""Apply the consequences of a change of documents: the stock's figures, the orders' statuses, and timestamps.

The stock is stamped with the sandbox's time, whatever time the document gets, because the stock moves now. An order's
timestamp changes when its own record changes (an edit on the order form, or a status that follows its shipments), but
not when only a package or tracking number of a shipment does.
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
    """Update stock and statuses after a change to these orders, by the difference that it made.

    A change that raises moves nothing, so it must refuse before it alters a record.
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
