"""From settings to a `RunContext`: the one place where Setup Parameters become rules, clients and limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.fingerprint import fingerprint
from app.lease_holder import still_held
from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.full_licence import PATIENCE
from connector.acumatica.items import ItemFields
from connector.acumatica.session import acumatica_session
from connector.clock import Clock
from connector.magento.auth import Bearer, OAuth
from connector.magento.client import MagentoAccess, MagentoClient
from connector.model.comparison import comparison_key
from connector.model.open_orders import Deducts
from connector.state.coordination.lease import Lease
from connector.state.coordination.quota import SharedLicence
from connector.state.engine import State
from connector.state.sync import records
from entities.adaptive_batching import Tuning
from entities.context import QueueRule, RunContext
from entities.counters import Counters, Report
from entities.customer.types import CustomerRule
from entities.inventory.rules import ONE, QuantityRule
from entities.inventory.salable import OpenOrderRule
from entities.order.types import OrderRule
from entities.pace import Pace
from entities.price.rules import PriceRule
from entities.read_plan import ReadRule
from entities.registry import DOCUMENTS
from entities.shipment.types import Carrier, ShipmentRule
from entities.shop import Shop
from entities.shop_orders.repair import RepairRule
from entities.sources import ATTRIBUTE, source_key
from entities.values.items import ItemRule
from settings import Settings
from settings.inventory import daily_repair


def keys_of(state: State, entity: str, typed: str) -> list[str]:
    """The Acumatica keys behind what somebody typed: an inventory id, or a SKU in any spelling."""
    with state.read() as connection:
        known = records.with_key(connection, entity, comparison_key(typed))
    return list(dict.fromkeys([*known, typed]))


@dataclass
class Run:
    """What a run starts with. `licence_state`: where the licence is shared, also by a look that works on a copy.

    `waits` is told what the run waits for; `patience`: for how many seconds it waits while Acumatica's sessions are
    full.
    """

    entity: str
    settings: Settings
    state: State
    held: Lease
    clock: Clock
    counters: Counters
    report: Report
    ends_at: datetime
    active_since: datetime
    said: Callable[[str], object]
    licence_state: State
    waits: Callable[[str], object] = lambda _said: None
    patience: float = PATIENCE

    def keys_of(self, typed: str) -> list[str]:
        """The Acumatica keys behind what somebody typed: an inventory id, or a SKU in any spelling."""
        return keys_of(self.state, self.entity, typed)

    def fingerprint(self) -> str:
        """Changes when a setting changes that every value of the entity depends on."""
        return fingerprint_of(self.settings, self.entity, self.active_since)


def fingerprint_of(settings: Settings, entity: str, active_since: datetime | None = None) -> str:
    """The fingerprint of all that the entity is computed with: the rule, what is read, which items go, where to."""
    acumatica, magento = settings.acumatica, settings.magento
    return fingerprint(
        RULES[entity](settings),
        read_rule(settings, entity, active_since),
        item_rule(settings),
        settings.items.unknown_sku,
        (acumatica.url, acumatica.tenant, acumatica.branch, acumatica.endpoint, acumatica.version, acumatica.zone()),
        (magento.url, magento.store_code, magento.store_id if entity == "price" else None),
    )


@asynccontextmanager
async def working(run: Run) -> AsyncIterator[RunContext]:
    """The run's tools, with an Acumatica session that is logged out at the end."""
    settings, clock = run.settings, run.clock
    access = acumatica_access(settings)
    acumatica = settings.acumatica
    licence = SharedLicence(
        run.licence_state,
        clock,
        access.host,
        acumatica.sessions,
        acumatica.requests_per_minute,
        holder=f"{run.entity}: {run.held.holder}",
        said=run.waits,
    )
    zone = acumatica.zone()

    def today() -> date:
        return clock.now().astimezone(zone).date()

    async with acumatica_session(access, licence=licence, clock=clock, patience=run.patience) as session:
        yield RunContext(
            entity=run.entity,
            state=run.state,
            lease=run.held,
            clock=clock,
            acumatica=session,
            shop=shop(
                settings,
                run.counters,
                clock,
                one_by_one=run.entity == "shipment",
                before_write=still_held(run.state, run.held, clock),
            ),
            queue=QueueRule(
                settings.queue.threshold_count,
                settings.queue.batch_count,
                settings.queue.retry_count,
                timedelta(days=settings.queue.wait_tell),
            ),
            read=read_rule(settings, run.entity, run.active_since),
            items=item_rule(settings),
            rule=RULES[run.entity](settings),
            today=today,
            counters=run.counters,
            report=run.report,
            ends_at=run.ends_at,
            skips_unknown_sku=settings.items.unknown_sku == "skip",
            bulk_patience=settings.queue.bulk_patience if _in_bulks(settings, run.entity) else None,
            tuning=_tuning(settings, run.entity),
            progress=run.said,
        )


