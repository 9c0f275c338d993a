"""Additions to an existing shipment and their removal: comments and tracking numbers.

The shipment's id in the path of a comment is ignored; the body's `parent_id` counts. Source: Adobe's description of the
API; Magento's ShipmentCommentRepository and ShipmentTrackRepository.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.errors import Refusal
from sandbox.magento.orders import NO_ENTITY
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import Criteria, Filter, result
from sandbox.magento.shipments import add_comment
from sandbox.magento.typed import INT, TEXT, Data, Parameter, anything

NO_COMMENT = "Could not save the shipment comment."
COMMENT_DATA = Data(
    "Magento\\Sales\\Api\\Data\\ShipmentCommentInterface",
    {
        **dict.fromkeys(("comment", "created_at"), TEXT),
        **dict.fromkeys(("entity_id", "is_customer_notified", "is_visible_on_front", "parent_id"), INT),
        "extension_attributes": anything,
    },
)


def comments(call: Call) -> dict[str, Any]:
    """Return the comments of a shipment."""
    shipment = call.shop.sales.shipments.get(call.given["id"])
    rows = shipment.comments if shipment is not None else []
    asked = Criteria([[Filter("parent_id", str(call.given["id"]), "eq")]])
    return result([dict(row) for row in rows], asked, len(rows))


def save_comment(call: Call) -> dict[str, Any]:
    """Add a comment to the shipment that the body names."""
    given = call.given["entity"]
    shipment = call.shop.sales.shipments.get(given.get("parent_id") or 0)
    if shipment is None or not given.get("comment"):
        raise Refusal(400, NO_COMMENT)
    return dict(add_comment(call.shop, shipment, given))


def delete_track(call: Call) -> bool:
    """Delete a tracking number."""
    for shipment in call.shop.sales.shipments.values():
        for row in shipment.tracks:
            if row["entity_id"] == call.given["id"]:
                shipment.tracks.remove(row)
                return True
    raise Refusal(404, NO_ENTITY)


_ID = Parameter("id", INT)
_SHIPMENT = "Magento_Sales::shipment"
ROUTES = (
    Route("GET", "shipment/:id/comments", comments, (_ID,), _SHIPMENT),
    Route(
        "POST",
        "shipment/:id/comments",
        save_comment,
        (_ID, Parameter("entity", COMMENT_DATA)),
        _SHIPMENT,
        interface="Magento\\Sales\\Api\\ShipmentCommentRepositoryInterface",
        operation="save",
        implementation="Magento\\Sales\\Model\\Order\\Shipment\\CommentRepository",
    ),
    Route(
        "DELETE",
        "shipment/track/:id",
        delete_track,
        (_ID,),
        _SHIPMENT,
        interface="Magento\\Sales\\Api\\ShipmentTrackRepositoryInterface",
        operation="deleteById",
        implementation="Magento\\Sales\\Model\\Order\\Shipment\\TrackRepository",
    ),
)
