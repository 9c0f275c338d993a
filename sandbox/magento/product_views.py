"""Products as JSON, in the scope of a store view.

Source: recordings of setup, nonsimple-setup and prices2 (`ws_product_*`, `ws_put_*`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.magento import php
from sandbox.magento.records import Details, Product, TierPrice
from sandbox.magento.state import Shop
from sandbox.magento.stock_items import stock_shown

ALL_GROUPS = 32_000
WEIGHTLESS = frozenset({"virtual", "downloadable", "grouped"})
PLAIN_PARTS = ("bundle_product_options", "configurable_product_options", "downloadable_product_links")
EMPTY = Details()


def url_key(name: str) -> str:
    """Return the URL key that Magento makes from the name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def in_scope(values: dict[int, Any], store_id: int) -> Any:
    """Return the value of a store view, or the one of all stores."""
    return values.get(store_id, values.get(0))


def price_in(product: Product, store_id: int) -> int | None:
    """Return the base price in a store view, in millionths."""
    prices = product.details.prices if product.details is not None else {}
    return prices.get(store_id, product.price)


def shown(shop: Shop, product: Product, store_id: int, *, saved: bool = False) -> dict[str, Any]:
    """Return a single product; the answer to a save leaves out what was not loaded."""
    details = product.details or EMPTY
    body = _head(shop, product, details, store_id)
    body["extension_attributes"] = {
        "website_ids": details.website_ids,
        "stock_item": stock_shown(shop, product),
        **_parts(shop, product, details),
    }
    links = details.parts.get("product_links") or []
    if not saved or links:
        body["product_links"] = links
    body["options"] = details.parts.get("options") or []
    body["media_gallery_entries"] = []
    tiers = list(_tiers(shop, product, store_id))
    if not saved or tiers:
        body["tier_prices"] = tiers
    body["custom_attributes"] = _attributes(product, details, store_id)
    return body


def listed(shop: Shop, product: Product, store_id: int) -> dict[str, Any]:
    """Return a product as an entry of a list: without its stock."""
    details = product.details or EMPTY
    return {
        **_head(shop, product, details, store_id),
        "extension_attributes": {"website_ids": details.website_ids},
        "product_links": details.parts.get("product_links") or [],
        "options": details.parts.get("options") or [],
        "media_gallery_entries": [],
        "tier_prices": list(_tiers(shop, product, store_id)),
        "custom_attributes": _attributes(product, details, store_id),
    }


def _head(shop: Shop, product: Product, details: Details, store_id: int) -> dict[str, Any]:
    fields = details.fields
    price = price_in(product, store_id)
    body: dict[str, Any] = {
        "id": product.id,
        "sku": product.sku,
        "name": product.name,
        "attribute_set_id": fields.get("attribute_set_id", 4),
    }
    if product.type_id != "grouped":
        body["price"] = php.shown(price or 0, php.PRICE)
    body |= {
        "status": fields.get("status", 1),
        "visibility": fields.get("visibility", 4),
        "type_id": product.type_id,
        "created_at": details.created_at or shop.created,
        "updated_at": details.updated_at or shop.created,
    }
    if product.type_id not in WEIGHTLESS and fields.get("weight", 1) is not None:
        body["weight"] = fields.get("weight", 1)
    return body


def _parts(shop: Shop, product: Product, details: Details) -> dict[str, Any]:
    found: dict[str, Any] = {name: details.parts[name] for name in PLAIN_PARTS if name in details.parts}
    if "bundle_product_options" in found:
        found["bundle_product_options"] = [bundle_option(shop, option) for option in found["bundle_product_options"]]
    if product.type_id == "configurable":
        children = details.parts.get("children", [])
        options = details.parts.get("configurable_product_options", [])
        values = _values if children else (lambda option: {**option, "values": []})
        found["configurable_product_options"] = [values(option) for option in options]
        ids = [child.id for link in children if (child := shop.product(link["sku"])) is not None]
        found["configurable_product_links"] = ids
    if product.type_id == "downloadable":
        found["downloadable_product_samples"] = []
    return found


def _values(option: dict[str, Any]) -> dict[str, Any]:
    return option


def bundle_option(shop: Shop, option: dict[str, Any]) -> dict[str, Any]:
    """Return a bundle's option with its selections, whose prices are the current ones of their products."""
    links = []
    for link in option.get("product_links") or []:
        child = shop.product(link["sku"])
        price = link.get("price")
        if price is None and child is not None:
            price = php.shown(child.price or 0, php.PRICE)
        links.append({**link, "price": price})
    return {**option, "product_links": links}


def _tiers(shop: Shop, product: Product, store_id: int) -> Iterator[dict[str, Any]]:
    """Return the tier prices of the store view's website by quantity; a discount is converted to the price."""
    if product.details is None:
        return
    website = shop.stores[store_id].website_id
    for tier in sorted(product.details.tiers, key=lambda one: one.quantity):
        if website and tier.website_id not in (0, website):
            continue
        if website and tier.website_id == 0 and _overridden(product.details.tiers, tier, website):
            continue
        extension: dict[str, Any] = {"website_id": website or tier.website_id}
        value = tier.value
        if tier.percent:
            value = (price_in(product, store_id) or 0) * (100 * php.PRICE - tier.value) // (100 * php.PRICE)
            extension = {"percentage_value": php.shown(tier.value, php.PRICE), **extension}
        yield {
            "customer_group_id": ALL_GROUPS if tier.group is None else tier.group,
            "qty": php.shown(tier.quantity, php.QUANTITY),
            "value": php.shown(value, php.PRICE),
            "extension_attributes": extension,
        }


def _overridden(tiers: list[TierPrice], tier: TierPrice, website: int) -> bool:
    own = (tier.group, tier.quantity)
    return any(one.website_id == website and (one.group, one.quantity) == own for one in tiers)


def _attributes(product: Product, details: Details, store_id: int) -> list[dict[str, Any]]:
    values: dict[str, Any] = {}
    special = in_scope(details.special_prices, store_id)
    if special is not None:
        values["special_price"] = f"{special // php.PRICE}.{special % php.PRICE:06d}"
        values["special_from_date"] = in_scope(details.special_from, store_id)
        values["special_to_date"] = in_scope(details.special_to, store_id)
    values |= {
        "options_container": "container2",
        "msrp_display_actual_price_type": "0",
        "url_key": url_key(product.name),
        "required_options": "0",
        "has_options": "1" if details.parts.get("options") else "0",
        "tax_class_id": "2",
        **details.attributes,
        "category_ids": [],
    }
    if product.type_id == "grouped":
        for name in ("msrp_display_actual_price_type", "tax_class_id"):
            del values[name]
    return [{"attribute_code": code, "value": value} for code, value in values.items() if value is not None]
