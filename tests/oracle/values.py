"""What Magento must show of prices and quantities, computed from what Acumatica holds, one item after the other.

Input: both systems' plain views (`GET /_sandbox/state`) and the settings. Output: what is wrong, in words. It asks
`oracle.naive` and knows neither `entities` nor `a2m.compare`. Source: spec, *Rules of the field*, "Which items",
"Price", "Quantity"; docs/adr/0007.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from oracle import salable
from oracle.naive import Row, Thing, price, quantities

from settings import Settings

State = Mapping[str, Any]
Place = tuple[str, str]
"""A SKU and a source; the source of a price is empty."""


def things(site: State, settings: Settings) -> dict[str, Thing]:
    """Return the items of Acumatica with their stock and prices."""
    figure = settings.inventory.quantity
    found = {key: _thing(key, item) for key, item in site["items"].items()}
    for row in site["quantities"]:
        if row["inventory_id"] in found:
            found[row["inventory_id"]].shelves[row["warehouse"]] = Decimal(row[figure])
    for row in site["vendor_quantities"]:
        if row["inventory_id"] in found:
            found[row["inventory_id"]].vendor[row["warehouse"]] = Decimal(row["quantity"])
    for row in site["sales_prices"]:
        if row["inventory_id"] in found:
            found[row["inventory_id"]].prices.append(_price_row(row))
    return found


def _thing(key: str, item: State) -> Thing:
    return Thing(
        key,
        status=item["status"],
        item_class=item["item_class"],
        exported=item["exported"],
        base_uom=item["base_uom"],
        sales_uom=item["sales_uom"],
        default_price=Decimal(item["default_price"]),
    )


def _price_row(row: State) -> Row:
    kinds = {"Base": "base", "Customer": "customer", "Customer Price Class": "customer_price_class"}
    return Row(
        row["record_id"],
        Decimal(row["price"]),
        price_type=kinds[row["price_type"]],
        price_code=row["price_code"],
        uom=row["uom"],
        warehouse=row["warehouse"] or "",
        promotion=row["promotion"],
        break_quantity=Decimal(row["break_quantity"]),
        currency=row["currency"],
        effective=date.fromisoformat(row["effective"]) if row["effective"] else None,
        expiration=date.fromisoformat(row["expiration"]) if row["expiration"] else None,
    )


def is_published(thing: Thing, settings: Settings) -> bool:
    """Return whether the item goes to Magento."""
    chosen = settings.items
    of_class = not chosen.classes or thing.item_class in chosen.classes
    return thing.status in chosen.statuses and of_class and (thing.exported or not chosen.exported_only)


def wanted_prices(site: State, settings: Settings, today: date) -> dict[Place, Decimal]:
    """Return the price that Magento must show for each item that has one."""
    chosen = settings.price
    found = {}
    for key, thing in things(site, settings).items():
        current = price(
            thing,
            today,
            by_list=chosen.source == "sales_price",
            price_class=chosen.price_class,
            currency=chosen.currency,
            decimals=chosen.rounding,
            only_listed=chosen.without_sales_price == "leave",
        )
        if is_published(thing, settings) and current is not None and (current > 0 or chosen.allow_zero):
            found[key, ""] = current
    return found


def wanted_quantities(
    site: State, settings: Settings, added: Mapping[Place, Decimal] | None = None
) -> dict[Place, Decimal]:
    """The rule's figure of each item at each source, before compensations; 0 where it no longer goes to Magento.

    `added`: by SKU and warehouse, what is added back for open orders of the shop.
    """
    sources, of_vendors = _sources(settings)
    found = {}
    for key, thing in things(site, settings).items():
        for warehouse in thing.shelves:
            thing.shelves[warehouse] += (added or {}).get((key, warehouse), Decimal(0))
        current = quantities(
            thing,
            sources,
            vendor_sources=of_vendors,
            vendor_source=folded(settings.vendor_inventory.source) or None,
            safety=settings.inventory.safety,
            decimals=settings.inventory.decimals,
        )
        for source, quantity in current.items():
            found[key, source] = quantity if is_published(thing, settings) else Decimal(0)
    return found


def folded(source: str) -> str:
    """Return a source code in the form by which Magento distinguishes codes."""
    return source.strip().casefold()


def _sources(settings: Settings) -> tuple[dict[str, str], frozenset[str]]:
    """Return the source of each warehouse, and the sources to which the vendor quantity is added."""
    chosen, adds = settings.inventory, settings.vendor_inventory.include == "sum"
    if chosen.definition == "branch_wise":
        rows = chosen.branches
        sources = {warehouse: folded(row.source) for row in rows for warehouse in row.warehouses}
        return sources, frozenset(folded(row.source) for row in rows if adds and row.include_vendor_inventory)
    named = chosen.warehouses or chosen.sources
    sources = {one: folded(chosen.sources.get(one, chosen.default_source)) for one in named}
    everything = set(sources.values()) if len(set(sources.values())) == 1 else {folded(chosen.default_source)}
    return sources, frozenset(everything if adds else ())


def wrong_prices(site: State, shop: State, settings: Settings, today: date, excused: frozenset[str]) -> Iterator[str]:
    """Yield each price that Magento does not show as it must."""
    for (key, _source), wanted in wanted_prices(site, settings, today).items():
        current = shop["prices"].get(key)
        if key not in excused and (current is None or Decimal(current) != wanted):
            yield f"the price of {key} is {current}, not {wanted}"


def wrong_quantities(site: State, shop: State, settings: Settings, excused: frozenset[str]) -> Iterator[str]:
    """Every quantity that Magento does not show as it must.

    What left the shop for orders that we made there was never reserved: by so much the sources show less, in sum.
    """
    wanted = wanted_quantities(site, settings, salable.added_back(site, shop, settings))
    yield from salable.wrong_salable(site, shop, settings, wanted, excused)
    rows = {(row["sku"], folded(row["source_code"])): Decimal(row["quantity"]) for row in shop["source_items"]}
    taken = _never_reserved(site, shop)
    for place, figure in wanted.items():
        current = rows.get(place)
        if place[0] in excused or place[0] in taken or (figure == 0 and current is None):
            continue
        if current != figure:
            yield f"the quantity of {place[0]} at {place[1]} is {current}, not {figure}"
    for place, current in rows.items():
        if place not in wanted and place[0] not in excused and current != 0:
            yield f"the quantity of {place[0]} at {place[1]} is {current}, and nothing says so"
    for key in taken.keys() - excused:
        places = [place for place in wanted if place[0] == key]
        figure = max(Decimal(0), sum((wanted[place] for place in places), Decimal(0)) - taken[key])
        current = sum((rows.get(place, Decimal(0)) for place in places), Decimal(0))
        if places and current != figure:
            yield f"all quantities of {key} are {current}, not {figure}: {taken[key]} left without a reservation"


def _never_reserved(site: State, shop: State) -> dict[str, Decimal]:
    numbers = {f"{one['order_type']}-{one['order_nbr']}" for one in site["orders"]}
    ours = {one["entity_id"] for one in shop["orders"] if one["increment_id"] in numbers}
    taken: dict[str, Decimal] = {}
    for shipment in shop["shipments"]:
        for item in shipment["items"] if shipment["order_id"] in ours else ():
            taken[item["sku"]] = taken.get(item["sku"], Decimal(0)) + Decimal(item["qty"])
    return taken
