"""Guest carts with what is needed to place an order: items, addresses with the shipping method, payment.

Shipping is a flat rate, payment by check. Source: recordings of cart and nonsimple-orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.magento import php
from sandbox.magento.cart_totals import totals
from sandbox.magento.errors import NO_PRODUCT, Refusal, no_entity
from sandbox.magento.placing import Buyer, is_virtual, place
from sandbox.magento.records import COMPOSITE
from sandbox.magento.routes import Call, Route
from sandbox.magento.salable import is_salable, salable_quantity
from sandbox.magento.sales_records import Cart
from sandbox.magento.sales_tables import json_value, money
from sandbox.magento.sold import Sold, bundle, child_by_options, configurable, grouped, links_by_options, plain
from sandbox.magento.state import Shop
from sandbox.magento.typed import INT, TEXT, Data, Parameter, anything, ints, listed, texts

EMPTY = "The shipping method can't be set for an empty cart. Add an item to cart and try again."
NO_METHOD = "The shipping method is missing. Select the shipping method and try again."
NO_BILLING = "The billing address is missing. Set the address and try again."
NOT_AVAILABLE = "Product that you are trying to add is not available."
TOO_MANY = "The requested qty is not available"
NO_CARRIER = "Carrier with such method not found: %1, %2"
METHODS = [{"code": "checkmo", "title": "Check / Money order"}]
_QUOTE = "Magento\\Quote\\Api\\Data\\"
CHOICE = Data("Magento\\Catalog\\Api\\Data\\CustomOptionInterface", {"option_id": TEXT, "option_value": TEXT})
VALUE = Data(
    "Magento\\ConfigurableProduct\\Api\\Data\\ConfigurableItemOptionValueInterface",
    {"option_id": TEXT, "option_value": INT, "extension_attributes": anything},
)
SELECTION = Data(
    "Magento\\Bundle\\Api\\Data\\BundleOptionInterface",
    {"option_id": INT, "option_qty": INT, "option_selections": ints, "extension_attributes": anything},
)
MEMBER = Data("Magento\\GroupedProduct\\Api\\Data\\GroupedOptionsInterface", {"id": INT, "qty": INT})
OPTIONS = Data(
    f"{_QUOTE}ProductOptionExtensionInterface",
    {
        "custom_options": listed(CHOICE),
        "configurable_item_options": listed(VALUE),
        "bundle_options": listed(SELECTION),
        "grouped_options": listed(MEMBER),
        "downloadable_option": anything,
    },
)
ITEM = Data(
    f"{_QUOTE}CartItemInterface",
    {
        **dict.fromkeys(("sku", "name", "product_type", "quote_id"), TEXT),
        "item_id": INT,
        "qty": money,
        "price": money,
        "product_option": Data(f"{_QUOTE}ProductOptionInterface", {"extension_attributes": OPTIONS}),
        "extension_attributes": anything,
    },
)
ADDRESS = Data(
    f"{_QUOTE}AddressInterface",
    {
        **dict.fromkeys(("region", "region_code", "country_id", "company", "telephone", "fax", "postcode"), TEXT),
        **dict.fromkeys(("city", "firstname", "lastname", "middlename", "prefix", "suffix", "vat_id", "email"), TEXT),
        **dict.fromkeys(("id", "region_id", "customer_id", "same_as_billing", "customer_address_id"), INT),
        **dict.fromkeys(("save_in_address_book",), INT),
        "street": texts,
        "extension_attributes": anything,
        "custom_attributes": anything,
    },
)
INFORMATION = Data(
    "Magento\\Checkout\\Api\\Data\\ShippingInformationInterface",
    {
        "shipping_address": ADDRESS,
        "billing_address": ADDRESS,
        "shipping_carrier_code": TEXT,
        "shipping_method_code": TEXT,
        "extension_attributes": anything,
        "custom_attributes": anything,
    },
)
PAYMENT = Data(
    f"{_QUOTE}PaymentInterface",
    {"po_number": TEXT, "method": TEXT, "additional_data": anything, "extension_attributes": anything},
)
KEPT = (
    *("region", "region_code", "region_id", "country_id", "company", "telephone", "fax", "postcode", "city"),
    *("firstname", "lastname", "middlename", "prefix", "suffix", "vat_id", "street"),
)


def create(call: Call) -> str:
    """Create a cart; return its secret name."""
    number = call.shop.next_id("cart")
    name = hashlib.sha256(f"cart {number}".encode()).hexdigest()[:32]
    call.shop.sales.carts[name] = Cart(number, call.store_id or 1)
    return name


def _cart(call: Call) -> Cart:
    name = call.given["cartId"]
    cart = call.shop.sales.carts.get(name)
    if cart is None:
        raise no_entity("cartId", name)
    return cart


def add_item(call: Call) -> dict[str, Any]:
    """Add a product to a cart. If it is already there with the same options, its quantity grows."""
    shop, cart, given = call.shop, _cart(call), call.given["cartItem"]
    options = (given.get("product_option") or {}).get("extension_attributes") or {}
    items = _sold(shop, cart, given, options)
    for item in items:
        _check(shop, cart, item)
    first, *_others = [_add(shop, cart, item) for item in items]
    shown = {
        "item_id": first.id,
        "sku": first.sku,
        "qty": json_value(first.quantity),
        "name": first.product.name,
        "price": json_value(first.price),
        "product_type": first.type_id,
        "quote_id": str(cart.id),
    }
    echoed = first.options or options
    return {**shown, "product_option": {"extension_attributes": echoed}} if echoed else shown


def _sold(shop: Shop, cart: Cart, given: Mapping[str, Any], options: Mapping[str, Any]) -> list[Sold]:
    product, quantity = shop.product(given.get("sku") or ""), given.get("qty") or Decimal(1)
    if product is None:
        raise Refusal(404, NO_PRODUCT)
    if product.type_id == "configurable":
        child = child_by_options(shop, product, options)
        return [configurable(shop, product, child, quantity, cart.store_id, options)]
    if product.type_id == "bundle":
        links = links_by_options(product, options)
        return [bundle(shop, product, links, quantity, cart.store_id, options)]
    if product.type_id == "grouped":
        return grouped(shop, product, quantity, cart.store_id)
    return [plain(shop, product, quantity, cart.store_id, options)]


def _check(shop: Shop, cart: Cart, item: Sold) -> None:
    stock = shop.stock_of(shop.websites[shop.stores[cart.store_id].website_id].code)
    if stock is None:
        return
    if not is_salable(shop, item.product, stock):
        raise Refusal(400, NOT_AVAILABLE)
    for one in item.children or [item]:
        if one.product.type_id in COMPOSITE:
            continue
        have = sum((other.quantity for other in _all(cart.items) if other.product is one.product), Decimal(0))
        wanted = (one.quantity + have) * php.QUANTITY
        backorders = one.product.details is not None and one.product.details.stock.fields.get("backorders")
        if not backorders and wanted > salable_quantity(shop, one.product, stock):
            raise Refusal(400, TOO_MANY)


def _all(items: Iterable[Sold]) -> list[Sold]:
    return [one for item in items for one in (item.children or [item])]


def _add(shop: Shop, cart: Cart, item: Sold) -> Sold:
    key = (item.sku, item.type_id, item.options)
    own: Sold | None = next((one for one in cart.items if (one.sku, one.type_id, one.options) == key), None)
    if own is not None:
        own.quantity += item.quantity
        for old, new in zip(own.children, item.children, strict=True):
            old.quantity += new.quantity
        return own
    for one in (item, *item.children):
        one.id = shop.next_id("cart item")
    cart.items.append(item)
    return item


def set_shipping(call: Call) -> dict[str, Any]:
    """Set the addresses and the shipping method of a cart; return its totals."""
    cart, given = _cart(call), call.given["addressInformation"]
    if not cart.items:
        raise Refusal(400, EMPTY)
    carrier, method = given.get("shipping_carrier_code"), given.get("shipping_method_code")
    if (carrier, method) != ("flatrate", "flatrate") and not is_virtual(cart.items):
        raise Refusal(400, NO_CARRIER, [carrier, method])
    cart.shipping = _kept(given.get("shipping_address") or {})
    cart.billing = _kept(given.get("billing_address") or given.get("shipping_address") or {})
    cart.has_method = True
    return {"payment_methods": METHODS, "totals": totals(call.shop, cart)}


def _kept(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in KEPT if given.get(name) is not None}


def pay(call: Call) -> int:
    """Place the order of a cart; return its id."""
    shop, cart = call.shop, _cart(call)
    virtual = is_virtual(cart.items)
    if not virtual and not cart.has_method:
        raise Refusal(400, NO_METHOD)
    billing = _kept(call.given["billing_address"] or {}) or cart.billing
    if not billing:
        raise Refusal(400, NO_BILLING)
    buyer = Buyer(call.given["email"], cart.store_id, billing, None if virtual else cart.shipping)
    order = place(shop, cart.items, buyer, quote_id=cart.id)
    del shop.sales.carts[call.given["cartId"]]
    return order.id


_CART = Parameter("cartId", TEXT)
ROUTES = (
    Route("POST", "guest-carts", create),
    Route("POST", "guest-carts/:cartId/items", add_item, (_CART, Parameter("cartItem", ITEM))),
    Route(
        "POST",
        "guest-carts/:cartId/shipping-information",
        set_shipping,
        (_CART, Parameter("addressInformation", INFORMATION)),
    ),
    Route(
        "POST",
        "guest-carts/:cartId/payment-information",
        pay,
        (
            _CART,
            Parameter("email", TEXT),
            Parameter("paymentMethod", PAYMENT),
            Parameter("billing_address", ADDRESS, required=False),
        ),
    ),
)
