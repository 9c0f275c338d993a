"""Credit memos: what they do to the order, its totals, the stock and the reservations. No recording shows one."""

from typing import Any

import pytest
from sandbox_magento.shop import Shop

EAST = {"extension_attributes": {"source_code": "east"}}
ORDER_STATE = ("state", "status")


async def change(shop: Shop, name: str, **given: Any) -> Any:
    """Make a change and give what it made."""
    answer = await shop.client.post("/_sandbox/change", json={name: given})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][0]


@pytest.fixture
async def sku(shop: Shop) -> str:
    """A SKU with ten pieces at east, at 10 each."""
    found = str(next(iter((await shop.state())["prices"])))
    await shop.prices((found, 10))
    await shop.stock((found, "east", 10, 1))
    return found


async def placed(shop: Shop, sku: str, quantity: int) -> tuple[int, int]:
    """An order of the shop with shipping of 5: its id and that of its line."""
    made = await change(shop, "place_order", lines=[{"sku": sku, "qty": quantity}], shipping_amount="5")
    return made["entity_id"], made["items"][0]


async def where(shop: Shop, sku: str) -> tuple[Any, Any]:
    """What east has and what can be sold."""
    items = [one["quantity"] for one in (await shop.state())["source_items"] if one["sku"] == sku]
    return items[0], await shop.get(f"inventory/get-product-salable-quantity/{sku}/2")


def back(*lines: int, **more: Any) -> dict[str, Any]:
    """Arguments that put lines back into stock."""
    return {"arguments": {**more, "extension_attributes": {"return_to_stock_items": list(lines)}}}


async def test_a_shipped_and_paid_order_is_refunded_in_parts_until_it_is_closed(shop: Shop, sku: str) -> None:
    """A part leaves it complete; the rest closes it; totals are the order's, and pieces go back to their source."""
    order, line = await placed(shop, sku, 3)
    await shop.post(f"order/{order}/invoice", {"capture": False})
    await shop.post(f"order/{order}/ship", {"arguments": EAST})
    assert await where(shop, sku) == ("7", 7)
    one = {"items": [{"order_item_id": line, "qty": 1}], **back(line, shipping_amount=0)}
    assert await shop.post(f"order/{order}/refund", one) == "1"
    current = await shop.get(f"orders/{order}")
    assert [current[name] for name in ORDER_STATE] == ["complete", "complete"]
    assert (current["total_refunded"], current["items"][0]["qty_refunded"]) == (10, 1)
    assert await where(shop, sku) == ("8", 8)
    assert await shop.post(f"order/{order}/refund", {}) == "2"
    current = await shop.get(f"orders/{order}")
    assert [current[name] for name in ORDER_STATE] == ["closed", "closed"]
    assert (current["total_refunded"], current["shipping_refunded"], current["items"][0]["qty_refunded"]) == (35, 5, 3)
    assert await where(shop, sku) == ("8", 8)  # not put back: it is lost
    memo = await shop.get("creditmemo/2")
    assert (memo["grand_total"], memo["subtotal"], memo["shipping_amount"], memo["state"]) == (25, 20, 5, 2)
    assert [(item["sku"], item["qty"], item["row_total"]) for item in memo["items"]] == [(sku, 2, 20)]
    search = "searchCriteria[filterGroups][0][filters][0][field]"
    asked = {search: "order_id", search.replace("[field]", "[value]"): str(order)}
    assert [found["entity_id"] for found in (await shop.get("creditmemos", **asked))["items"]] == [1, 2]
    answer = await shop.send("POST", f"/rest/V1/order/{order}/refund", {})
    assert answer.status_code == 400
    assert "A creditmemo can not be created when an order has a status of closed" in answer.json()["message"]


async def test_what_was_not_shipped_comes_back_as_a_reservation(shop: Shop, sku: str) -> None:
    """The rest of a part-shipped order is refunded: nothing goes to a source, and nothing is held back any more."""
    order, line = await placed(shop, sku, 5)
    await shop.post(f"order/{order}/invoice", {"capture": False})
    await shop.post(f"order/{order}/ship", {"items": [{"order_item_id": line, "qty": 2}], "arguments": EAST})
    assert await where(shop, sku) == ("8", 5)
    await shop.post(f"order/{order}/refund", {"items": [{"order_item_id": line, "qty": 3}], **back(line)})
    assert await where(shop, sku) == ("8", 8)
    state = await shop.state()
    assert [(one["event_type"], one["quantity"]) for one in state["orders"][0]["reservations"]] == [
        ("order_placed", "-5"),
        ("shipment_created", "2"),
        ("creditmemo_created", "3"),
    ]
    assert (await shop.get(f"orders/{order}"))["state"] == "complete"
    assert (await change(shop, "list_inconsistencies"))["inconsistencies"] == []


