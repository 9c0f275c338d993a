"""Which price of an item Magento shows, and what is read for it, as the settings say."""

from __future__ import annotations

from datetime import datetime

from entities.from_settings import item_fields, plan_of
from entities.price.rules import PriceRule
from entities.read_plan import ReadPlan
from settings import Settings


def price_rule(settings: Settings) -> PriceRule:
    """Return which price of an item Magento shows."""
    chosen = settings.price
    return PriceRule(
        source="default_price" if chosen.source == "default_price" else chosen.sales_price_from,
        price_class=chosen.price_class or None,
        currency=chosen.currency or None,
        decimals=chosen.rounding,
        allow_zero=chosen.allow_zero,
        unit=settings.items.unit,
        tax_included=chosen.tax_included,
        without_row=chosen.without_sales_price,
    )


def read_plan(settings: Settings, _active_since: datetime | None) -> ReadPlan:
    """Return what prices read: items last, so that nothing is published before its facts are there."""
    chosen = settings.price
    by_list = chosen.source == "sales_price" and chosen.sales_price_from == "price_list"
    by_field = chosen.source == "sales_price" and chosen.sales_price_from == "field"
    rows = ("price_rows",) if by_list else ()
    return plan_of(
        settings,
        (*rows, *(("non_stock_items",) if chosen.non_stock else ()), "items"),
        item_fields(settings, price_field=chosen.sales_price_field if by_field else "", conversions=by_list),
        price_read=settings.acumatica.price_read if by_list else "odata",
        zone=settings.acumatica.zone() if by_list else None,
    )


def sends_bulks(settings: Settings) -> bool:
    """Return whether prices go over Magento's asynchronous bulk API."""
    return settings.queue.price_transport == "async_bulk"
