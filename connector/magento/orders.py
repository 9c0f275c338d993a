"""Orders in Magento: find, create, invoice and comment them, and change their status.

Input: numbers, ids, and bodies from `connector.magento.order_body`. Output: typed values, or a `MagentoFault`; nothing
is repeated here. Source: magento-observed.md, "Orders" and part two, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from connector.magento.client import MagentoClient
from connector.magento.queries import number, products_by_sku
from connector.magento.search import criteria_of, pages
from connector.model.comparison import comparison_key
from connector.model.money import ItemMoney, OrderMoney
from connector.model.sold_items import SoldItem

TAKEN = "Unique constraint violation found"
"""Magento's answer to an increment id that exists. Nothing else makes it safe to repeat the creation of an order."""


class Comment(NamedTuple):
    """A comment on an order, and the status that it was written with."""

    text: str
    status: str


@dataclass(frozen=True)
class MagentoOrder:
    """An order as Magento shows it; `comments` is in the order in which they were written."""

    entity_id: int
    increment_id: str
    ext_order_id: str
    store_id: int
    state: str
    status: str
    items: tuple[SoldItem, ...]
    comments: tuple[Comment, ...]
    money: OrderMoney = field(default_factory=OrderMoney)


@dataclass(frozen=True)
class Region:
    """A region of a country."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Buyer:
    """A customer of Magento, with the fields that an order contains."""

    id: int
    email: str
    firstname: str
    lastname: str
    group_id: int


async def order(client: MagentoClient, entity_id: str) -> MagentoOrder | None:
    """Return the order with this id; None if Magento has none."""
    row = await client.get_or_none(f"orders/{quote(entity_id, safe='')}")
    return None if row is None else _order_of(row)


async def orders_with(client: MagentoClient, increment_ids: Sequence[str], ext_order_id: str) -> list[MagentoOrder]:
    """Return the orders with one of these Magento numbers, or with this Acumatica number."""
    filters = [*(("increment_id", increment_id) for increment_id in increment_ids), ("ext_order_id", ext_order_id)]
    criteria: dict[str, str] = {}
    for index, (name, value) in enumerate(filters):
        prefix = f"searchCriteria[filterGroups][0][filters][{index}]"
        criteria |= {f"{prefix}[field]": name, f"{prefix}[value]": value, f"{prefix}[conditionType]": "eq"}
    return [_order_of(row) async for row in pages(client, "orders", criteria)]


async def orders_of(
    client: MagentoClient,
    *,
    entity_ids: Sequence[str] = (),
    increment_ids: Sequence[str] = (),
    ext_order_ids: Sequence[str] = (),
) -> list[MagentoOrder]:
    """Return the orders with one of these ids, Magento numbers or Acumatica numbers, read together."""
    asked = (("entity_id", entity_ids), ("increment_id", increment_ids), ("ext_order_id", ext_order_ids))
    orders = {
        int(row["entity_id"]): _order_of(row)
        for field, values in asked
        for criteria in criteria_of(field, values)
        async for row in pages(client, "orders", criteria)
    }
    return list(orders.values())


async def numbers(client: MagentoClient, increment_ids: Sequence[str]) -> set[str]:
    """Return which of these numbers exist in Magento."""
    return {
        str(row["increment_id"])
        for criteria in criteria_of("increment_id", increment_ids)
        async for row in pages(client, "orders", criteria, fields="items[increment_id]")
    }


async def create(client: MagentoClient, entity: Mapping[str, Any]) -> str:
    """Create the order and return its id. Magento refuses it with `TAKEN` if the increment id exists."""
    return str((await client.write("POST", "orders", {"entity": entity}))["entity_id"])


async def set_status(client: MagentoClient, order: MagentoOrder, state: str, status: str) -> None:
    """Write state and status of an order and nothing else. The number is sent too, because older versions assigned a
    new one.
    """
    entity = {"entity_id": order.entity_id, "increment_id": order.increment_id, "state": state, "status": status}
    await client.write("POST", "orders", {"entity": entity})


async def hold(client: MagentoClient, order: MagentoOrder) -> None:
    """Put the order on hold."""
    await client.write("POST", f"orders/{order.entity_id}/hold", None)


async def unhold(client: MagentoClient, order: MagentoOrder) -> None:
    """Take the order off hold: it returns to its former state and status."""
    await client.write("POST", f"orders/{order.entity_id}/unhold", None)


async def cancel(client: MagentoClient, order: MagentoOrder) -> bool:
    """Cancel the order and return True; False if Magento does not, which it also answers with 200."""
    return await client.write("POST", f"orders/{order.entity_id}/cancel", None) is True


async def comment(client: MagentoClient, order: MagentoOrder, text: str, status: str) -> None:
    """Write a comment with a status, which becomes the order's status if its state allows it. Nobody is e-mailed."""
    history = {"comment": text, "status": status, "is_customer_notified": 0, "is_visible_on_front": 0}
    entity = {**history, "parent_id": order.entity_id, "entity_name": "order"}
    await client.write("POST", f"orders/{order.entity_id}/comments", {"statusHistory": entity})


async def invoice(
    client: MagentoClient, order: MagentoOrder, items: Sequence[tuple[int, Decimal]] | None, text: str
) -> str:
    """Make an offline invoice of these order items (None: of everything that is open) and return its id. Nobody is
    e-mailed.
    """
    body: dict[str, Any] = {
        "capture": False,
        "notify": False,
        "appendComment": False,
        "comment": {"comment": text, "is_visible_on_front": 0},
    }
    if items is not None:
        body["items"] = [{"order_item_id": item_id, "qty": quantity} for item_id, quantity in items]
    return str(await client.write("POST", f"order/{order.entity_id}/invoice", body))


