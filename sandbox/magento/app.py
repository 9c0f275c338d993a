"""The whole shop: one Starlette application over the records of one Magento, with the sandbox's own paths.

An area is a module with `ROUTES`. It may also have `CHANGES`, which a test may make by name, and `view`, which returns
its part of the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.routing import Route as WebRoute

from sandbox.catalogue import Product
from sandbox.magento import (
    base_prices,
    bulk,
    carts,
    compensations,
    creditmemos,
    customer_attributes,
    customer_groups,
    customers,
    directory,
    documents,
    invoices,
    order_actions,
    order_items,
    orders,
    product_attributes,
    product_options,
    products,
    salable,
    shipment_parts,
    shipments,
    source_items,
    sources,
    special_prices,
    stock_items,
    stores,
    tier_prices,
)
from sandbox.magento.changes import CHANGES
from sandbox.magento.control import Control
from sandbox.magento.gate import Gate
from sandbox.magento.journal import Entry, Journal
from sandbox.magento.routes import Router
from sandbox.magento.settings import Settings
from sandbox.magento.state import SOURCES, Shop

AREAS: tuple[Any, ...] = (
    stores,
    product_attributes,
    products,
    product_options,
    base_prices,
    special_prices,
    tier_prices,
    customer_groups,
    sources,
    source_items,
    stock_items,
    salable,
    bulk,
    customers,
    customer_attributes,
    directory,
    orders,
    order_actions,
    order_items,
    shipments,
    shipment_parts,
    invoices,
    creditmemos,
    carts,
    documents,
    compensations,
)


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def create_app(
    products: Iterable[Product],
    *,
    clock: Callable[[], datetime] = utc_now,
    sources: Sequence[str] = SOURCES,
    default_apart: bool = False,
    currency: str = "USD",
    timezone: str = "UTC",
    **settings: Any,
) -> Starlette:
    """Return the shop with the products of this catalogue and these traits.

    `sources` are the existing inventory sources. With `default_apart` the source `default` is only in Default Stock, as
    in a real Magento. `currency` is the base currency, `timezone` the shop's. Every name of `Settings` is a trait too
    (`bearer=False`, `msi=False`, `array_limit=20`, `latency="measured"` …).
    """
    switches = Settings()
    for name, value in settings.items():
        switches.put(name, value)
    place: dict[str, Any] = {"sources": sources, "default_apart": default_apart}
    shop = Shop(products, clock, switches, **place, currency=currency, timezone=timezone)
    router = Router(route for area in AREAS for route in area.ROUTES)
    journal = Journal(router)
    changes = {name: make for area in AREAS for name, make in getattr(area, "CHANGES", {}).items()}
    views = [area.view for area in AREAS if hasattr(area, "view")]
    control = Control(shop, journal, {**CHANGES, **changes}, views)
    app = Starlette(
        routes=[
            WebRoute("/_sandbox/change", control.change, methods=["POST"]),
            WebRoute("/_sandbox/state", control.state),
            WebRoute("/_sandbox/journal", control.journal),
        ]
    )
    app.router.default = Gate(shop, router, journal)  # a catch-all route does not match a path with a line break

    def note_fault(method: str, path: str, body: bytes, status: int | None) -> None:
        entry = Entry(shop.now(), method, path, quote(path), "", body)
        entry.status = status or 0
        journal.entries.append(entry)

    app.state.note_fault = note_fault
    app.state.change = control.make
    return app
