"""Test Connection: both systems, from the settings."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

from connector.acumatica.errors import AcumaticaFault
from connector.acumatica.session import AcumaticaSession, acumatica_session
from connector.clock import Clock, SystemClock
from connector.magento.auth import Bearer
from connector.magento.client import MagentoClient
from connector.queue.engine import State
from connector.queue.licence import SharedLicence
from flows.keep_lease import LONG_PATIENCE, somebody
from flows.wiring import (
    acumatica_access,
    customer_rule,
    magento_access,
    order_rule,
    price_rule,
    read_rule,
    shipment_rule,
    source_of_warehouse,
)
from settings import Settings
from settings.items import STATUSES
from tasks.check import (
    ACUMATICA_ANSWERS,
    BESIDE_OAUTH,
    CLOCK_OF_MAGENTO,
    Asked,
    Check,
    Named,
    acumatica_currency,
    ask_each,
    attempt,
    check_acumatica,
    check_bearer_token,
    check_magento,
)
from tasks.check_bulks import consumer
from tasks.check_customers import customers_in_acumatica, customers_in_magento
from tasks.check_orders import maps_of_orders, orders_in_acumatica, orders_in_magento
from tasks.check_prices import prices_in_acumatica
from tasks.check_shipments import drop_shipments, shipments_in_acumatica, shipments_in_magento
from tasks.check_state import check_private


async def check_connection(
    settings: Settings, state: State, clock: Clock | None = None, *, waits: Callable[[str], object] = lambda _said: None
) -> AsyncIterator[Check]:
    """Every check of both systems, one after the other. `waits` is told what is waited for."""
    clock = clock or SystemClock()
    yield check_private(state.opened)
    access = acumatica_access(settings)
    chosen = settings.acumatica
    licence = SharedLicence(
        state,
        clock,
        access.host,
        chosen.sessions,
        chosen.requests_per_minute,
        by_hand=True,
        holder=f"Test Connection: {somebody()}",
        said=waits,
    )
    currency = settings.price.currency
    async with acumatica_session(access, licence=licence, clock=clock, patience=LONG_PATIENCE) as session:
        lets_in = False
        async for check in check_acumatica(session, _named(settings, currency)):
            lets_in |= (check.what, check.result) == (ACUMATICA_ANSWERS, "passed")
            yield check
        unasked = "" if lets_in else "Acumatica does not let us in"
        async for check in ask_each(_named_in_acumatica(settings, session), unasked=unasked):
            yield check
        if lets_in and not currency:
            try:
                currency = await acumatica_currency(session)
            except AcumaticaFault as fault:
                yield Check("Acumatica's currency", "could not be checked", str(fault))
    async with MagentoClient(magento_access(settings), clock=clock) as client:
        lets_in = False
        async for check in check_magento(client, _named(settings, currency)):
            lets_in |= check.result == "passed" and check.what != CLOCK_OF_MAGENTO
            yield check
        unasked = "" if lets_in else "Magento does not let us in"
        async for check in ask_each(_named_in_magento(settings, client, clock), unasked=unasked):
            yield check
    token = settings.magento.bearer_token
    if lets_in and settings.magento.consumer_key and token:
        alone = replace(magento_access(settings), auth=Bearer(token.get_secret_value()))
        async with MagentoClient(alone, clock=clock) as client:
            yield await attempt(BESIDE_OAUTH, partial(check_bearer_token, client))
    for check in maps_of_orders(order_rule(settings), settings.order.reference_test):
        yield check
    if settings.active.shipment:
        yield drop_shipments(shipment_rule(settings))


def _named_in_acumatica(settings: Settings, session: AcumaticaSession) -> list[Asked]:
    asked = [
        *prices_in_acumatica(session, price_rule(settings), settings.acumatica.price_read),
        *customers_in_acumatica(session, customer_rule(settings)),
        *orders_in_acumatica(session, order_rule(settings)),
    ]
    return [*asked, *shipments_in_acumatica(session, shipment_rule(settings))] if settings.active.shipment else asked


def _named_in_magento(settings: Settings, client: MagentoClient, clock: Clock) -> list[Asked]:
    by_bulk = settings.queue.price_transport == "async_bulk" and settings.active.price
    asked = [
        *([consumer(client, clock)] if by_bulk else []),
        *customers_in_magento(client, customer_rule(settings)),
        *orders_in_magento(client, order_rule(settings)),
    ]
    return [*asked, *shipments_in_magento(client, shipment_rule(settings))] if settings.active.shipment else asked


def _named(settings: Settings, currency: str) -> Named:
    vendor = settings.vendor_inventory
    own = (vendor.source,) if vendor.include == "separate" and vendor.source else ()
    active = [entity for entity in ("price", "inventory") if getattr(settings.active, entity)]
    looks = 1 + math.floor(settings.queue.check_process_time / settings.queue.process_sleep_time)
    return Named(
        endpoint=settings.acumatica.endpoint,
        version=settings.acumatica.version,
        warehouses=tuple(source_of_warehouse(settings)),
        branches=tuple(row.branch for row in settings.inventory.branches),
        sources=tuple(sorted({*settings.sources(), *own})),
        currency=currency,
        batch_count=settings.queue.batch_count,
        customer_attributes=settings.additional.customer_attributes,
        looks_a_minute=looks,
        requests_a_look=sum(len(read_rule(settings, entity).feeds) for entity in active),
        requests_per_minute=settings.acumatica.requests_per_minute,
        quantity_read=settings.acumatica.quantity_read,
        item_statuses=STATUSES,
    )
