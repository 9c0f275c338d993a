"""The options of a product: the contents of a bundle, and what a customer may enter.

Source: recordings of nonsimple-orders.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.errors import NO_PRODUCT, Refusal
from sandbox.magento.product_views import bundle_option
from sandbox.magento.records import Product
from sandbox.magento.routes import Call, Route
from sandbox.magento.sold import parts
from sandbox.magento.typed import TEXT, Parameter


def _product(call: Call) -> Product:
    product = call.shop.product(call.given["sku"])
    if product is None:
        raise Refusal(404, NO_PRODUCT)
    return product


def of_bundle(call: Call) -> list[dict[str, Any]]:
    """Return the options of a bundle with their selections."""
    product = _product(call)
    if product.type_id != "bundle":
        raise Refusal(400, "This is implemented for bundle products only.")
    return [bundle_option(call.shop, option) for option in parts(product, "bundle_product_options")]


def custom(call: Call) -> list[dict[str, Any]]:
    """Return what a customer may choose or enter."""
    return parts(_product(call), "options")


_SKU = (Parameter("sku", TEXT),)
_CATALOG: dict[str, Any] = {"resource": "Magento_Catalog::products"}
ROUTES = (
    Route("GET", "bundle-products/:sku/options/all", of_bundle, _SKU, **_CATALOG),
    Route("GET", "products/:sku/options", custom, _SKU, **_CATALOG),
)
