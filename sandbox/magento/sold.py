"""The items that a cart makes of products, with their prices; composite products have child items.

A current special price counts, but not that of a bundle; a tier price never counts. There is no tax and no discount. An
item's SKU is its product's followed by those of the chosen options; that of a bundle whose `sku_type` is 0 contains the
SKUs of its selections. Source: magento-observed.md, part two, section 1; recordings of cart and nonsimple-orders;
Magento's product types (`getSku`, `getOptionSku`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.magento import php
from sandbox.magento.bundles import ships_together
from sandbox.magento.errors import Refusal
from sandbox.magento.product_views import WEIGHTLESS, in_scope, price_in
from sandbox.magento.records import Product
from sandbox.magento.sales_tables import ZERO
from sandbox.magento.state import Shop

DELIMITER = "-"
CHOOSE = "You need to choose options for your item."
Options = Mapping[str, Any]


@dataclass
class Sold:
    """An item of a cart; `price` None: its parent has the price. `selection_qty`: the number in one bundle."""

    product: Product
    sku: str
    quantity: Decimal
    price: Decimal | None
    original_price: Decimal
    type_id: str
    options: dict[str, Any] | None = None
    children: list[Sold] = field(default_factory=list)
    selection_qty: Decimal | None = None
    separately: bool = False
    calculated: bool = False
    id: int = 0

    @property
    def total(self) -> Decimal:
        """What the item costs."""
        return (self.price or ZERO) * self.quantity

    @property
    def weight(self) -> Decimal | None:
        """What one piece weighs; none for what is not shipped."""
        if self.product.type_id in WEIGHTLESS:
            return None
        weight = self.product.details.fields.get("weight", 1) if self.product.details is not None else 1
        return None if weight is None else Decimal(str(weight))


def price_of(product: Product, store_id: int) -> Decimal:
    """Return the base price of a product."""
    return Decimal(price_in(product, store_id) or 0) / php.PRICE


def final_price(shop: Shop, product: Product, store_id: int) -> Decimal:
    """Return what a product costs now: the special price if there is one in force, else the base price."""
    price, details = price_of(product, store_id), product.details
    special = in_scope(details.special_prices, store_id) if details is not None else None
    if details is None or special is None:
        return price
    starts, ends = (in_scope(one, store_id) for one in (details.special_from, details.special_to))
    in_force = (starts or "") <= shop.now() and (ends is None or shop.now() <= ends)
    return min(price, Decimal(special) / php.PRICE) if in_force else price


def parts(product: Product, name: str) -> list[dict[str, Any]]:
    """Return what belongs to a composite product."""
    found: list[dict[str, Any]] = product.details.parts.get(name, []) if product.details is not None else []
    return found


def plain(shop: Shop, product: Product, quantity: Decimal, store_id: int, options: Options) -> Sold:
    """Return an item of a product that stands for itself; its custom options may cost more."""
    price = final_price(shop, product, store_id)
    extra = list(_chosen(product, options))
    more = sum((_option_price(one, price) for one in extra), ZERO)
    sku = DELIMITER.join([product.sku, *(str(one["sku"]) for one in extra if one.get("sku"))])
    shown: dict[str, Any] = {}
    if options.get("custom_options"):
        shown["custom_options"] = list(options["custom_options"])
    links = [one["id"] for one in parts(product, "downloadable_product_links") if "id" in one]
    if links:
        shown["downloadable_option"] = {"downloadable_links": links}
    original = price_of(product, store_id)
    return Sold(product, sku, quantity, price + more, original, product.type_id, shown or None)


def _chosen(product: Product, options: Options) -> Iterator[Options]:
    """Return the options that a customer filled in, and the values chosen of those that have values."""
    given = {str(one.get("option_id")): str(one.get("option_value")) for one in options.get("custom_options") or []}
    for option in parts(product, "options"):
        value = given.get(str(option.get("option_id")))
        if value is None:
            continue
        if option.get("values"):
            ids = value.split(",")
            yield from (one for one in option["values"] if str(one.get("option_type_id")) in ids)
        else:
            yield option


def _option_price(option: Options, price: Decimal) -> Decimal:
    value = Decimal(str(option.get("price") or 0))
    return price * value / 100 if option.get("price_type") == "percent" else value


def configurable(
    shop: Shop, product: Product, child: Product, quantity: Decimal, store_id: int, options: Options
) -> Sold:
    """Return an item of a configurable product: it has the child's SKU and price, the child costs nothing."""
    price = final_price(shop, child, store_id)
    chosen = options.get("configurable_item_options")
    item = Sold(product, child.sku, quantity, price, price_of(child, store_id), "configurable")
    item.options = {"configurable_item_options": list(chosen)} if chosen else None
    item.children = [Sold(child, child.sku, quantity, None, ZERO, child.type_id)]
    return item


