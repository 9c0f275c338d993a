"""The rule and the read plan of prices, from the settings."""

from __future__ import annotations

from datetime import datetime

from entities.from_settings import item_fields, plan_of
from entities.price.rules import PriceRule
from entities.read_plan import ReadPlan
from settings import Settings


def price_rule(settings: Settings) -> PriceRule:
    """Return the rule for which price of an item Magento shows."""
    section = settings.price
    return PriceRule(
        source="default_price" if section.source == "default_price" else section.sales_price_from,
        price_class=section.price_class or None,
        currency=section.currency or None,
        decimals=section.rounding,
        allow_zero=section.allow_zero,
        unit=settings.items.unit,
        tax_included=section.tax_included,
        without_row=section.without_sales_price,
    )


def read_plan(settings: Settings, _active_since: datetime | None) -> ReadPlan:
    """Return what prices read. Items are read last, so that nothing is published before its other data is there."""
    section = settings.price
    by_list = section.source == "sales_price" and section.sales_price_from == "price_list"
    by_field = section.source == "sales_price" and section.sales_price_from == "field"
    rows = ("price_rows",) if by_list else ()
    return plan_of(
        settings,
        (*rows, *(("non_stock_items",) if section.non_stock else ()), "items"),
        item_fields(settings, price_field=section.sales_price_field if by_field else "", conversions=by_list),
        price_read=settings.acumatica.price_read if by_list else "odata",
        zone=settings.acumatica.zone() if by_list else None,
    )


def sends_bulks(settings: Settings) -> bool:
    """Return whether prices are sent through Magento's asynchronous bulk API."""
    return settings.queue.price_transport == "async_bulk"
