"""Orders that both simulators have, and their shipments: what tests of shipments need beside a world."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from support.served import client
from support.world import World

from app.run.request import RunResult
from settings import Settings

ADDRESS = {"AddressLine1": "1 Example Street", "City": "New York", "PostalCode": "10019", "State": "NY"}
CONTACT = {"Email": "acme@example.com", "Phone1": "+1 555 0100", "Address": ADDRESS}
GROUND = {"GROUND": {"carrier_code": "ups", "title": "UPS"}}
WAREHOUSES = {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}
DROP_SHIP = {"ship_via": "GROUND", "source": "vendor"}
SECTIONS: dict[str, dict[str, Any]] = {
    "active": {"shipment": True},
    "shipment": {"from": "2020-01-01T00:00:00Z", "ship_vias": GROUND},
}


class Trade:
    """Wraps a world (`here`): adds a customer, and settings in which shipments are active."""

    def __init__(self, here: World) -> None:
        self.here = here
        headers = {"Authorization": "Bearer sandbox-magento-token", "Accept": "application/json"}
        self.http = client(f"{here.magento.url}/rest/all/V1", headers=headers)
        here.change({"add_customer": {"customer_id": "ACME", "name": "Acme Inc.", "main_contact": CONTACT}})

    def settings(self, **sections: dict[str, Any]) -> Settings:
        """Return the world's settings with shipments active, and these changes of single fields."""
        names = SECTIONS.keys() | sections.keys()
        return self.here.settings(**{name: {**SECTIONS.get(name, {}), **sections.get(name, {})} for name in names})

    async def sync(self, entity: str = "shipment", seconds: int = 60, **sections: dict[str, Any]) -> RunResult:
        """Run one sync, a minute later, which must succeed. Drop-shipments are sent too, from the source `vendor`."""
        self.here.clock.advance(seconds)
        outcome = await self.here.sync(
            entity, self.settings(**{"inventory": WAREHOUSES, "dropship": DROP_SHIP, **sections})
        )
        assert (outcome.fault, outcome.stopped) == (None, None), outcome.summary()
        return outcome

    def sold(self, number: str, lines: Mapping[str, int], **more: Any) -> int:
        """Place an order in Magento and enter it in Acumatica with Magento's number; return Magento's id."""
        self.entered(number, lines, external_ref=f"1{number:0>8}", **more)
        return self.ordered(lines, increment_id=f"1{number:0>8}")

    def entered(self, number: str, lines: Mapping[str, int], *, drop_ship: bool = False, **more: Any) -> None:
        """Enter an order in Acumatica only."""
        rows = [{"inventory_id": sku, "quantity": str(count), "drop_ship": drop_ship} for sku, count in lines.items()]
        self.here.change({"add_order": {"order_nbr": number, "customer_id": "ACME", "lines": rows, **more}})

    def ordered(self, lines: Mapping[str, int], **more: Any) -> int:
        """Place an order in Magento only; return its id."""
        person = {"firstname": "A", "lastname": "B", "street": ["1 Example Street"], "city": "New York"}
        address = {**person, "postcode": "10019", "country_id": "US", "region_id": 43, "telephone": "1"}
        items = [
            {"sku": sku, "name": sku, "product_type": "simple", "qty_ordered": count, "price": 1, "base_price": 1}
            for sku, count in lines.items()
        ]
        entity = {
            "state": "processing",
            "status": "processing",
            "store_id": 1,
            "customer_email": "acme@example.com",
            "base_currency_code": "USD",
            "order_currency_code": "USD",
            "grand_total": len(items),
            "base_grand_total": len(items),
            "billing_address": {**address, "address_type": "billing", "email": "acme@example.com"},
            "payment": {"method": "checkmo"},
            "items": items,
            **more,
        }
        answer = self.http.post("orders", json={"entity": entity})
        assert answer.is_success, answer.text
        return int(answer.json()["entity_id"])

    def ship(self, *orders: str, **more: Any) -> str:
        """Confirm a shipment of all open lines of these orders, with a package; return its number."""
        named = {"orders": [{"order_nbr": number} for number in orders]} if orders else {}
        given = {"confirm": True, "ship_via": "GROUND", "packages": [{"tracking": "1Z1"}], **named, **more}
        return str(self.changed({"add_shipment": given})["shipment_nbr"])

    def changed(self, change: dict[str, Any]) -> dict[str, Any]:
        """Change something in Acumatica; return what it answers."""
        answer = self.here.http.post(f"{self.here.acumatica.url}/_sandbox/change", json=[change])
        assert answer.is_success, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results[0]

    told = changed
    """The name that scripts outside this repository use."""

    def shipped(self, *order_ids: int) -> list[dict[str, Any]]:
        """Return Magento's shipments of these orders."""
        field = "searchCriteria[filterGroups][0][filters][0]"
        found = []
        for order_id in order_ids:
            asked = {f"{field}[field]": "order_id", f"{field}[value]": order_id, "searchCriteria[pageSize]": 100}
            found += self.http.get("shipments", params=asked).raise_for_status().json()["items"]
        return found

    def marks(self, *order_ids: int) -> list[str]:
        """Return the comments on Magento's shipments of these orders; each names the shipment in Acumatica."""
        return sorted(one["comment"] for made in self.shipped(*order_ids) for one in made["comments"])

    def quantity(self, sku: str, source: str = "default") -> Decimal | None:
        """Return Magento's quantity of a SKU at a source."""
        return self.here.quantities().get((sku, source))
