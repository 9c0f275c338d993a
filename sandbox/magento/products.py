"""Products: one by SKU, lists by search criteria, and saved, alone or with the parts of composite ones.

Saving an existing SKU changes that product. Source: recordings of setup, nonsimple-setup, prices2 (`ws_*`) and
stock-special; magento-observed.md, part two, sections 1 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.magento import php
from sandbox.magento.base_prices import is_fixed, put_price
from sandbox.magento.bundles import sources_of
from sandbox.magento.errors import NO_PRODUCT, Refusal
from sandbox.magento.product_input import PRODUCT
from sandbox.magento.product_views import EMPTY, WEIGHTLESS, listed, price_in, shown, url_key
from sandbox.magento.records import COMPOSITE, Product
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import SEARCH, Columns, Criteria, found, result
from sandbox.magento.state import DEFAULT_SOURCE, Shop
from sandbox.magento.stock_items import put_stock
from sandbox.magento.typed import BOOL, TEXT, Parameter

FIELDS = ("attribute_set_id", "status", "visibility", "weight")
DUPLICATE_TIER = "We found a duplicate website, tier price, customer group and quantity."
IMAGES = ("image", "small_image", "thumbnail")
DOMAIN = "Link URL's domain is not in list of downloadable_domains in env.php."
TOGETHER = (
    'Product "%1" cannot be added to bundle product as bundle product has "Ship Bundle Items Together" and "%1" '
    "product assigned to multiple sources or has different source then rest of bundle items"
)


def get(call: Call) -> dict[str, Any]:
    """Return one product in the scope of the path's store view."""
    return shown(call.shop, _existing(call), call.store_id)


