"""Orders in both simulators, their invoices and comments: what tests of orders need beside a world."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from support.served import client
from support.trade import Trade

from connector.state.operator import actions
from settings import Settings

SECTIONS: dict[str, dict[str, Any]] = {
    "active": {"order": True},
    "order": {
        "types": ["SO"],
        "from": "2020-01-01T00:00:00Z",
        "statuses": {
            "Open": "pending",
            "On Hold": "holded",
            "Shipping": "processing",
            "Completed": "complete",
            "Canceled": "canceled",
        },
        "payment_methods": {"": "checkmo"},
        "shipping_methods": {"": "flatrate_flatrate", "GROUND": "ups_03"},
    },
}


class Sales(Trade):
    """A `Trade` in whose settings orders are active too."""

    def settings(self, **sections: dict[str, Any]) -> Settings:
        """Return the world's settings with orders active, and these changes of single fields."""
        names = SECTIONS.keys() | sections.keys()
        own = {name: {**SECTIONS.get(name, {}), **sections.get(name, {})} for name in names}
        return super().settings(**own)

    def in_acumatica(self, number: str) -> dict[str, Any]:
        """Return the fields of an order as Acumatica's API shows them."""
        login = {"name": "admin", "password": "sandbox", "tenant": "Company"}
        with client(self.here.acumatica.url) as site:
            site.post("/entity/auth/login", json=login).raise_for_status()
            current = site.get(f"/entity/Default/24.200.001/SalesOrder/SO/{number}").raise_for_status().json()
            site.post("/entity/auth/logout", content=b"").raise_for_status()
        return {name: one.get("value") for name, one in current.items() if isinstance(one, dict)}

    def forget(self) -> None:
        """Continue with an empty state database."""
        self.here.begin_anew()

    def reprocess(self) -> None:
        """Send every failed order again."""
        actions.send_again(self.here.state, self.here.failed("order"), self.here.clock.now())

    def salable(self, sku: str) -> Decimal:
        """Return the salable quantity of a SKU on Magento's website."""
        stock = self.http.get("inventory/stock-resolver/website/base").raise_for_status().json()["stock_id"]
        answer = self.http.get(f"inventory/get-product-salable-quantity/{sku}/{stock}")
        return Decimal(str(answer.raise_for_status().json()))

    def edit(self, number: str, **changes: Any) -> None:
        """Change an order of Acumatica, a minute later."""
        self.here.clock.advance(60)
        self.here.change({"set_order": {"order_nbr": number, **changes}})

    def orders(self, **equal: Any) -> list[dict[str, Any]]:
        """Return Magento's orders whose fields equal these."""
        answer = self.http.get("orders", params={"searchCriteria[pageSize]": 0}).raise_for_status().json()
        return [one for one in answer["items"] if all(one.get(name) == value for name, value in equal.items())]

    def order(self, number: str) -> dict[str, Any]:
        """Return Magento's one order with this number, either the shop's or the one that the connector gave it."""
        [found] = [one for one in self.orders() if one["increment_id"] in (number, f"SO-{number}")]
        return found

    def comments(self, number: str) -> list[str]:
        """Return the connector's comments on an order, oldest first."""
        histories = sorted(self.order(number).get("status_histories") or [], key=lambda one: one["entity_id"])
        return [one["comment"] for one in histories if (one["comment"] or "").startswith("Acumatica ")]

    def invoices(self, number: str) -> list[dict[str, Any]]:
        """Return Magento's invoices of an order."""
        field = "searchCriteria[filterGroups][0][filters][0]"
        asked = {f"{field}[field]": "order_id", f"{field}[value]": self.order(number)["entity_id"]}
        answer = self.http.get("invoices", params={**asked, "searchCriteria[pageSize]": 0})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    def invoiced(self, number: str, *, release: bool = True) -> str:
        """Invoice a whole order in Acumatica; return the number of the invoice."""
        made = self.changed({"add_invoice": {"orders": [{"order_nbr": number}], "release": release}})
        return str(made["reference_nbr"])
