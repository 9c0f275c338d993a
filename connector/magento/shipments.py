"""The shipments of a Magento order, and the calls that ship.

Input: an order id and what ships. Output: typed values, or a `MagentoFault`; nothing is repeated here. Shipping is not
safe to repeat, Magento reduces quantities beyond what is open, and without a source it uses `default`. So callers
search first, ship exact quantities and always name a source (magento-observed.md, "Shipments" and part two, section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

from connector.magento.client import MagentoClient
from connector.magento.errors import NoSuchRoute, RequestRefused
from connector.magento.queries import number
from connector.magento.search import criteria_of, pages
from connector.model.shipments import Track

STOCK_FAULT = "Could not save a shipment, see error log for details"
"""Magento's only answer for too little at the source, an unknown source, and a source without the SKU."""


@dataclass(frozen=True)
class MagentoShipment:
    """A shipment in Magento: its comments, tracking numbers, and (order item id, quantity).

    `track_ids`: Magento's ids of the tracking numbers, in the same order.
    """

    entity_id: str
    source: str
    comments: tuple[str, ...]
    tracks: tuple[str, ...]
    items: tuple[tuple[int, Decimal], ...]
    increment_id: str = ""
    track_ids: tuple[str, ...] = ()


async def shipments_of(client: MagentoClient, order_id: int) -> list[MagentoShipment]:
    """Return all shipments of an order."""
    return await _with(client, "order_id", str(order_id))


async def with_field(
    client: MagentoClient, field: Literal["entity_id", "increment_id"], value: str
) -> MagentoShipment | None:
    """Return the shipment with this id or number; None if there is none."""
    return next(iter(await _with(client, field, value)), None)


async def _with(client: MagentoClient, field: str, value: str) -> list[MagentoShipment]:
    return [
        MagentoShipment(
            entity_id=str(row["entity_id"]),
            source=str((row.get("extension_attributes") or {}).get("source_code") or ""),
            comments=tuple(str(one.get("comment") or "") for one in row.get("comments") or []),
            tracks=tuple(str(one.get("track_number") or "") for one in row.get("tracks") or []),
            items=tuple((int(one["order_item_id"]), number(one["qty"])) for one in row.get("items") or []),
            increment_id=str(row.get("increment_id") or ""),
            track_ids=tuple(str(one.get("entity_id") or "") for one in row.get("tracks") or []),
        )
        for criteria in criteria_of(field, [value])
        async for row in pages(client, "shipments", criteria)
    ]


async def ship(
    client: MagentoClient,
    order_id: int,
    items: Sequence[tuple[int, Decimal]],
    *,
    mark: str,
    tracks: Sequence[Track],
    source: str | None,
    notify: bool,
) -> str:
    """Ship exactly these order items and return the shipment's id. `source` is None if Magento has no sources (MSI is
    off).

    The mark is a comment that customers do not see, neither in the shop nor in the e-mail.
    """
    body: dict[str, Any] = {
        "items": [{"order_item_id": item_id, "qty": quantity} for item_id, quantity in items],
        "notify": notify,
        "appendComment": False,
        "comment": {"comment": mark, "is_visible_on_front": 0},
        "tracks": [_track(track) for track in tracks],
    }
    if source is not None:
        body["arguments"] = {"extension_attributes": {"source_code": source}}
    return str(await client.write("POST", f"order/{order_id}/ship", body))


async def add_track(client: MagentoClient, order_id: int, shipment_id: str, track: Track) -> None:
    """Add a tracking number to a shipment."""
    entity = {"order_id": order_id, "parent_id": int(shipment_id), **_track(track), "qty": 1, "weight": 0}
    await client.write("POST", "shipment/track", {"entity": {**entity, "description": ""}})


async def remove_track(client: MagentoClient, track_id: str) -> str | None:
    """Remove a tracking number if it still exists. Return Magento's reason if it stays."""
    try:
        await client.write("DELETE", f"shipment/track/{quote(track_id, safe='')}", None)
    except RequestRefused as refused:
        return None if refused.status == 404 else str(refused)
    except NoSuchRoute as missing:
        return str(missing)
    return None


async def mark(client: MagentoClient, shipment_id: str, text: str) -> None:
    """Put our mark on a shipment that somebody else made. It is a comment that customers do not see."""
    entity = {"parent_id": int(shipment_id), "comment": text, "is_visible_on_front": 0, "is_customer_notified": 0}
    await client.write("POST", f"shipment/{shipment_id}/comments", {"entity": entity})


def _track(track: Track) -> dict[str, Any]:
    return {"track_number": track.number, "title": track.title, "carrier_code": track.carrier_code}


async def raise_sources(client: MagentoClient, source: str, quantities: Sequence[tuple[str, Decimal]]) -> None:
    """Set the quantities of these SKUs at the source, in stock; Magento applies all of them or none."""
    rows = [
        {"sku": sku, "source_code": source, "quantity": quantity, "status": 1} for sku, quantity in sorted(quantities)
    ]
    await client.write("POST", "inventory/source-items", {"sourceItems": rows})


async def ships_separately(client: MagentoClient, product_id: int) -> bool:
    """Return whether a bundle ships as its children (`shipment_type` 1) and not as itself (0)."""
    for criteria in criteria_of("entity_id", [str(product_id)]):
        async for row in pages(client, "products", criteria):
            for attribute in row.get("custom_attributes") or []:
                if attribute.get("attribute_code") == "shipment_type":
                    return str(attribute.get("value")) == "1"
    return False