def child_by_options(shop: Shop, product: Product, options: Options) -> Product:
    """Return the child that has the values chosen. Raises `Refusal` 400."""
    wanted = [str(one.get("option_value")) for one in options.get("configurable_item_options") or []]
    for link in parts(product, "children"):
        child = shop.product(link["sku"])
        values = [str(value) for value in child.details.attributes.values()] if child and child.details else []
        if child is not None and wanted and all(value in values for value in wanted):
            return child
    raise Refusal(400, CHOOSE)


def bundle(
    shop: Shop, product: Product, links: Sequence[Mapping[str, Any]], quantity: Decimal, store_id: int, options: Options
) -> Sold:
    """Return an item of a bundle: with a dynamic price its children cost what they cost, else it has a price of its
    own.
    """
    attributes = product.details.attributes if product.details is not None else {}
    dynamic = str(attributes.get("price_type", "0")) == "0"
    price = ZERO if dynamic else price_of(product, store_id)
    skus = [str(link["sku"]) for link in links] if str(attributes.get("sku_type", "1")) == "0" else []
    item = Sold(product, DELIMITER.join([product.sku, *skus]), quantity, price, price, "bundle")
    for link in links:
        child = shop.product(link["sku"])
        if child is None:
            raise Refusal(400, CHOOSE)
        share = Decimal(str(link.get("qty") or 1))
        own = final_price(shop, child, store_id)
        price += share * (own if dynamic else Decimal(str(link.get("price") or 0)))
        sold = Sold(
            child, child.sku, share * quantity, own if dynamic else None, own if dynamic else ZERO, child.type_id
        )
        sold.selection_qty = share
        item.children.append(sold)
    item.price = price
    item.original_price = price if dynamic else item.original_price
    item.separately, item.calculated = not ships_together(product), dynamic
    item.options = {"bundle_options": list(options["bundle_options"])} if options.get("bundle_options") else None
    return item


def links_by_options(product: Product, options: Options) -> list[Mapping[str, Any]]:
    """Return the selections chosen of a bundle. Raises `Refusal` 400 where a required option is left out."""
    chosen = {one.get("option_id"): one for one in options.get("bundle_options") or []}
    found: list[Mapping[str, Any]] = []
    for option in parts(product, "bundle_product_options"):
        one = chosen.get(option["option_id"])
        wanted = {str(number) for number in (one or {}).get("option_selections") or []}
        links = [link for link in option["product_links"] if str(link.get("id")) in wanted]
        if option.get("required") and not links:
            raise Refusal(400, CHOOSE)
        for link in links:
            own = one is not None and link.get("can_change_quantity") and one.get("option_qty")
            found.append({**link, "qty": one["option_qty"]} if own and one is not None else link)
    return found


def all_links(product: Product) -> list[Mapping[str, Any]]:
    """Return all selections of a bundle."""
    return [link for option in parts(product, "bundle_product_options") for link in option["product_links"]]


def grouped(shop: Shop, product: Product, quantity: Decimal, store_id: int) -> list[Sold]:
    """Return the items of a grouped product: each of its products by itself."""
    found = []
    for link in parts(product, "product_links"):
        child = shop.product(link["linked_product_sku"]) if link.get("link_type") == "associated" else None
        if child is not None:
            share = Decimal(str((link.get("extension_attributes") or {}).get("qty") or 1))
            price, original = final_price(shop, child, store_id), price_of(child, store_id)
            found.append(Sold(child, child.sku, share * quantity, price, original, "grouped"))
    return found