def _in_bulks(settings: Settings, entity: str) -> bool:
    return entity == "price" and settings.queue.price_transport == "async_bulk"


def _tuning(settings: Settings, entity: str) -> Tuning:
    """Documents go one by one, and a bulk's answer tells of the consumer's time: there is nothing to tune."""
    if not settings.queue.self_tuning or entity in DOCUMENTS or _in_bulks(settings, entity):
        return Tuning()
    return Tuning(Pace(most_records=settings.queue.batch_count, most_connections=settings.magento.concurrency))


def acumatica_access(settings: Settings) -> AcumaticaAccess:
    """Where Acumatica is, and as whom to log in."""
    chosen = settings.acumatica
    return AcumaticaAccess(
        url=chosen.url,
        tenant=chosen.tenant,
        username=chosen.username,
        password=chosen.password.get_secret_value() if chosen.password else "",
        branch=chosen.branch,
        client_id=chosen.client_id,
        client_secret=chosen.client_secret.get_secret_value() if chosen.client_secret else "",
        endpoint=chosen.endpoint,
        version=chosen.version,
        page_size=chosen.page_size,
        timeout=chosen.timeout,
        concurrency=chosen.concurrency,
    )


def magento_access(settings: Settings) -> MagentoAccess:
    """Where Magento is, and how to be let in; OAuth goes before a bearer token."""
    chosen = settings.magento

    def secret(name: str) -> str:
        value = getattr(chosen, name)
        return str(value.get_secret_value()) if value else ""

    auth: Bearer | OAuth = Bearer(secret("bearer_token"))
    if chosen.consumer_key:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        auth = OAuth(*(secret(name) for name in names))
    return MagentoAccess(chosen.url, auth, chosen.store_code, chosen.timeout)


def shop(
    settings: Settings,
    counters: Counters,
    clock: Clock,
    *,
    one_by_one: bool = False,
    before_write: Callable[[], object] = lambda: None,
) -> Shop:
    """The shop, with its requests counted in the tally. Shipments go over one connection, one after the other:

    two of one source would each find enough there for itself.
    """
    access = magento_access(settings)
    return Shop(
        lambda: MagentoClient(access, clock=clock, before_write=before_write),
        counters,
        host=access.host,
        connections=1 if one_by_one else settings.magento.concurrency,
        store_id=settings.magento.store_id,
        msi=None,
    )


