"""Changes that a test may make in the running shop and that Magento's own API does not offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.magento import php
from sandbox.magento.access import TOKEN
from sandbox.magento.errors import Refusal
from sandbox.magento.products import numbered
from sandbox.magento.records import CustomerGroup, Product
from sandbox.magento.state import Shop

Given = Mapping[str, Any]


class BadChange(ValueError):
    """A change that names something unknown or is not valid; the text is the reason."""


Changes = Mapping[str, Callable[[Shop, Any], dict[str, Any] | None]]


def apply(shop: Shop, change: Any, known: Changes) -> dict[str, Any]:
    """Make one of the `known` changes (`{"set_price": {…}}`); return its result. Raises `BadChange`."""
    if not isinstance(change, Mapping) or len(change) != 1:
        raise BadChange("a change is an object with exactly one name.")
    ((name, given),) = change.items()
    make = known.get(name)
    if make is None:
        raise BadChange(f"there is no change {name!r}; known are {', '.join(sorted(known))}.")
    try:
        return make(shop, given) or {}
    except KeyError as fault:
        raise BadChange(f"{name}: {fault} is missing or unknown.") from fault
    except Refusal as fault:
        raise BadChange(f"{name}: {fault.words()}") from fault
    except (ValueError, TypeError, AttributeError) as fault:
        raise BadChange(f"{name}: {fault}") from fault


def _scaled(value: Any, unit: int, limit: int) -> int:
    try:
        whole = Decimal(str(value)) * unit
        if whole != int(whole) or abs(whole) > limit:
            raise ValueError(f"{value!r} has too many digits.")
    except (InvalidOperation, OverflowError) as fault:
        raise ValueError(f"{value!r} is no number.") from fault
    return int(whole)


def _product(shop: Shop, sku: Any) -> Product:
    product = shop.product(sku)
    if product is None:
        raise ValueError(f"there is no product {sku!r}.")
    return product


def add_product(shop: Shop, given: Given) -> dict[str, Any]:
    """Add a product: sku, name, type_id, price, website_ids, attributes, options, and what belongs to
    composite ones.
    """
    sku = given["sku"]
    if not isinstance(sku, str) or not sku.strip():
        raise ValueError(f"{sku!r} is no SKU.")
    if shop.product(sku) is not None:
        raise ValueError(f"there is a product {sku!r} already.")
    price = _scaled(given.get("price", 0), php.PRICE, php.PRICE_LIMIT)
    product = shop.add_product(sku, given.get("name", sku), given.get("type_id", "simple"), price)
    product.more.created_at = product.more.updated_at = shop.now()
    if "website_ids" in given:
        product.more.website_ids = [int(number) for number in given["website_ids"]]
    if "attributes" in given:
        product.more.attributes |= {str(name): value for name, value in given["attributes"].items()}
    if "options" in given:
        product.more.parts["options"] = [numbered(shop, "options", product, one) for one in given["options"]]
    if "children" in given:
        shop.link(product, [str(child) for child in given["children"]])
    return {"id": product.id}


def remove_product(shop: Shop, given: Any) -> None:
    """Remove a product by its sku."""
    shop.remove_product(_product(shop, given))


def rename_product(shop: Shop, given: Given) -> None:
    """Change a product's SKU: sku, to. Its rows at sources and its reservations follow; lines of orders keep the old
    SKU.
    """
    product, to = _product(shop, given["sku"]), str(given["to"])
    if not to.strip() or shop.product(to) not in (None, product):
        raise ValueError(f"{to!r} is no SKU, or that of another product.")
    shop.rename(product, to)


def set_price(shop: Shop, given: Given) -> None:
    """Set a price: sku, price, store_id (0 by default); a price of null removes the one of a store."""
    product = _product(shop, given["sku"])
    store_id = given.get("store_id", 0)
    if store_id not in shop.stores:
        raise ValueError(f"there is no store {store_id!r}.")
    price = None if given["price"] is None else _scaled(given["price"], php.PRICE, php.PRICE_LIMIT)
    if store_id == 0:
        product.price = price
    elif price is None:
        product.more.prices.pop(store_id, None)
    else:
        product.more.prices[store_id] = price


def set_source_item(shop: Shop, given: Given) -> None:
    """Set a row at a source: sku, source_code, quantity, status (1 by default)."""
    if shop.source(given["source_code"]) is None:
        raise ValueError(f"there is no source {given['source_code']!r}.")
    quantity = _scaled(given["quantity"], php.QUANTITY, php.QUANTITY_LIMIT)
    shop.put_item(str(given["sku"]), given["source_code"], quantity, int(given.get("status", 1)))


def remove_source_item(shop: Shop, given: Given) -> None:
    """Remove a row at a source: sku, source_code."""
    if not shop.drop_item(given["sku"], given["source_code"]):
        raise ValueError(f"there is no row of {given['sku']!r} at {given['source_code']!r}.")


def set_stock_item(shop: Shop, given: Given) -> None:
    """Set the legacy stock of a product: sku, quantity, is_in_stock, and any other field of a stock item by
    its name.
    """
    stock = _product(shop, given["sku"]).more.stock
    if "quantity" in given:
        stock.quantity = _scaled(given["quantity"], php.QUANTITY, php.QUANTITY_LIMIT)
    stock.is_in_stock = bool(given.get("is_in_stock", stock.is_in_stock))
    stock.fields |= {name: value for name, value in given.items() if name not in ("sku", "quantity", "is_in_stock")}


def setting(shop: Shop, given: Given) -> None:
    """Set switches by name, see `settings.Settings`."""
    for name, value in given.items():
        shop.settings.put(name, value)


def token(shop: Shop, given: Given) -> None:
    """Change a token: `token` (the sandbox's by default), `resources` (null: all of them), `revoked`."""
    name = given.get("token", TOKEN)
    if "resources" in given:
        resources = given["resources"]
        if resources is not None and not isinstance(resources, list):
            raise ValueError("resources is a list of names, or null.")
        shop.access.limit(name, resources)
    if "revoked" in given:
        shop.access.revoke(name, revoked=bool(given["revoked"]))


def set_customer_group(shop: Shop, given: Given) -> None:
    """Set a customer group: id, code."""
    number = int(given["id"])
    shop.customer_groups[number] = CustomerGroup(number, str(given["code"]))


def add_website(shop: Shop, given: Given) -> dict[str, Any]:
    """Add a website with a store: code, name, stores (its store views: their codes, or each with code and name)."""
    views = [one if isinstance(one, Mapping) else {"code": one, "name": one} for one in given["stores"]]
    stores = [str(view["code"]) for view in views]
    if not stores or any(code in shop.store_codes for code in stores):
        raise ValueError("stores needs codes that are not there yet.")
    website = shop.add_website(str(given["code"]), str(given.get("name", given["code"])), stores)
    for view in views:
        shop.stores[shop.store_codes[str(view["code"])]].name = str(view["name"])
    return {"id": website.id}


def reset_queue(shop: Shop, given: Any) -> None:
    """Forget all operations of the queue."""
    shop.bulks.clear()
    shop.waiting.clear()


CHANGES: Changes = {
    "add_product": add_product,
    "remove_product": remove_product,
    "rename_product": rename_product,
    "set_price": set_price,
    "set_source_item": set_source_item,
    "remove_source_item": remove_source_item,
    "set_stock_item": set_stock_item,
    "setting": setting,
    "token": token,
    "set_customer_group": set_customer_group,
    "add_website": add_website,
    "reset_queue": reset_queue,
}