async def refund(
    client: MagentoClient,
    order: MagentoOrder,
    items: Sequence[tuple[int, Decimal]],
    text: str,
    *,
    back_to_stock: bool,
) -> str:
    """Make an offline credit memo of these order items, without shipping, and return its id. Nobody is e-mailed.

    `back_to_stock`: release the reservation of goods that never left; otherwise Magento keeps them reserved.
    """
    ids = [item_id for item_id, _quantity in items] if back_to_stock else []
    body: dict[str, Any] = {
        "items": [{"order_item_id": item_id, "qty": quantity} for item_id, quantity in items],
        "notify": False,
        "appendComment": False,
        "comment": {"comment": text, "is_visible_on_front": 0},
        "arguments": {
            "shipping_amount": 0,
            "adjustment_positive": 0,
            "adjustment_negative": 0,
            "extension_attributes": {"return_to_stock_items": ids},
        },
    }
    return str(await client.write("POST", f"order/{order.entity_id}/refund", body))


async def products(client: MagentoClient, skus: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return the id and the type of each product that exists, by SKU as it is spelled in `skus`."""
    rows = await products_by_sku(client, skus, "id,type_id")
    return {sku: (int(row["id"]), str(row["type_id"])) for sku, row in rows.items()}


async def buyer(client: MagentoClient, customer_id: str) -> Buyer | None:
    """Return the customer; None if Magento has none. An order that names a missing customer is answered with 500."""
    row = await client.get_or_none(f"customers/{quote(customer_id, safe='')}")
    if row is None:
        return None
    email, firstname, lastname = (str(row.get(name) or "") for name in ("email", "firstname", "lastname"))
    return Buyer(int(row["id"]), email, firstname, lastname, group_id=int(row.get("group_id") or 0))


async def regions(client: MagentoClient, country: str) -> dict[str, Region]:
    """Return the regions of a country by code and by name, in compared form; empty if it has none or is unknown."""
    answer = await client.get_or_none(f"directory/countries/{quote(country, safe='')}") or {}
    known = [
        Region(int(row["id"]), str(row["code"]), str(row.get("name") or row["code"]))
        for row in answer.get("available_regions") or []
    ]
    by_name = {comparison_key(region.name): region for region in known}
    return {**by_name, **{comparison_key(region.code): region for region in known}}


def _order_of(row: Mapping[str, Any]) -> MagentoOrder:
    histories = sorted(row.get("status_histories") or [], key=lambda one: int(one.get("entity_id") or 0))
    return MagentoOrder(
        entity_id=int(row["entity_id"]),
        increment_id=str(row.get("increment_id") or ""),
        ext_order_id=str(row.get("ext_order_id") or ""),
        store_id=int(row.get("store_id") or 0),
        state=str(row.get("state") or ""),
        status=str(row.get("status") or ""),
        items=tuple(sold_item(one) for one in row.get("items") or []),
        comments=tuple(Comment(str(one.get("comment") or ""), str(one.get("status") or "")) for one in histories),
        money=_money(row),
    )


def _money(row: Mapping[str, Any]) -> OrderMoney:
    """Return the amounts of the order, and what is not invoiced of them. Magento answers row totals less their
    discount.
    """

    def amount(fields: Mapping[str, Any], name: str) -> Decimal:
        return number(fields.get(name) or 0)

    def item_money(of: Mapping[str, Any]) -> ItemMoney:
        discount, compensation = (amount(of, f"{name}_amount") for name in ("discount", "discount_tax_compensation"))
        return ItemMoney(
            row_total=amount(of, "row_total") + discount - compensation - amount(of, "row_invoiced"),
            discount=discount - amount(of, "discount_invoiced"),
            tax=amount(of, "tax_amount") - amount(of, "tax_invoiced"),
            compensation=compensation - amount(of, "discount_tax_compensation_invoiced"),
        )

    def paid_money(of: Mapping[str, Any]) -> ItemMoney:
        def left(name: str) -> Decimal:
            return amount(of, f"{name}_invoiced") - amount(of, f"{name}_refunded")

        row_total = amount(of, "row_invoiced") - amount(of, "amount_refunded")
        return ItemMoney(
            row_total, discount=left("discount"), tax=left("tax"), compensation=left("discount_tax_compensation")
        )

    items = row.get("items") or []
    invoiced_before = row.get("shipping_invoiced") is not None
    return OrderMoney(
        total=amount(row, "grand_total"),
        invoiced=amount(row, "total_invoiced"),
        shipping=Decimal(0) if invoiced_before else amount(row, "shipping_amount") + amount(row, "shipping_tax_amount"),
        items={int(one["item_id"]): item_money(one) for one in items},
        refunded=amount(row, "total_refunded"),
        paid={int(one["item_id"]): paid_money(one) for one in items},
    )


def sold_item(row: Mapping[str, Any]) -> SoldItem:
    """Return an item of an order from the API's answer."""

    def quantity(name: str) -> Decimal:
        return number(row.get(name) or 0)

    parent, product = row.get("parent_item_id"), row.get("product_id")
    return SoldItem(
        item_id=int(row["item_id"]),
        parent_id=int(parent) if parent else None,
        sku=str(row.get("sku") or ""),
        product_type=str(row.get("product_type") or "simple"),
        ordered=quantity("qty_ordered"),
        invoiced=quantity("qty_invoiced"),
        shipped=quantity("qty_shipped"),
        refunded=quantity("qty_refunded"),
        canceled=quantity("qty_canceled"),
        virtual=bool(int(row.get("is_virtual") or 0)),
        ext_id=str(row.get("ext_order_item_id") or ""),
        product_id=int(product) if product else None,
        fractions=bool(int(row.get("is_qty_decimal") or 0)),
    )