def _existing(call: Call) -> Product:
    product = call.shop.product(call.given["sku"])
    if product is None:
        raise Refusal(404, NO_PRODUCT)
    return product


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested products."""
    asked: Criteria = call.given["searchCriteria"]
    items, total = matching(call.shop, call.store_id, asked)
    return result([listed(call.shop, product, call.store_id) for product in items], asked, total)


def matching(
    shop: Shop, store_id: int, asked: Criteria, wanted: Callable[[Product], bool] | None = None
) -> tuple[list[Product], int]:
    """Return the matching products of those wanted, and their total number; a search for certain SKUs uses an index."""
    skus = asked.of_texts("sku")
    rows: Iterable[Product] = shop.products.values()
    if skus is not None:
        some = {product.id: product for sku in skus if (product := shop.product(sku)) is not None}
        rows = [some[number] for number in sorted(some)]
    if wanted is not None:
        rows = [one for one in rows if wanted(one)]
    return found(rows, _columns(shop, store_id), asked, attributes=True)


def _columns(shop: Shop, store_id: int) -> Columns:
    columns: Columns = {
        "entity_id": lambda one: int(one.id),
        "id": lambda one: int(one.id),
        "sku": lambda one: str(one.sku),
        "name": lambda one: str(one.name),
        "type_id": lambda one: str(one.type_id),
        "price": lambda one: float(php.shown(price_in(one, store_id) or 0, php.PRICE)),
        "attribute_set_id": lambda one: int((one.details or EMPTY).fields.get("attribute_set_id", 4)),
        "status": lambda one: int((one.details or EMPTY).fields.get("status", 1)),
        "visibility": lambda one: int((one.details or EMPTY).fields.get("visibility", 4)),
        "created_at": lambda one: (one.details or EMPTY).created_at or shop.created,
        "updated_at": lambda one: (one.details or EMPTY).updated_at or shop.created,
        "url_key": lambda one: url_key(one.name),
    }
    return columns


def children_of(call: Call) -> list[dict[str, Any]]:
    """Return the children of a configurable product."""
    product = _existing(call)
    links = product.details.parts.get("children", []) if product.details else []
    found_children = [child for link in links if (child := call.shop.product(link["sku"])) is not None]
    shown_children = [listed(call.shop, child, call.store_id) for child in found_children]
    for body in shown_children:
        del body["extension_attributes"], body["options"]
        unseen = ("options_container",)
        body["custom_attributes"] = [one for one in body["custom_attributes"] if one["attribute_code"] not in unseen]
    return shown_children


def add_child(call: Call) -> bool:
    """Make a product a child of a configurable one."""
    product = _existing(call)
    child = call.shop.product(call.given["childSku"])
    if child is None:
        raise Refusal(404, NO_PRODUCT)
    links = product.more.parts.setdefault("children", [])
    if any(link["sku"] == child.sku for link in links):
        raise Refusal(400, "The product is already attached.")
    links.append({"sku": child.sku})
    product.more.attributes |= dict.fromkeys(IMAGES, "no_selection")
    return True


def delete(call: Call) -> bool:
    """Delete a product; its rows at the sources stay."""
    call.shop.remove_product(_existing(call))
    return True


def save(call: Call) -> dict[str, Any]:
    """Create or change a product; return it as it is afterwards."""
    shop, given = call.shop, call.given["product"]
    product = shop.product(given.get("sku") or "")
    extension = given.get("extension_attributes") or {}
    _check_downloads(extension)
    if shop.settings.deadlock():
        raise Refusal(400, "Could not save Source Item Configuration")
    if product is None:
        product = _make(shop, given, extension)
    else:
        _check_scope(call, product, given)
        product.name = given.get("name") or product.name
        if given.get("price") is not None:
            put_price(shop, product, php.price6(given["price"]), call.store_id)
    _put(shop, product, given, extension)
    return shown(shop, product, call.store_id, saved=True)


def _check_downloads(extension: Mapping[str, Any]) -> None:
    links = extension.get("downloadable_product_links") or []
    if any(link.get("link_type") == "url" and link.get("link_url") for link in links):
        raise Refusal(400, DOMAIN)


def _check_scope(call: Call, product: Product, given: Mapping[str, Any]) -> None:
    """Refuse what Magento refuses in the scope of all stores: it checks tier prices again and counts a website's row
    twice.
    """
    if call.store_id or call.shop.settings.price_scope == "global" or product.details is None:
        return
    keys = [(tier.group, tier.quantity) for tier in product.details.tiers]
    if len(set(keys)) < len(keys):
        raise Refusal(400, DUPLICATE_TIER)


def _make(shop: Shop, given: Mapping[str, Any], extension: Mapping[str, Any]) -> Product:
    for name, label in (("sku", "sku"), ("name", "name")):
        if not (given.get(name) or "").strip():
            raise Refusal(400, 'The "%1" attribute value is empty. Set the attribute and try again.', [label])
    kind = given.get("type_id") or "simple"
    _check_bundle(shop, given, extension)
    price = None if given.get("price") is None else php.price6(given["price"])
    product = shop.add_product(given["sku"], given["name"], kind, price)
    details = product.more
    details.created_at = shop.now()
    details.stock.quantity = 0 if kind in COMPOSITE else None
    if kind not in COMPOSITE:
        shop.put_item(product.sku, DEFAULT_SOURCE, 0, 1)
    return product


def _check_bundle(shop: Shop, given: Mapping[str, Any], extension: Mapping[str, Any]) -> None:
    """Refuse a bundle that ships together if its children are not all at one source."""
    options = extension.get("bundle_product_options") or []
    attributes = {one.get("attribute_code"): one.get("value") for one in given.get("custom_attributes") or []}
    if str(attributes.get("shipment_type", "0")) != "0":
        return
    skus = [link.get("sku") or "" for option in options for link in option.get("product_links") or []]
    used: set[str] = set()
    for sku in skus:
        used |= sources_of(shop, sku)
        if len(used) > 1:
            raise Refusal(400, TOGETHER, [sku])


def _put(shop: Shop, product: Product, given: Mapping[str, Any], extension: Mapping[str, Any]) -> None:
    details = product.more
    details.updated_at = shop.now()
    details.fields |= {name: given[name] for name in FIELDS if given.get(name) is not None}
    if product.type_id in WEIGHTLESS:
        details.fields["weight"] = None
    if extension.get("website_ids") is not None:
        details.website_ids = list(extension["website_ids"])
    for one in given.get("custom_attributes") or []:
        details.attributes[one.get("attribute_code") or ""] = one.get("value")
    for name in ("product_links", "options"):
        if given.get(name) is not None:
            details.parts[name] = [numbered(shop, name, product, part) for part in given[name]]
    _put_parts(shop, product, extension)
    if extension.get("stock_item") is not None:
        put_stock(shop, product, extension["stock_item"])


def _put_parts(shop: Shop, product: Product, extension: Mapping[str, Any]) -> None:
    parts = product.more.parts
    if extension.get("bundle_product_options") is not None:
        parts["bundle_product_options"] = [
            _bundle_option(shop, one, fixed=is_fixed(product)) for one in extension["bundle_product_options"]
        ]
        shop.bundles[product.id] = product
    if extension.get("configurable_product_options") is not None:
        parts["configurable_product_options"] = [
            {"id": shop.next_id("configurable option"), **one, "product_id": product.id}
            for one in extension["configurable_product_options"]
        ]
    if extension.get("downloadable_product_links") is not None:
        parts["downloadable_product_links"] = [_download(shop, one) for one in extension["downloadable_product_links"]]


def numbered(shop: Shop, name: str, product: Product, part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a product with the ids that Magento gives it."""
    if name != "options":
        return dict(part)
    made = {"product_sku": product.sku, "option_id": shop.next_id("option"), **part}
    if part.get("values"):
        made["values"] = [{"option_type_id": shop.next_id("option value"), **one} for one in part["values"]]
    return made


