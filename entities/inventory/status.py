"""The stock status of products that Magento sells below 0."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from connector.state.queue.desired import DesiredValue
from connector.state.sync import ledger
from connector.state.sync.ledger import LedgerRow
from entities.base import RunContext
from entities.inventory.current_values import sold_below_zero
from entities.inventory.rules import QuantityRule


async def keep_status_of_backorders(
    context: RunContext[QuantityRule], values: list[DesiredValue], confirmed: Collection[LedgerRow]
) -> list[DesiredValue]:
    """Return the values with products that Magento sells below 0 kept in stock at quantity 0 (spec, *Rules*,
    "Quantity").

    Magento is asked only about products that it shows in stock and whose quantity becomes 0. A product that it already
    shows in stock with 0 keeps its status without asking: without backorders Magento does not sell it anyway.
    """
    emptied = [want for want in values if want.value == 0 and want.in_stock is False]
    if not emptied:
        return values
    with context.state.read() as connection:
        current = ledger.of_records(connection, context.name, [], sorted({want.key for want in emptied}))
    current.update(((row.key, row.source), row) for row in confirmed)
    unchanged: set[tuple[str, str]] = set()
    asked: dict[str, list[tuple[str, str]]] = {}
    for want in emptied:
        target = (want.key, want.source)
        before = current.get(target)
        if before is not None and before.in_stock:
            if before.value == 0:
                unchanged.add(target)
            else:
                asked.setdefault(want.sku or want.key, []).append(target)
    for sku in await sold_below_zero(context, sorted(asked)):
        unchanged.update(asked[sku])
    return [
        msgspec.structs.replace(want, in_stock=True) if (want.key, want.source) in unchanged else want
        for want in values
    ]