def read_rule(settings: Settings, entity: str, active_since: datetime | None = None) -> ReadRule:
    """What the entity reads in Acumatica. Documents begin at FROM, or when the entity was first made active."""
    acumatica, vendor = settings.acumatica, settings.vendor_inventory
    by_branch = settings.inventory.definition == "branch_wise"
    feeds = _feeds(settings, entity)
    by_field = settings.price.source == "sales_price" and settings.price.sales_price_from == "field"
    begins = {"shipment": settings.shipment.from_, "order": settings.order.from_}.get(entity) or active_since
    chosen = {"customer": settings.customer.classes, "order": settings.order.types}.get(entity, ())
    return ReadRule(
        feeds=feeds,
        fields=ItemFields(
            sku=settings.items.sku,
            price_field=settings.price.sales_price_field if entity == "price" and by_field else "",
            conversions=settings.items.unit == "sales" or "price_rows" in feeds,
            unit=settings.items.unit,
        ),
        overlap=acumatica.overlap,
        full_read_interval=acumatica.full_read_interval,
        quantity_read=acumatica.quantity_read,
        figure=settings.inventory.quantity,
        price_read=acumatica.price_read,
        warehouses=tuple(source_of_warehouse(settings)),
        mapped=() if by_branch else tuple(sorted(settings.inventory.sources)),
        vendor_inquiry=vendor.inquiry,
        begins=begins,
        begins_on=None if begins is None else begins.astimezone(acumatica.zone()).date(),
        branches=settings.order.branches if entity == "order" else (),
        chosen=chosen,
        trigger=settings.shipment.trigger,
    )


def _feeds(settings: Settings, entity: str) -> tuple[str, ...]:
    """In their order: items last, so that nothing is published before its facts are there."""
    if entity == "price":
        by_list = settings.price.source == "sales_price" and settings.price.sales_price_from == "price_list"
        rows = ("price_rows",) if by_list else ()
        return (*rows, *(("non_stock_items",) if settings.price.non_stock else ()), "items")
    if entity == "inventory":
        return (*(("vendor_quantities",) if settings.vendor_inventory.include != "no" else ()), "quantities", "items")
    if entity == "order":
        return (*(("order_invoices",) if settings.order.invoice == "offline" else ()), "orders")
    return {"customer": ("customers",), "shipment": ("shipments", "receipts")}[entity]


def item_rule(settings: Settings) -> ItemRule:
    """Which items go to Magento."""
    chosen = settings.items
    return ItemRule(frozenset(chosen.statuses), frozenset(chosen.classes), chosen.exported_only, chosen.unit)


def price_rule(settings: Settings) -> PriceRule:
    """Which price of an item Magento shows."""
    chosen = settings.price
    source = "default_price" if chosen.source == "default_price" else chosen.sales_price_from
    return PriceRule(
        source,
        chosen.price_class or None,
        chosen.currency or None,
        chosen.rounding,
        chosen.allow_zero,
        settings.items.unit,
        chosen.tax_included,
        chosen.without_sales_price,
    )


def source_of_warehouse(settings: Settings) -> dict[str, str]:
    """The key of the Magento source of each warehouse that counts; branch-wise overrides the plain setting."""
    if settings.inventory.definition == "branch_wise":
        rows = settings.inventory.branches
        return {warehouse: source_key(row.source) for row in rows for warehouse in row.warehouses}
    return {warehouse: source_key(source) for warehouse, source in settings.inventory.source_of_warehouse().items()}


def quantity_rule(settings: Settings) -> QuantityRule:
    """Which quantity Magento shows at which source, or in which product attribute."""
    chosen, vendor = settings.inventory, settings.vendor_inventory
    deducted = chosen.available_deducts
    separate = source_key(vendor.source or f"{ATTRIBUTE}{vendor.attribute}")
    return QuantityRule(
        sources=source_of_warehouse(settings),
        vendor_sources=_vendor_sources(settings),
        vendor_source=separate if vendor.include == "separate" else None,
        safety=int(chosen.safety * ONE),
        decimals=chosen.decimals,
        unit=settings.items.unit,
        status=chosen.status,
        compensated_store=settings.order.store_id,
        open_orders=OpenOrderRule(
            adds_back=chosen.add_back_open_orders,
            figure=chosen.quantity,
            deducts=Deducts(**{name: name in deducted for name in Deducts._fields}) if deducted else None,
            reference=settings.order.reference,
            pattern=settings.order.reference_pattern,
            repair=repair_rule(settings),
        ),
    )


