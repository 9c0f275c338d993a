"""What Magento shows at this moment for one record: the part of `explain` that asks, on demand.

Comes in: an entity and a key as somebody types it. Goes out: lines of (what, said). Reads only. Raises a
`MagentoFault`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.composition import magento_access, order_rule
from connector.clock import Clock, SystemClock
from connector.magento import customers, orders, reads
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key
from connector.state.engine import State
from connector.state.queue import messages
from connector.state.sync import ledger, links, records
from connector.state.sync.links import Link
from entities.order.rules import number_in_magento
from settings import Settings

Line = tuple[str, str]
NOW = "Magento shows now"
_VALUES = ("price", "inventory")


@dataclass(frozen=True)
class _Known:
    """What the state database knows of the record: its SKUs, the document that Acumatica last said, its links."""

    typed: str
    skus: list[str]
    documents: list[dict[str, Any]]
    links: list[Link]


async def shown_now(
    settings: Settings, state: State, entity: str, typed: str, clock: Clock | None = None
) -> list[Line]:
    """What Magento shows now, or that it has nothing of the kind."""
    known = _known(state, entity, typed)
    async with MagentoClient(magento_access(settings), clock=clock or SystemClock()) as client:
        return await _ASK[entity](client, settings, known)


def _known(state: State, entity: str, typed: str) -> _Known:
    with state.read() as connection:
        keys = records.with_key(connection, entity, comparison_key(typed)) or [typed]
        stored = list(records.read(connection, entity, keys).values())
        told = messages.of_records(connection, entity, keys)
        confirmed = ledger.of_records(connection, entity, keys, [])
        linked = links.of_records(connection, entity, keys)
    of_items: list[Any] = [one.record.facts for one in stored if one.record.facts is not None]
    of_messages: list[Any] = [*told, *confirmed.values()]
    skus = [str(one.sku) for one in (*of_items, *of_messages) if one.sku]
    documents = [one.record.document for one in stored if one.record.document is not None]
    by_key = {comparison_key(sku): sku for sku in reversed(skus or [typed.strip()])}
    return _Known(typed, sorted(by_key.values()), documents, list(linked.values()))


async def _price(client: MagentoClient, settings: Settings, known: _Known) -> list[Line]:
    found = await reads.store_prices(client, known.skus)
    lines = [
        (NOW, f"{price.normalize():f} for {sku} in {'every store' if store == 0 else f'store {store}'}")
        for sku, by_store in found.items()
        for store, price in sorted(by_store.items())
    ]
    return [*lines, *await _without(client, [sku for sku in known.skus if sku not in found], "price")]


async def _inventory(client: MagentoClient, settings: Settings, known: _Known) -> list[Line]:
    lines: list[Line] = []
    shown: set[str] = set()
    if reads.has_msi(await reads.modules(client)):
        for item in sorted(await reads.source_items(client, known.skus), key=lambda one: (one.sku, one.source)):
            shown.add(comparison_key(item.sku))
            lines.append((f"{NOW} at {item.source}", f"{_stock(item.quantity, item.in_stock)} for {item.sku}"))
    else:
        for sku in known.skus:
            found = await reads.stock_item(client, sku)
            if found is not None:
                shown.add(comparison_key(sku))
                lines.append((NOW, f"{_stock(found.quantity, found.in_stock)} for {sku}"))
    attribute = settings.vendor_inventory.attribute if settings.vendor_inventory.include == "separate" else ""
    if attribute and await reads.has_attribute(client, attribute):
        values = await reads.attribute_values(client, known.skus, attribute)
        lines += [(f"{NOW} in attribute {attribute}", f"{value} for {sku}") for sku, value in values.items()]
    missing = [sku for sku in known.skus if comparison_key(sku) not in shown]
    return [*lines, *await _without(client, missing, "quantity")]


def _stock(quantity: Decimal, in_stock: bool) -> str:
    return f"{quantity.normalize():f}, {'in stock' if in_stock else 'out of stock'},"


async def _without(client: MagentoClient, skus: Sequence[str], what: str) -> list[Line]:
    """Products that show no value: that do not exist, or have none of their own."""
    if not skus:
        return []
    types = await reads.product_types(client, list(skus))
    return [
        (NOW, f"no {what} of the {types[sku]} product {sku}" if sku in types else f"no product with the SKU {sku}")
        for sku in skus
    ]


async def _customer(client: MagentoClient, settings: Settings, known: _Known) -> list[Line]:
    found = [await customers.customer(client, link.magento_id) for link in known.links]
    if not known.links:
        emails = {str(one.get("email") or "").strip() for one in known.documents} - {""}
        found = [await customers.with_email(client, one, settings.magento.website_id) for one in sorted(emails)]
    names = {number: name for name, number in (await customers.groups(client)).items()} if any(found) else {}
    lines = [line for one in found if one is not None for line in _account(one, names)]
    return lines or [(NOW, f"no customer of {known.typed}{_of(known.links)}")]


def _account(one: Mapping[str, Any], groups: Mapping[int, str]) -> Iterator[Line]:
    name = f"{one.get('firstname') or ''} {one.get('lastname') or ''}".strip()
    group = groups.get(int(one.get("group_id") or 0), str(one.get("group_id")))
    yield NOW, f"customer {one['id']}, {name}, {one['email']}, group {group}, website {one.get('website_id')}"
    for place in one.get("addresses") or []:
        uses = [use for use in ("default_billing", "default_shipping") if place.get(use)]
        region = (place.get("region") or {}).get("region_code") or ""
        street = [*(place.get("street") or []), place.get("postcode"), place.get("city"), region]
        where = ", ".join(str(part) for part in (*street, place.get("country_id")) if part)
        use = f" ({', '.join(uses)})".replace("_", " ") if uses else ""
        yield f"{NOW}, address", f"{where}{use}"


async def _order(client: MagentoClient, settings: Settings, known: _Known) -> list[Line]:
    ids = [link.magento_id for link in known.links]
    if not ids:
        rule = order_rule(settings)
        numbers = [number for one in known.documents if (number := number_in_magento(one, rule))]
        ids = [str(one.entity_id) for one in await orders.orders_with(client, numbers, known.typed)] if numbers else []
    lines = [line for one in ids for line in await _one_order(client, one)]
    return lines or [(NOW, f"no order of {known.typed}{_of(known.links)}")]


async def _one_order(client: MagentoClient, entity_id: str) -> list[Line]:
    if await orders.order(client, entity_id) is None:
        return []
    row = await client.get(f"orders/{entity_id}")
    state = f"state {row.get('state')}, status {row.get('status')}"
    total = f"{reads.number(row['grand_total']).normalize():f} {row.get('order_currency_code') or ''}".rstrip()
    said = f"order {row.get('increment_id')} (id {row.get('entity_id')}), {state}, {total}"
    return [
        (NOW, said),
        *[(f"{NOW}, item", _item(one)) for one in row.get("items") or [] if not one.get("parent_item_id")],
    ]


def _item(one: Mapping[str, Any]) -> str:
    counted = ("ordered", "invoiced", "shipped", "canceled", "refunded")
    amounts = {name: reads.number(one.get(f"qty_{name}") or 0) for name in counted}
    return f"{one.get('sku')}: " + ", ".join(f"{amount.normalize():f} {name}" for name, amount in amounts.items())


async def _shipment(client: MagentoClient, settings: Settings, known: _Known) -> list[Line]:
    lines: list[Line] = []
    for link in known.links:
        async for row in reads.pages(
            client, "shipments", next(iter(reads.criteria_of("entity_id", [link.magento_id])))
        ):
            source = (row.get("extension_attributes") or {}).get("source_code") or "no source"
            tracks = ", ".join(str(one.get("track_number")) for one in row.get("tracks") or []) or "no track"
            what = f"shipment {row.get('increment_id')} of the order with id {row.get('order_id')}, {source}, {tracks}"
            lines.append((NOW, what))
            lines += [
                (f"{NOW}, item", f"{one.get('sku')}: {reads.number(one['qty']).normalize():f}")
                for one in row.get("items") or []
            ]
    return lines or [(NOW, f"no shipment of {known.typed}{_of(known.links)}")]


def _of(known: Sequence[Link]) -> str:
    if not known:
        return " is known to the connector: it has no link"
    return f": the linked {', '.join(one.magento_id for one in known)} is not there any more"


_ASK: dict[str, Callable[[MagentoClient, Settings, _Known], Coroutine[Any, Any, list[Line]]]] = {
    "price": _price,
    "inventory": _inventory,
    "customer": _customer,
    "order": _order,
    "shipment": _shipment,
}
