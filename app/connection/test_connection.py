"""Test Connection: both systems, from the settings."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

from app.composition import acumatica_access, magento_access, read_plan
from app.connection.acumatica import acumatica_currency, check_acumatica
from app.connection.magento import BESIDE_OAUTH, EDITION, check_bearer_token, check_magento
from app.connection.permissions import permission_checks
from app.connection.sources import stores_in_magento
from app.connection.state import check_private
from app.lease_holder import LONG_PATIENCE, somebody
from connector.acumatica.errors import AcumaticaFault
from connector.acumatica.fields import read_by
from connector.acumatica.session import AcumaticaSession, acumatica_session
from connector.clock import Clock, SystemClock
from connector.magento import reads
from connector.magento.auth import Bearer
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import MagentoFault, Unauthorized
from connector.magento.permissions import EVERY, When
from connector.state.coordination.quota import SharedLicence
from connector.state.engine import State
from entities.checks import Asked, Check, Named, ask_each, attempt
from entities.customer.checks import customers_in_acumatica, customers_in_magento
from entities.customer.from_settings import customer_rule
from entities.inventory.check_reservations import reservations
from entities.inventory.checks import inventory_in_magento
from entities.inventory.from_settings import quantity_rule, source_of_warehouse
from entities.order.checks import maps_of_orders, orders_in_acumatica, orders_in_magento
from entities.order.from_settings import order_rule
from entities.price.check_bulks import consumer
from entities.price.checks import prices_in_acumatica
from entities.price.from_settings import price_rule
from entities.shipment.checks import drop_shipments, shipments_in_acumatica, shipments_in_magento
from entities.shipment.from_settings import shipment_rule
from entities.values.checks import (
    availability_in_acumatica,
    items_in_acumatica,
    price_class_in_acumatica,
    vendor_in_acumatica,
    vendor_in_magento,
)
from settings import Settings, as_on_the_screen
from settings.items import STATUSES


async def check_connection(
    settings: Settings, state: State, clock: Clock | None = None, *, waits: Callable[[str], object] = lambda _said: None
) -> AsyncIterator[Check]:
    """Every check of both systems, one after the other; settings are called as the screen calls them.

    waits: is told what is waited for.
    """
    yield check_private(state.opened)
    async for check in _checks(settings, state, clock or SystemClock(), waits):
        yield replace(check, said=as_on_the_screen(check.said))


async def _checks(
    settings: Settings, state: State, clock: Clock, waits: Callable[[str], object]
) -> AsyncIterator[Check]:
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
        unasked = ""
        elsewhere = partial(what_answers_at, access.url, clock)
        async for check in check_acumatica(session, _named(settings, currency), elsewhere):
            unasked = check.said if check.what == "Endpoint" and check.result == "could not be checked" else unasked
            yield check
        async for check in ask_each(_named_in_acumatica(settings, session), unasked=unasked):
            yield check
        if not unasked and not currency:
            try:
                currency = await acumatica_currency(session)
            except AcumaticaFault as fault:
                yield Check("Acumatica's currency", "could not be checked", str(fault))
    async with MagentoClient(magento_access(settings), clock=clock) as client:
        unasked = ""
        async for check in check_magento(client, _named(settings, currency)):
            is_shut = check.what == EDITION and check.result == "could not be checked"
            unasked = check.said if is_shut else unasked
            yield check
        async for check in ask_each(_named_in_magento(settings, client, clock), unasked=unasked):
            yield check
    token = settings.magento.bearer_token
    if not unasked and settings.magento.consumer_key and token:
        alone = replace(magento_access(settings), auth=Bearer(token.get_secret_value()))
        async with MagentoClient(alone, clock=clock) as client:
            yield await attempt(BESIDE_OAUTH, partial(check_bearer_token, client))
    for check in maps_of_orders(order_rule(settings), settings.order.reference_test):
        yield check
    if settings.active.shipment:
        yield drop_shipments(shipment_rule(settings))


async def what_answers_at(url: str, clock: Clock) -> str:
    """Whether it is a Magento that answers at the address that was entered as Acumatica's."""
    async with MagentoClient(MagentoAccess(url, Bearer("none"), timeout=30.0), clock=clock) as client:
        try:
            await reads.store_configs(client)
        except Unauthorized as refused:
            if refused.resources:
                return f"{url} is the address of a Magento. Enter the ERP's in A2M_ACUMATICA__URL. "
        except MagentoFault:
            return ""
    return ""


