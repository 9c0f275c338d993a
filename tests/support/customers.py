"""Customers of both simulators: what is entered in Acumatica, and the shop's customers over its own API."""

from __future__ import annotations

from typing import Any

from support.served import client

ADDRESS = {"AddressLine1": "1 Main St", "City": "New York", "State": "NY", "PostalCode": "10001", "Country": "US"}
CONTACT = {"Phone1": "+1 555 0100", "Address": ADDRESS}


class Shop:
    """The shop's customers, over its own API, as an administrator works with them."""

    def __init__(self, here: Any) -> None:
        headers = {"Authorization": "Bearer sandbox-magento-token", "Accept": "application/json"}
        self._http = client(f"{here.magento.url}/rest/all/V1", headers=headers)

    def all(self) -> dict[str, dict[str, Any]]:
        """Return every customer, by e-mail address."""
        page = self._http.get("customers/search", params={"searchCriteria[pageSize]": 1000}).raise_for_status()
        return {one["email"]: one for one in page.json()["items"]}

    def add(self, email: str, **fields: Any) -> dict[str, Any]:
        """Add a customer who registered in the shop."""
        names = {"email": email, "firstname": "A", "lastname": "B", "website_id": 1, "store_id": 1, "group_id": 1}
        answer = self._http.post("customers", json={"customer": {**names, **fields}})
        return answer.raise_for_status().json()

    def put(self, customer: dict[str, Any]) -> dict[str, Any]:
        """Change a customer."""
        answer = self._http.put(f"customers/{customer['id']}", json={"customer": customer})
        return answer.raise_for_status().json()

    def remove(self, customer_id: int) -> None:
        """Delete a customer."""
        self._http.delete(f"customers/{customer_id}").raise_for_status()


def theirs(city: str = "Berlin", **fields: Any) -> dict[str, Any]:
    """Return an address that a customer entered in the shop."""
    person = {"firstname": "A", "lastname": "B", "telephone": "+49 30 1"}
    return {**person, "street": ["Weg 1"], "city": city, "postcode": "10115", "country_id": "DE", **fields}


def added(number: int, **fields: Any) -> dict[str, Any]:
    """Return the change that adds a customer to Acumatica."""
    usual = {
        "customer_id": f"ACME{number:04d}",
        "name": f"Company {number}",
        "customer_class": "WHOLESALE",
        "main_contact": {**CONTACT, "Email": f"buyer{number}@example.com"},
    }
    return {"add_customer": {**usual, **fields}}