def _bundle_option(shop: Shop, given: Mapping[str, Any], *, fixed: bool) -> dict[str, Any]:
    """Return an option with its selections, which have their own prices only in a bundle with a fixed price."""
    number = shop.next_id("bundle option")
    links = []
    for link in given.get("product_links") or []:
        dynamic = {} if fixed else {"price": None, "price_type": None}
        links.append({"id": str(shop.next_id("selection")), "option_id": number, **link, **dynamic})
    return {"option_id": number, **given, "product_links": links}


def _download(shop: Shop, given: Mapping[str, Any]) -> dict[str, Any]:
    made = {"id": shop.next_id("download"), **given, "sample_type": given.get("sample_type")}
    content = made.pop("link_file_content", None)
    if content:
        name = content.get("name") or ""
        made["link_file"] = f"/{name[:1]}/{name[1:2].replace('.', '_')}/{name}"
    return made


_REPOSITORY: dict[str, Any] = {
    "resource": "Magento_Catalog::products",
    "interface": "Magento\\Catalog\\Api\\ProductRepositoryInterface",
    "implementation": "Magento\\Catalog\\Model\\ProductRepository\\Interceptor",
}
_SKU = Parameter("sku", TEXT)
_SAVED = (Parameter("product", PRODUCT), Parameter("saveOptions", BOOL, required=False, default=False))
ROUTES = (
    Route("GET", "products", get_list, (SEARCH,), **_REPOSITORY),
    Route("GET", "products/:sku", get, (_SKU,), **_REPOSITORY),
    Route("POST", "products", save, _SAVED, operation="save", **_REPOSITORY),
    Route("PUT", "products/:sku", save, _SAVED, operation="save", into="product", **_REPOSITORY),
    Route("DELETE", "products/:sku", delete, (_SKU,), operation="deleteById", **_REPOSITORY),
    Route("GET", "configurable-products/:sku/children", children_of, (_SKU,), **_REPOSITORY),
    Route(
        "POST",
        "configurable-products/:sku/child",
        add_child,
        (_SKU, Parameter("childSku", TEXT)),
        resource="Magento_Catalog::products",
        interface="Magento\\ConfigurableProduct\\Api\\LinkManagementInterface",
        operation="addChild",
        implementation="Magento\\ConfigurableProduct\\Model\\LinkManagement",
    ),
)