def _named_in_acumatica(settings: Settings, session: AcumaticaSession) -> list[Asked]:
    vendor, price = settings.vendor_inventory, settings.price
    by_list = price.source == "sales_price" and price.sales_price_from == "price_list"
    counts_vendors = settings.active.inventory and vendor.include != "no"
    return [
        *items_in_acumatica(session, settings.items.classes, read_plan(settings, "price").fields.alternate_type),
        *availability_in_acumatica(session, deducts=_reads_availability(settings)),
        *price_class_in_acumatica(session, price.price_class if by_list and settings.active.price else ""),
        *vendor_in_acumatica(session, vendor.inquiry if counts_vendors else ""),
        *prices_in_acumatica(session, price_rule(settings), settings.acumatica.price_read),
        *customers_in_acumatica(session, customer_rule(settings)),
        *orders_in_acumatica(session, order_rule(settings)),
        *(shipments_in_acumatica(session, shipment_rule(settings)) if settings.active.shipment else ()),
    ]


def _named_in_magento(settings: Settings, client: MagentoClient, clock: Clock) -> list[Asked]:
    active, vendor = settings.active, settings.vendor_inventory
    by_bulk = settings.queue.price_transport == "async_bulk" and active.price
    by_attribute = active.inventory and vendor.include == "separate" and bool(vendor.attribute)
    switches: dict[When, bool] = {
        "bulks": by_bulk,
        "vendor attribute": by_attribute,
        "invoices": settings.order.invoice == "offline",
        "refunds": settings.order.close_rest == "refund",
        "open orders": settings.inventory.add_back_open_orders and settings.inventory.quantity != "on_hand",
    }
    entities = [name for name in EVERY if getattr(active, name)]
    return [
        *stores_in_magento(client, settings.magento.store_id, settings.magento.website_id),
        *permission_checks(client, entities, frozenset(name for name, is_on in switches.items() if is_on)),
        *reservations(client, inventory=active.inventory, shipment=active.shipment),
        *vendor_in_magento(client, vendor.attribute if by_attribute else ""),
        *([consumer(client, clock)] if by_bulk else []),
        *(inventory_in_magento(client, quantity_rule(settings)) if settings.active.inventory else []),
        *customers_in_magento(client, customer_rule(settings)),
        *orders_in_magento(client, order_rule(settings)),
        *(shipments_in_magento(client, shipment_rule(settings)) if active.shipment else ()),
    ]


def _reads_availability(settings: Settings) -> bool:
    """Whether what Quantity Available lacks of open orders is read from the item classes."""
    chosen = settings.inventory
    reads_it = chosen.add_back_open_orders and not chosen.available_deducts
    return settings.active.inventory and reads_it and chosen.quantity == "available"


def _fields(settings: Settings) -> dict[str, frozenset[str]]:
    """The fields of the endpoint that the active entities read."""
    wanted: dict[str, set[str]] = {}
    for name in EVERY:
        if getattr(settings.active, name):
            invoiced = settings.order.invoice == "offline"
            own = read_by(name, read_plan(settings, name).fields, non_stock=settings.price.non_stock, invoiced=invoiced)
            for entity, fields in own.items():
                wanted.setdefault(entity, set()).update(fields)
    return {entity: frozenset(fields) for entity, fields in wanted.items()}


def _named(settings: Settings, currency: str) -> Named:
    vendor = settings.vendor_inventory
    own = (vendor.source,) if vendor.include == "separate" and vendor.source else ()
    active = [entity for entity in ("price", "inventory") if getattr(settings.active, entity)]
    looks = 1 + math.floor(settings.queue.check_process_time / settings.queue.process_sleep_time)
    return Named(
        endpoint=settings.acumatica.endpoint,
        version=settings.acumatica.version,
        warehouses=tuple(dict.fromkeys([*source_of_warehouse(settings), *read_plan(settings, "inventory").mapped])),
        branches=tuple(row.branch for row in settings.inventory.branches),
        sources=tuple(sorted({*settings.sources(), *own})),
        currency=currency,
        batch_count=settings.queue.batch_count,
        customer_attributes=settings.additional.customer_attributes,
        looks_a_minute=looks,
        requests_a_look=sum(len(read_plan(settings, entity).feeds) for entity in active),
        requests_per_minute=settings.acumatica.requests_per_minute,
        quantity_read=settings.acumatica.quantity_read,
        item_statuses=STATUSES,
        login_branch=settings.acumatica.branch,
        fields=_fields(settings),
    )
