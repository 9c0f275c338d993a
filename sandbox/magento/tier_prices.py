"""Tier prices: added, replaced, read and deleted; the key is SKU, website, customer group and quantity.

One unknown SKU refuses the whole call; everything else is a row error. Source: magento-observed.md, part two, section
4; recordings `tp_*`, `tpb_*`, `tpc_*`, `ws_tier_*`, `type_tier_*` of prices2, and special-and-tier-prices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.magento import php
from sandbox.magento.base_prices import Rows
from sandbox.magento.errors import NO_PRODUCT, Refusal
from sandbox.magento.records import Product, TierPrice
from sandbox.magento.routes import Call, Route
from sandbox.magento.state import Shop
from sandbox.magento.typed import FLOAT, INT, TEXT, Data, Parameter, anything, listed, texts

Row = Mapping[str, Any]
TIER_PRICE = Data(
    "Magento\\Catalog\\Api\\Data\\TierPriceInterface",
    {
        "price": FLOAT,
        "price_type": TEXT,
        "website_id": INT,
        "sku": TEXT,
        "customer_group": TEXT,
        "quantity": FLOAT,
        "extension_attributes": anything,
    },
)
ALL_GROUPS = "all groups"
FIXED, DISCOUNT = "fixed", "discount"
ROW = "Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty."
DUPLICATE = (
    "We found a duplicate website, tier price, customer group and quantity: Customer Group = %customerGroup, Website ID"
    " = %websiteId, Quantity = %qty."
)


def _text(value: Any) -> str | None:
    return None if value is None else php.text_of(value)


def _fault(row: Row, message: str, *first: Any) -> dict[str, Any]:
    of_row = [row.get("sku"), _text(row.get("website_id")), row.get("customer_group"), _text(row.get("quantity"))]
    return {"message": f"{message} {ROW}", "parameters": [*first, *of_row]}


def _same_but_website(one: Row, other: Row) -> bool:
    """Return whether two rows of a SKU are for the same group and quantity."""
    groups = [php.lower(row.get("customer_group") or "") for row in (one, other)]
    return groups[0] == groups[1] and one.get("quantity") == other.get("quantity")


def _duplicates(row: Row, rows: Sequence[Row], stored: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Return a fault for each other row of the request with the same key, and for each stored row with an overlapping
    website.
    """
    for other in rows:
        if other is not row and other.get("website_id") == row.get("website_id") and _same_but_website(row, other):
            yield _fault(other, DUPLICATE)
    for other in stored:
        websites = {other["website_id"], row.get("website_id")}
        if len(websites) > 1 and 0 in websites and _same_but_website(row, other):
            yield _fault(other, DUPLICATE)


def _group(shop: Shop, name: str | None) -> tuple[bool, int | None]:
    """Return whether a group of this name exists, and its id, which is None for all groups."""
    wanted = php.lower(name or "")
    if wanted == ALL_GROUPS:
        return True, None
    found = next((one.id for one in shop.customer_groups.values() if php.lower(one.code) == wanted), None)
    return found is not None, found


def _faults(
    shop: Shop, row: Row, taken: Product | None, rows: Sequence[Row], stored: Sequence[Row]
) -> Iterator[dict[str, Any]]:
    price, kind, quantity = row.get("price"), row.get("price_type"), row.get("quantity")
    product = shop.located(row.get("sku"))
    if taken is None:
        yield _fault(row, "Invalid attribute SKU = %SKU.")
    if price is None or price < 0 or (kind == DISCOUNT and price > 100):
        yield _fault(row, "Invalid attribute Price = %price.", _text(price))
    of_bundle = product is not None and product.type_id == "bundle"
    if kind not in (FIXED, DISCOUNT) or (of_bundle and kind != DISCOUNT):
        yield _fault(row, "Invalid attribute Price Type = %priceType.", kind)
    if quantity is None or quantity < 1:
        yield _fault(row, "Invalid attribute Quantity = %qty.")
    if row.get("website_id") not in shop.websites:
        yield _fault(row, "Invalid attribute Website ID = %websiteId.")
    yield from _duplicates(row, rows, stored)
    if not _group(shop, row.get("customer_group"))[0]:
        yield _fault(row, "No such entity with Customer Group = %customerGroup.")


