"""Random changes to both simulators: prices, stock, items, customers, orders and shipments.

Changes go through the sandbox's own paths. After each one, the values that Magento should show from then on are added
to a history, which shows whether a price or quantity ever went back to an older value. The soak and the tests in
`tests/properties` use it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
from support.customers import added
from support.invariant import Right, note_right

from settings import Settings

Change = dict[str, Any]
WAREHOUSES = ("MAIN", "EAST", "WEST")
TRADED = 50
"""How many of the first items may be ordered and shipped. Acumatica changes the stock of these by itself."""
KINDS = {
    "prices": 12,
    "price_list": 2,
    "promotion": 2,
    "quantities": 12,
    "stock_out": 4,
    "withdraw_or_bring_back": 3,
    "new_item": 3,
    "late_product": 2,
    "new_customer": 3,
    "rename_customer": 2,
    "order": 6,
    "shop_order": 5,
    "order_only_in_the_shop": 3,
    "take_order": 3,
    "cancel_in_the_shop": 1,
    "edit_order": 2,
    "part_ship": 3,
    "short_close": 1,
    "hold_or_cancel": 4,
    "ship": 7,
    "invoice": 4,
}
"""Each kind of change with its relative frequency. `RandomChanges._<kind>` makes it."""
ADDRESS = {"firstname": "Ann", "lastname": "Buyer", "street": ["1 Example Street"], "city": "New York", "region": "NY"}
BILLING = {**ADDRESS, "region": "New York", "postcode": "10019", "country_id": "US", "telephone": "+1 555 0100"}


@dataclass
class OrderState:
    """An order of Acumatica and what has been shipped of it so far."""

    number: str
    lines: dict[str, int]
    status: str = "Open"
    shipment: str = ""
    parts: list[str] = field(default_factory=list)


class RandomChanges:
    """Makes changes. `made` counts them by kind; `right` is the history of correct values, oldest first."""

    def __init__(
        self, chance: random.Random, acumatica: str, magento: str, settings: Settings, now: Callable[[], datetime]
    ) -> None:
        self.made: Counter[str] = Counter()
        self.right: Right = {}
        self.chance = chance
        self._settings = settings
        self._now = now
        self._acumatica = httpx.Client(base_url=acumatica, timeout=300)
        self._magento = httpx.Client(base_url=magento, timeout=300)
        self._numbers = count(1)
        self._orders: list[OrderState] = []
        self._late: list[str] = []
        self._untaken: list[tuple[str, dict[str, int]]] = []
        site = self._acumatica.get("/_sandbox/state").raise_for_status().json()
        self._items: dict[str, Any] = {key: one for key, one in site["items"].items() if one["stock"]}
        self._shelves: dict[str, list[Any]] = {}
        self._promotions: dict[str, list[Any]] = {}
        for row in site["quantities"]:
            self._shelves.setdefault(row["inventory_id"], []).append(row)
        self._customers = [key for key, one in site["customers"].items() if one["customer_class"] == "WHOLESALE"]
        sold = [key for key, one in self._items.items() if one["status"] == "Active" and one["exported"]]
        self.traded = frozenset(sold[: min(TRADED, len(sold) // 2)])
        self.note()

    def close(self) -> None:
        """Close the connections."""
        self._acumatica.close()
        self._magento.close()

    def make_change(self, kind: str = "") -> None:
        """Make one change of this kind, or of a random one."""
        [chosen] = self.chance.choices(list(KINDS), list(KINDS.values())) if not kind else [kind]
        getattr(self, f"_{chosen}")()

    def note(self, settings: Settings | None = None) -> None:
        """Add the correct values of all items to the history: another day has begun, or the settings have changed."""
        self._settings = settings or self._settings
        self._note(list(self._items))

    def settle(self) -> None:
        """Add the products that Acumatica has and the shop still lacks."""
        while self._late:
            self._late_product()

    def _change(self, kind: str, changes: Sequence[Change], *, shop: bool = False) -> list[dict[str, Any]]:
        host = self._magento if shop else self._acumatica
        answer = host.post("/_sandbox/change", json=list(changes))
        if answer.is_error:
            raise AssertionError(f"{kind}: the sandbox refused a random change: {answer.text}")
        self.made[kind] += len(changes)
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def _note(self, keys: Sequence[str]) -> None:
        """Add the correct values of these items to the history."""
        of_these: Mapping[str, Any] = {
            "items": {key: self._items[key] for key in keys},
            "quantities": [row for key in keys for row in self._shelves.get(key, [])],
            "sales_prices": [row for key in keys for row in self._promotions.get(key, [])],
            "vendor_quantities": [],
        }
        note_right(self.right, of_these, self._settings, self._now().astimezone(self._settings.acumatica.zone()).date())

    def _some(self, most: int) -> list[str]:
        return self.chance.sample(list(self._items), min(self.chance.randint(1, most), len(self._items)))

    # Values ---------------------------------------------------------------------------------------------------------

    def _prices(self) -> None:
        self._price(self._some(5), "prices")

    def _price_list(self) -> None:
        self._price(self._some(400), "prices by list")

    def _price(self, keys: list[str], kind: str) -> None:
        for key in keys:
            self._items[key]["default_price"] = f"{self.chance.randint(100, 99_999_999) / 100:.2f}"
        self._note(keys)  # before Acumatica shows it: a sync may read it before the change has returned
        prices = ({"inventory_id": key, "price": self._items[key]["default_price"]} for key in keys)
        self._change(kind, [{"set_price": one} for one in prices])

    def _promotion(self) -> None:
        """Add a promotion that starts today or tomorrow and lasts a day or has no end."""
        key = self.chance.choice(list(self._items))
        today = self._now().astimezone(self._settings.acumatica.zone()).date()
        begins = today + timedelta(days=self.chance.randint(0, 1))
        ends = begins + timedelta(days=1) if self.chance.random() < 0.5 else None
        row = {
            "inventory_id": key,
            "price": f"{self.chance.randint(100, 99_999_999) / 100:.2f}",
            "promotion": True,
            "effective": f"{begins}",
            "expiration": ends and f"{ends}",
        }
        [made] = self._change("promotions", [{"add_sales_price": row}])
        usual = {"price_type": "Base", "price_code": "", "warehouse": "", "break_quantity": "0", "uom": "EA"}
        self._promotions.setdefault(key, []).append({**usual, "currency": "USD", **row, **made})
        self._note([key])

    def _quantities(self) -> None:
        self._stock("quantities", {key: str(self.chance.randint(1, 1_000_000)) for key in self._some(5)})

    def _stock_out(self) -> None:
        self._stock("stock-outs", dict.fromkeys(self._some(3), "0"))

    def _stock(self, kind: str, wanted: Mapping[str, str]) -> None:
        changes = []
        for key, available in wanted.items():
            rows = self._shelves.get(key)
            if rows:
                row = self.chance.choice(rows)
                row["available"] = available
                changes.append({"inventory_id": key, "warehouse": row["warehouse"], "available": available})
        self._note([one["inventory_id"] for one in changes])
        self._change(kind, [{"set_quantity": one} for one in changes])

    def _withdraw_or_bring_back(self) -> None:
        key = self.chance.choice(list(self._items))
        if key in self.traded:
            return
        item = self._items[key]
        item["status"] = "Inactive" if item["status"] == "Active" else "Active"
        self._note([key])
        self._change("withdrawn or back", [{"set_item": {"inventory_id": key, "status": item["status"]}}])

    def _new_item(self) -> None:
        """Add an item. The shop has the product already, or gets it later (`late_product`)."""
        key = f"NEW-{next(self._numbers):05d}"
        if self.chance.random() < 0.7:
            self._change("products in the shop", [{"add_product": {"sku": key}}], shop=True)
        else:
            self._late.append(key)
        price = f"{self.chance.randint(100, 999_999) / 100:.2f}"
        stock = {warehouse: str(self.chance.randint(1, 1000)) for warehouse in WAREHOUSES}
        self._change("new items", [{"add_item": {"inventory_id": key, "price": price, "quantities": stock}}])
        item = {"status": "Active", "item_class": "ALLOTHER", "exported": True, "base_uom": "EA", "sales_uom": "EA"}
        self._items[key] = {**item, "default_price": price, "stock": True}
        self._shelves[key] = [
            {"inventory_id": key, "warehouse": warehouse, "available": available}
            for warehouse, available in stock.items()
        ]
        self._note([key])

    def _late_product(self) -> None:
        if self._late:
            self._change("products in the shop", [{"add_product": {"sku": self._late.pop(0)}}], shop=True)

    # Documents ------------------------------------------------------------------------------------------------------

    def _new_customer(self) -> None:
        """Add a customer, whom the shop may have already."""
        number = 10_000 + next(self._numbers)
        if self.chance.random() < 0.3:
            person = {"email": f"buyer{number}@example.com", "firstname": "Ann", "lastname": "Buyer"}
            self._change("customers of the shop", [{"add_customer": person}], shop=True)
        change = added(number)
        self._change("customers", [change])
        self._customers.append(change["add_customer"]["customer_id"])

    def _rename_customer(self) -> None:
        key = self._a_customer()
        name = f"Renamed {next(self._numbers)} Inc"
        self._change("customers renamed", [{"set_customer": {"customer_id": key, "name": name}}])

    def _a_customer(self) -> str:
        if not self._customers:
            self._new_customer()
        return self.chance.choice(self._customers)

    def _lines(self) -> dict[str, int]:
        return {sku: self.chance.randint(1, 3) for sku in self.chance.sample(sorted(self.traded), 2)}

    def _order(self, reference: str = "", lines: dict[str, int] | None = None) -> None:
        """Enter an order in Acumatica. `reference`: its number in the shop, if it was placed there."""
        order = OrderState(f"{800_000 + next(self._numbers)}", lines or self._lines())
        rows = [{"inventory_id": sku, "quantity": str(number)} for sku, number in order.lines.items()]
        entry = {
            "order_nbr": order.number,
            "customer_id": self._a_customer(),
            "warehouse": self.chance.choice(WAREHOUSES),
            "ship_via": "GROUND",
            "payment_method": "CHECK",
            "external_ref": reference,
            "lines": rows,
        }
        self._change("orders of the shop in the ERP" if reference else "orders", [{"add_order": entry}])
        self._orders.append(order)

    def _shop_order(self) -> None:
        """Place an order in the shop and enter it in Acumatica; in production another integration does the latter."""
        number, lines = self._placed()
        self._order(number, lines)

    def _placed(self) -> tuple[str, dict[str, int]]:
        lines, number = self._lines(), f"9{next(self._numbers):08d}"
        rows = [{"sku": sku, "qty": quantity, "price": "10.00"} for sku, quantity in lines.items()]
        placed = {"increment_id": number, "lines": rows, "email": "ann@example.com", "billing": BILLING}
        state = {"shipping_amount": "0", "state": "processing", "status": "processing"}
        self._change("orders of the shop", [{"place_order": {**placed, **state}}], shop=True)
        return number, lines

    def _order_only_in_the_shop(self) -> None:
        """Place an order in the shop that Acumatica does not have yet, and may never have."""
        self._untaken.append(self._placed())

    def _take_order(self) -> None:
        if self._untaken:
            self._order(*self._untaken.pop(self.chance.randrange(len(self._untaken))))

    def _cancel_in_the_shop(self) -> None:
        """Cancel an order in the shop that Acumatica never had."""
        if not self._untaken:
            return
        number, _lines = self._untaken.pop(self.chance.randrange(len(self._untaken)))
        token = self._settings.magento.bearer_token
        headers = {"Authorization": f"Bearer {token.get_secret_value() if token else ''}"}
        asked = {
            "searchCriteria[filterGroups][0][filters][0][field]": "increment_id",
            "searchCriteria[filterGroups][0][filters][0][value]": number,
            "fields": "items[entity_id]",
        }
        try:
            found = self._magento.get("/rest/V1/orders", params=asked, headers=headers).raise_for_status().json()
            canceled = self._magento.post(f"/rest/V1/orders/{found['items'][0]['entity_id']}/cancel", headers=headers)
            canceled.raise_for_status()
        except httpx.HTTPError:
            return  # injected faults concern this request too: the order stays as it is
        self.made["orders canceled in the shop"] += 1

    def _edit_order(self) -> None:
        """Edit an order in a way that Magento cannot follow."""
        if open_ones := self._open_orders():
            order, via = self.chance.choice(open_ones), self.chance.choice(("GROUND", "LOCAL"))
            self._change("orders edited", [{"set_order": {"order_nbr": order.number, "ship_via": via}}])

    def _part_ship(self) -> None:
        """Ship one piece of the first line."""
        ready = [one for one in self._open_orders() if one.status == "Open" and not one.parts]
        ready = [one for one in ready if next(iter(one.lines.values())) > 1]
        if not ready:
            return
        order = self.chance.choice(ready)
        given = {
            "lines": [{"order_nbr": order.number, "line_nbr": 1, "quantity": "1"}],
            "ship_via": "GROUND",
            "packages": [{"tracking": f"1Z{next(self._numbers):06d}"}],
            "confirm": True,
        }
        [made] = self._change("shipments of a part", [{"add_shipment": given}])
        order.parts.append(made["shipment_nbr"])

    def _short_close(self) -> None:
        """Complete an order that was shipped in part: the rest is never shipped."""
        ready = [one for one in self._open_orders() if one.status == "Open" and one.parts]
        if not ready:
            return
        order = self.chance.choice(ready)
        order.status = "Completed"
        lines = [{"line_nbr": number, "completed": True} for number, _sku in enumerate(order.lines, 1)]
        self._change("orders closed short", [{"set_order": {"order_nbr": order.number, "lines": lines}}])

    def _open_orders(self) -> list[OrderState]:
        return [one for one in self._orders if one.status in ("Open", "On Hold") and not one.shipment]

    def _hold_or_cancel(self) -> None:
        """Hold, resume or cancel an order of which nothing has been shipped."""
        open_ones = [one for one in self._open_orders() if not one.parts]
        if not open_ones:
            return
        order = self.chance.choice(open_ones)
        held = order.status == "On Hold"
        order.status = "Open" if held else self.chance.choice(("On Hold", "On Hold", "Canceled"))
        self._change("orders held or canceled", [{"set_order": {"order_nbr": order.number, "status": order.status}}])

    def _ship(self) -> None:
        ready = [one for one in self._open_orders() if one.status == "Open"]
        if not ready:
            return
        order = self.chance.choice(ready)
        package = {"tracking": f"1Z{next(self._numbers):06d}"}
        given = {"orders": [{"order_nbr": order.number}], "ship_via": "GROUND", "packages": [package], "confirm": True}
        [made] = self._change("shipments", [{"add_shipment": given}])
        order.shipment = made["shipment_nbr"]

    def _invoice(self) -> None:
        shipped = [one for one in self._orders if one.shipment and one.status == "Open"]
        if not shipped:
            return
        order = self.chance.choice(shipped)
        order.status = "Completed"
        self._change("invoices", [{"add_invoice": {"shipments": [*order.parts, order.shipment], "release": True}}])