async def test_a_piece_that_is_not_put_back_stays_reserved_until_somebody_repairs_it(shop: Shop, sku: str) -> None:
    """An unshipped order refunded without return to stock is closed and still holds back what it reserved."""
    order, _line = await placed(shop, sku, 4)
    await shop.post(f"order/{order}/invoice", {"capture": False})
    await shop.post(f"order/{order}/refund", {})
    assert (await shop.get(f"orders/{order}"))["state"] == "closed"
    assert await where(shop, sku) == ("10", 6)
    await change(shop, "repair_reservations")
    assert await where(shop, sku) == ("10", 10)


async def test_a_refund_moves_the_order_on_in_time(shop: Shop, sku: str) -> None:
    """`updated_at` moves, so that whoever reads what changed sees it."""
    order, _line = await placed(shop, sku, 1)
    await shop.post(f"order/{order}/invoice", {"capture": False})
    before = (await shop.get(f"orders/{order}"))["updated_at"]
    shop.clock.advance(60)
    await shop.post(f"order/{order}/refund", {})
    assert (await shop.get(f"orders/{order}"))["updated_at"] > before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"qty": 3}, "The quantity to creditmemo must not be greater than the unrefunded quantity for product SKU"),
        ({"qty": 0, "shipping_amount": 0}, "The credit memo's total must be positive."),
        ({"qty": 1, "shipping_amount": 6}, "Maximum shipping amount allowed to refund is: 5"),
        ({"qty": 1, "adjustment_positive": 100}, "The most money available to refund is 25."),
        ({"qty": 1, "back": 999}, "product item that is not part of the original order"),
    ],
)
async def test_what_cannot_be_given_back_is_refused(shop: Shop, sku: str, body: dict[str, Any], message: str) -> None:
    """More than was paid, more pieces than were invoiced, nothing at all: 400 in Magento's words, nothing changed."""
    order, line = await placed(shop, sku, 2)
    await shop.post(f"order/{order}/invoice", {"capture": False})
    before = await shop.get(f"orders/{order}")
    more = {name: value for name, value in body.items() if name not in ("qty", "back")}
    request = {
        "items": [{"order_item_id": line, "qty": body["qty"]}],
        **back(*([999] if "back" in body else []), **more),
    }
    answer = await shop.send("POST", f"/rest/V1/order/{order}/refund", request)
    assert (answer.status_code, message in answer.json()["message"]) == (400, True), answer.text
    assert await shop.get(f"orders/{order}") == before


async def test_an_unpaid_order_cannot_be_refunded_and_an_invoice_only_once(shop: Shop, sku: str) -> None:
    """Nothing was paid, nothing is given back; an invoice's pieces come back once, and bind the order's."""
    order, line = await placed(shop, sku, 2)
    answer = await shop.send("POST", f"/rest/V1/order/{order}/refund", {})
    assert "The order does not allow a creditmemo to be created." in answer.json()["message"]
    part = {"items": [{"order_item_id": line, "qty": 1}]}
    invoice = await shop.post(f"order/{order}/invoice", part)
    await shop.post(f"order/{order}/invoice", {})
    await shop.post(f"invoice/{invoice}/refund", {})
    assert (await shop.get("creditmemo/1"))["invoice_id"] == int(invoice)
    answer = await shop.send("POST", f"/rest/V1/invoice/{invoice}/refund", {})
    assert "We can't create creditmemo for the invoice." in answer.json()["message"]
    assert (await shop.send("POST", "/rest/V1/invoice/99/refund", {})).status_code == 404
    assert (await shop.get(f"orders/{order}"))["items"][0]["qty_refunded"] == 1


async def test_refunds_need_a_permission_of_their_own(shop: Shop, sku: str) -> None:
    """Making one needs `creditmemo`, reading `sales_creditmemo`; the resource is named."""
    order, _line = await placed(shop, sku, 1)
    await change(shop, "token", resources=["Magento_Sales::actions_view"])
    for method, path, resource in (
        ("POST", f"order/{order}/refund", "Magento_Sales::creditmemo"),
        ("POST", "invoice/1/refund", "Magento_Sales::creditmemo"),
        ("GET", "creditmemos?searchCriteria", "Magento_Sales::sales_creditmemo"),
    ):
        answer = await shop.send(method, f"/rest/V1/{path}", {} if method == "POST" else None)
        assert (answer.status_code, answer.json()["parameters"]["resources"]) == (401, resource)


async def test_without_inventory_modules_pieces_go_back_to_the_legacy_stock(shop: Shop, sku: str) -> None:
    """What is put back is added to the product's own stock."""
    await shop.setting(msi=False)
    await change(shop, "set_stock_item", sku=sku, quantity=10, is_in_stock=True)
    order, line = await placed(shop, sku, 4)
    await shop.post(f"order/{order}/invoice", {"capture": False})
    await shop.post(f"order/{order}/refund", back(line))
    assert (await shop.state())["stock_items"][sku]["quantity"] == "10"