def _checked(call: Call, *, beside_stored: bool) -> tuple[list[tuple[Product, TierPrice]], list[dict[str, Any]]]:
    """Return the good rows as tier prices of their products, and the errors of the others.

    `beside_stored`: a row must not be for all websites if a stored one is for a single one, nor the other way round.
    """
    shop, rows = call.shop, call.given["prices"]
    if any(shop.located(row.get("sku")) is None for row in rows):
        raise Refusal(404, NO_PRODUCT)
    products = Rows(shop, rows, fixed_only=False)
    of_sku: dict[str | None, list[Row]] = {}
    for row in rows:
        of_sku.setdefault(row.get("sku"), []).append(row)
    good, errors = [], []
    for row in rows:
        product = products.product(row.get("sku"))
        found = shop.located(row.get("sku"))
        stored = list(_rows(shop, found)) if beside_stored and found is not None else []
        faults = list(_faults(shop, row, product, of_sku[row.get("sku")], stored))
        errors += faults
        if not faults and product is not None:
            good.append((product, _tier(shop, row)))
    call.applied = bool(good)
    return good, errors


def _tier(shop: Shop, row: Row) -> TierPrice:
    group = _group(shop, row["customer_group"])[1]
    percent = row["price_type"] == DISCOUNT
    return TierPrice(row["website_id"], group, php.quantity4(row["quantity"]), php.price6(row["price"]), percent)


def _place(tier: TierPrice) -> tuple[Any, ...]:
    return (tier.group is None, tier.group or 0, tier.quantity, tier.website_id)


def _put(tiers: list[TierPrice], tier: TierPrice) -> None:
    own = next((place for place, one in enumerate(tiers) if _place(one) == _place(tier)), None)
    if own is None:
        tiers.append(tier)
    else:
        tiers[own] = tier


def update(call: Call) -> list[dict[str, Any]]:
    """Add tier prices, or change those of the same key; return the row errors."""
    good, errors = _checked(call, beside_stored=True)
    for product, tier in good:
        _put(product.more.tiers, tier)
    return errors


def replace(call: Call) -> list[dict[str, Any]]:
    """Replace all tier prices of the SKUs with a good row; return the row errors."""
    good, errors = _checked(call, beside_stored=False)
    for product in {product.id: product for product, _tier_price in good}.values():
        product.more.tiers.clear()
    for product, tier in good:
        _put(product.more.tiers, tier)
    return errors


def delete(call: Call) -> list[dict[str, Any]]:
    """Delete tier prices that are equal in every field, including the price; others are ignored."""
    good, errors = _checked(call, beside_stored=False)
    call.applied = False
    for product, tier in good:
        if tier in product.more.tiers:
            product.more.tiers.remove(tier)
            call.applied = True
    return errors


def information(call: Call) -> list[dict[str, Any]]:
    """Return the tier prices of SKUs; unknown SKUs are left out."""
    found = {product.id: product for sku in call.given["skus"] if (product := call.shop.located(sku)) is not None}
    return [row for number in sorted(found) for row in _rows(call.shop, found[number])]


def _rows(shop: Shop, product: Product) -> Iterator[dict[str, Any]]:
    tiers: Sequence[TierPrice] = product.details.tiers if product.details is not None else ()
    for tier in sorted(tiers, key=_place):
        yield {
            "price": php.shown(tier.value, php.PRICE),
            "price_type": DISCOUNT if tier.percent else FIXED,
            "website_id": tier.website_id,
            "sku": product.sku,
            "customer_group": ALL_GROUPS if tier.group is None else shop.customer_groups[tier.group].code,
            "quantity": php.shown(tier.quantity, php.QUANTITY),
        }


_SERVICE: dict[str, Any] = {
    "resource": "Magento_Catalog::catalog",
    "interface": "Magento\\Catalog\\Api\\TierPriceStorageInterface",
    "implementation": "Magento\\Catalog\\Model\\Product\\Price\\TierPriceStorage",
}
_PRICES = (Parameter("prices", listed(TIER_PRICE)),)
_SKUS = (Parameter("skus", texts),)
ROUTES = (
    Route("POST", "products/tier-prices", update, _PRICES, operation="update", **_SERVICE),
    Route("PUT", "products/tier-prices", replace, _PRICES, operation="replace", **_SERVICE),
    Route("POST", "products/tier-prices-delete", delete, _PRICES, operation="delete", **_SERVICE),
    Route("POST", "products/tier-prices-information", information, _SKUS, operation="get", question=True, **_SERVICE),
)