def repair_rule(settings: Settings) -> RepairRule:
    """How a repair of Magento's reservations becomes known."""
    chosen = settings.inventory
    return RepairRule(
        detects=chosen.reservation_repair == "detect",
        daily=daily_repair(chosen.reservation_repair),
        zone=settings.acumatica.zone(),
        said=chosen.reservations_cleared,
    )


def _vendor_sources(settings: Settings) -> frozenset[str]:
    """Where Sum Total adds the vendor quantity: once, so that no stock counts it twice."""
    if settings.vendor_inventory.include != "sum":
        return frozenset()
    if settings.inventory.definition == "branch_wise":
        return frozenset(source_key(row.source) for row in settings.inventory.branches if row.include_vendor_inventory)
    sources = set(source_of_warehouse(settings).values())
    return frozenset(sources if len(sources) == 1 else {source_key(settings.inventory.default_source)})


def customer_rule(settings: Settings) -> CustomerRule:
    """Which customers go to Magento, and how."""
    chosen = settings.customer
    return CustomerRule(
        classes=frozenset(chosen.classes),
        groups=chosen.groups,
        attributes=chosen.attributes if settings.additional.customer_attributes else None,
        create=chosen.create,
        create_limit=chosen.create_limit,
        telephone=chosen.telephone,
        website_id=settings.magento.website_id,
        without_email=chosen.without_email,
        shared=chosen.accounts == "global",
    )


def order_rule(settings: Settings) -> OrderRule:
    """Which orders go to Magento, and how."""
    chosen = settings.order
    return OrderRule(
        types=chosen.types,
        branches=chosen.branches,
        reference=chosen.reference,
        reference_pattern=chosen.reference_pattern,
        create_with_reference=chosen.create_with_reference,
        statuses=chosen.statuses,
        states=chosen.states,
        payment_methods=chosen.payment_methods,
        shipping_methods=chosen.shipping_methods,
        titles={name: one.title for name, one in settings.shipment.ship_vias.items()},
        store_id=chosen.store_id,
        telephone=settings.customer.telephone,
        invoices=chosen.invoice == "offline",
        cancels_rest=chosen.close_rest in ("cancel", "refund"),
        refunds_rest=chosen.close_rest == "refund",
        ships=settings.active.shipment,
        unit=settings.items.unit,
        repair=repair_rule(settings),
    )


def shipment_rule(settings: Settings) -> ShipmentRule:
    """How shipments and drop-shipments become Magento's."""
    chosen, order, inventory = settings.shipment, settings.order, settings.inventory
    by_branch = inventory.definition == "branch_wise"
    of_warehouses = {warehouse: source_key(source) for warehouse, source in inventory.sources.items()}
    return ShipmentRule(
        trigger=chosen.trigger,
        ship_vias={code: Carrier(via.carrier_code, via.title) for code, via in chosen.ship_vias.items()},
        sources=source_of_warehouse(settings) if by_branch else of_warehouses,
        default_source=source_key(inventory.default_source),
        reference=order.reference,
        reference_pattern=order.reference_pattern,
        unit=settings.items.unit,
        decimals=inventory.decimals,
        notify=chosen.notify,
        dropship_via=settings.dropship.ship_via,
        dropship_source=source_key(settings.dropship.source),
        foreign_lines=chosen.foreign_lines,
        placeholders=chosen.placeholders,
        order_types=frozenset(order.types if settings.active.order else ()),
        order_branches=frozenset(order.branches),
        orders_from=order.from_,
        zone=settings.acumatica.zone(),
        create_with_reference=order.create_with_reference,
    )


RULES: dict[str, Callable[[Settings], Any]] = {
    "price": price_rule,
    "inventory": quantity_rule,
    "customer": customer_rule,
    "order": order_rule,
    "shipment": shipment_rule,
}
"""What each entity's stages compute with."""
