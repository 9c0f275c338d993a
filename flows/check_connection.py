"""Test Connection: both systems, from the settings."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

from connector.acumatica.errors import AcumaticaFault
from connector.acumatica.session import acumatica_session
from connector.clock import Clock, SystemClock
from connector.magento.client import MagentoClient
from connector.queue.engine import State
from connector.queue.licence import SharedLicence
from flows.wiring import (
    acumatica_access,
    customer_rule,
    magento_access,
    order_rule,
    read_rule,
    shipment_rule,
    source_of_warehouse,
)
from settings import Settings
from tasks.check import (
    ACUMATICA_ANSWERS,
    MAGENTO_ANSWERS,
    Check,
    Named,
    acumatica_currency,
    check_acumatica,
    check_magento,
)
from tasks.check_bulks import check_consumer
from tasks.check_customers import check_customers_in_acumatica, check_customers_in_magento
from tasks.check_orders import check_orders_in_acumatica, check_orders_in_magento
from tasks.check_shipments import check_shipments_in_acumatica, check_shipments_in_magento


async def check_connection(settings: Settings, state: State, clock: Clock | None = None) -> AsyncIterator[Check]:
    """Every check of both systems, one after the other."""
    clock = clock or SystemClock()
    access = acumatica_access(settings)
    chosen = settings.acumatica
    licence = SharedLicence(state, clock, access.host, chosen.sessions, chosen.requests_per_minute, by_hand=True)
    currency = settings.price.currency
    customers, orders, shipments = customer_rule(settings), order_rule(settings), shipment_rule(settings)
    async with acumatica_session(access, licence=licence, clock=clock) as session:
        answers = False
        async for check in check_acumatica(session, _named(settings, currency)):
            answers |= (check.what, check.result) == (ACUMATICA_ANSWERS, "passed")
            yield check
        if answers:
            async for check in check_customers_in_acumatica(session, customers):
                yield check
            async for check in check_orders_in_acumatica(session, orders):
                yield check
            if settings.active.shipment:
                async for check in check_shipments_in_acumatica(session, shipments):
                    yield check
            if not currency:
                try:
                    currency = await acumatica_currency(session)
                except AcumaticaFault as fault:
                    yield Check("Acumatica's currency", "could not be checked", str(fault))
    async with MagentoClient(magento_access(settings), clock=clock) as client:
        answers = False
        async for check in check_magento(client, _named(settings, currency)):
            answers |= (check.what, check.result) == (MAGENTO_ANSWERS, "passed")
            yield check
        if answers:
            if settings.queue.price_transport == "async_bulk" and settings.active.price:
                yield await check_consumer(client, clock)
            async for check in check_customers_in_magento(client, customers):
                yield check
            async for check in check_orders_in_magento(client, orders):
                yield check
            if settings.active.shipment:
                async for check in check_shipments_in_magento(client, shipments):
                    yield check


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
    )
