"""Make sure that the source of a shipment holds what the shipment takes: a smaller quantity is raised to exactly that.

Inventory is asked to recheck the source's quantity before it is raised, in a separate transaction, and again after it
was raised. So whatever happens between the raise and the shipment, the next inventory sync reads the quantity again and
sends the figure of its rule (spec, *Rules of the field*, "Before a shipment is made").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from connector import failpoints
from connector.magento import queries
from connector.magento import shipments as magento
from connector.magento.client import MagentoClient
from connector.magento.errors import NoAnswer, TemporaryFault
from connector.model.comparison import comparison_key
from connector.state.sync import ledger
from entities.base import RunContext
from entities.documents.document import LATE_WRITE
from entities.shipment.types import ShipmentRule
from entities.sources import source_key


def ledger_keys(amounts: Mapping[str, Decimal], source: str) -> tuple[tuple[str, str], ...]:
    """Return the places where a shipment changes quantities: each SKU as Magento compares it, at the source."""
    return tuple(sorted({(comparison_key(sku), source_key(source)) for sku in amounts}))


async def short_of(client: MagentoClient, source: str, needed: Mapping[str, Decimal]) -> list[tuple[str, Decimal]]:
    """Return the SKUs of which the source has less than the shipment takes, with the quantity that the
    shipment takes.
    """
    quantities = {
        comparison_key(one.sku): one.quantity
        for one in await queries.source_items(client, sorted(needed))
        if source_key(one.source) == source_key(source)
    }
    return [
        (sku, amount) for sku, amount in needed.items() if quantities.get(comparison_key(sku), Decimal(-1)) < amount
    ]


async def make_sufficient(
    context: RunContext[ShipmentRule], client: MagentoClient, source: str, needed: Mapping[str, Decimal]
) -> None:
    """Raise the source to exactly what the shipment takes if it has less. Inventory corrects it afterwards."""
    short = await short_of(client, source, needed)
    if not short:
        return
    _recheck(context, source, short, timedelta(0))
    failpoints.hit("doubted")
    try:
        await magento.raise_sources(client, source, short)
    except NoAnswer as lost:
        _recheck(context, source, short, LATE_WRITE)
        raise TemporaryFault(f"Raising the source {source} was not answered: {lost}") from lost
    _recheck(
        context, source, short, timedelta(0)
    )  # the first recheck may be settled by a sync that read the quantity before the raise
    failpoints.hit("raised")


def _recheck(
    context: RunContext[ShipmentRule], source: str, short: Iterable[tuple[str, Decimal]], later: timedelta
) -> None:
    with context.state.write() as connection:
        ledger.schedule_rechecks(
            connection, "inventory", list(ledger_keys(dict(short), source)), context.clock.now() + later
        )
