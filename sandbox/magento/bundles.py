"""Bundles that ship together: all their children must be at the same source.

A row for a child is refused, whatever its quantity, if the bundle's children have rows but none at that source in that
spelling. Rows of the same request do not count, and a shop with one source does not check. Source: magento-observed.md,
part two, section 1, and part three; recording nonsimple-setup/bundle_child_second_source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.magento import php
from sandbox.magento.records import Product
from sandbox.magento.state import DEFAULT_SOURCE, Shop

TOGETHER = "0"
FAULT = (
    'Not able to assign "%1" to product "%2", as it is part of bundle product <a href="%3">"%4"</a> with shipment type '
    '"Ship Together" and has multiple sources or different source as other bundle selections.'
)


def children(bundle: Product) -> list[str]:
    """Return the SKUs of a bundle's selections."""
    if bundle.details is None:
        return []
    options = bundle.details.parts.get("bundle_product_options", [])
    return [link["sku"] for option in options for link in option.get("product_links") or []]


def ships_together(bundle: Product) -> bool:
    """Return whether a bundle ships as a whole."""
    details = bundle.details
    return details is not None and str(details.attributes.get("shipment_type", TOGETHER)) == TOGETHER


def together_faults(shop: Shop, rows: Sequence[Mapping[str, Any]], base_url: str) -> list[dict[str, Any]]:
    """Return the errors of rows that would put a child of such a bundle at a second source."""
    if not shop.bundles or len(shop.sources) < 2:
        return []
    return [fault for row in rows for fault in _faults(shop, row, base_url)]


def _faults(shop: Shop, row: Mapping[str, Any], base_url: str) -> Iterator[dict[str, Any]]:
    key = php.collated(row["sku"])
    for bundle in shop.bundles.values():
        family = {php.collated(sku) for sku in children(bundle)}
        if not ships_together(bundle) or key not in family:
            continue
        used = {item.source_code for sku in family for item in shop.items(sku)}
        if used and row["source_code"] not in used:
            href = f"{base_url}catalog/product/edit/id/{bundle.id}/"
            parameters = [row["source_code"], row["sku"], href, bundle.sku]
            yield {"message": FAULT, "parameters": parameters}
            return


def sources_of(shop: Shop, sku: str) -> set[str]:
    """Return the sources that have a SKU. `default` does not count, because each product has a row there."""
    places = {php.collated(item.source_code) for item in shop.items(sku)}
    return places - {php.collated(DEFAULT_SOURCE)}
