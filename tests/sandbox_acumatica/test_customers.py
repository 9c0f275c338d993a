"""Customers: what can be changed of them and where it shows."""

from typing import Any

import pytest
from sandbox_acumatica.trading import customer, order, values

EVERY = "MainContact,MainContact/Address,BillingContact,BillingContact/Address,ShippingContact,PrimaryContact"


async def test_customer_shows_what_was_given(site: Any) -> None:
    """Name, class, status, price class, contacts with addresses and attributes of a new customer show."""
    person = {"FirstName": "Ada", "LastName": "Lovelace", "Email": "ada@example.com"}
    await site.change(
        customer(
            customer_class="WHOLESALE",
            price_class="GOLD",
            primary_contact=person,
            billing_contact={"Email": "bills@example.com", "Address": {"City": "Albany"}},
            attributes=[{"AttributeID": "region", "Value": "N", "ValueDescription": "North"}],
            fields={"ShipVia": "LOCAL", "Terms": "COD"},
        )
    )
    found = await site.rest("Customer/acme", expand=f"{EVERY},Contacts,Contacts/Contact,Attributes")
    assert values(found, "CustomerName", "CustomerClass", "Status", "PriceClassID", "Email", "ShipVia", "Terms") == [
        "ACME Inc.",
        "WHOLESALE",
        "Active",
        "GOLD",
        "acme@example.com",
        "LOCAL",
        "COD",
    ]
    assert values(found["MainContact"]["Address"], "City", "State", "Country") == ["New York", "NY", "US"]
    assert values(found["BillingContact"], "Email") == ["bills@example.com"]
    assert values(found["BillingContact"]["Address"], "City") == ["Albany"]
    assert values(found["ShippingContact"], "Email") == ["acme@example.com"]
    assert values(found["PrimaryContact"], "FirstName", "LastName", "DisplayName") == [
        "Ada",
        "Lovelace",
        "Lovelace, Ada",
    ]
    assert found["Contacts"][0]["Contact"]["ContactID"] == found["PrimaryContactID"]
    assert values(found["Attributes"][0], "AttributeID", "Value", "ValueDescription") == ["REGION", "N", "North"]
    assert values(found, "BillingContactOverride", "ShippingContactOverride") == [True, False]
    classes = await site.rest("CustomerClass")
    assert [one["ClassID"]["value"] for one in classes] == ["DEFAULT", "ECOMMERCE", "WHOLESALE"]
    contacts = await site.rest("Contact", filter="BusinessAccount eq 'ACME'", expand="Address")
    assert [values(one, "FirstName", "BusinessAccount") for one in contacts] == [["Ada", "ACME"]]
    assert (await site.rest(f"Contact/{contacts[0]['ContactID']['value']}"))["id"] == contacts[0]["id"]


async def test_every_edit_bumps_the_stamp(site: Any) -> None:
    """A change of address, e-mail, class or status is made on the form and moves the customer's stamp."""
    await site.change(customer())
    created = (await site.rest("Customer/ACME"))["CreatedDateTime"]
    change = {"email": "new@example.com", "customer_class": "ECOMMERCE", "status": "Inactive"}
    moments = ("2026-03-02T15:01:40+00:00", "2026-03-02T15:03:20+00:00")
    for one, moment in zip(({"main_contact": {"Address": {"City": "Troy"}}}, change), moments, strict=True):
        site.clock.advance(100)
        await site.change({"set_customer": {"customer_id": "ACME", **one}})
        found = await site.rest("Customer/ACME", expand=EVERY)
        assert values(found, "LastModifiedDateTime") == [moment]
        assert found["CreatedDateTime"] == created
    assert values(found, "Email", "CustomerClass", "Status") == ["new@example.com", "ECOMMERCE", "Inactive"]
    assert values(found["MainContact"]["Address"], "City", "PostalCode") == ["Troy", "10019"]


async def test_ids_of_contacts_are_made_up_and_those_of_attributes_last(site: Any) -> None:
    """Two reads give different ids for contact and address, the same for the customer and its attributes."""
    await site.change(customer(attributes=[{"AttributeID": "REGION", "Value": "N"}]))
    first, second = [await site.rest("Customer/ACME", expand=f"{EVERY},Attributes") for _ in range(2)]
    assert first["id"] == second["id"] == first["NoteID"]["value"]
    assert first["MainContact"]["id"] != second["MainContact"]["id"]
    assert first["MainContact"]["Address"]["id"] != second["MainContact"]["Address"]["id"]
    assert first["MainContact"]["ContactID"] == second["MainContact"]["ContactID"]
    assert first["Attributes"][0]["id"] == second["Attributes"][0]["id"]


async def test_customers_are_found_by_linked_fields_and_stamps(site: Any) -> None:
    """Filters on a contact's e-mail, a contact's address, the class, the status and the stamp choose customers."""
    await site.change(
        customer(modified="1900-01-01"),
        customer("BOLT", customer_class="ECOMMERCE", status="On Hold"),
        customer("CURB", email="ACME@Example.com"),
    )
    for condition, wanted in (
        ("MainContact/Email eq 'acme@example.com'", ["ACME", "CURB"]),
        ("MainContact/Address/City eq 'new york' and CustomerClass eq 'ECOMMERCE'", ["BOLT"]),
        ("Status eq 'On Hold'", ["BOLT"]),
        ("LastModifiedDateTime lt datetimeoffset'1950-01-01'", ["ACME"]),
        ("CustomerID gt 'ACME'", ["BOLT", "CURB"]),
    ):
        rows = await site.rest("Customer", filter=condition, select="CustomerID")
        assert [row["CustomerID"]["value"] for row in rows] == wanted, condition


async def test_numbers_agree_with_the_price_list(site: Any) -> None:
    """A customer's number is the one that its prices in the DAC feed bear."""
    price = {"inventory_id": "SKU-000001", "price": "1", "price_type": "Customer", "price_code": "BOLT"}
    await site.change(customer(), {"add_sales_price": price}, customer("BOLT"))
    row = (await site.dac("ARSalesPrice"))[0]
    assert row["CustomerID"] == (await site.rest("Customer/BOLT"))["BAccountID"]["value"]


async def test_customer_can_be_removed_unless_it_has_orders(site: Any) -> None:
    """A removed customer is gone and in the feed of deletions; one with orders stays."""
    await site.change(customer(), customer("BOLT"), order())
    gone = await site.rest("Customer/BOLT")
    await site.change({"remove_customer": "BOLT"})
    assert [row["CustomerID"]["value"] for row in await site.rest("Customer")] == ["ACME"]
    assert (await site.get(f"/entity/Default/24.200.001/Customer/{gone['id']}")).status_code == 500
    refused = await site.client.post("/_sandbox/change", json={"remove_customer": "ACME"})
    assert (refused.status_code, len(await site.rest("Customer"))) == (400, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"add_customer": {"customer_id": "acme", "name": "Again"}},
        {"add_customer": {"customer_id": "BOLT"}},
        {"add_customer": {"name": "Bolt", "nonsense": 1}},
        {"add_customer": {"name": "Bolt", "main_contact": {"Mail": "x"}}},
        {"set_customer": {"customer_id": "ACME", "status": "Sleeping"}},
        {"set_customer": {"customer_id": "ACME", "name": "X", "main_contact": {"Address": {"Town": "x"}}}},
        {"set_customer": {"customer_id": "ACME", "fields": {"Nonsense": "x"}}},
        {"set_customer": {"customer_id": "NOBODY"}},
    ],
)
async def test_changes_that_do_not_fit_leave_all_as_it_was(site: Any, change: dict[str, Any]) -> None:
    """A wrong change of a customer is 400 and changes nothing."""
    await site.change(customer())
    before = (await site.state())["customers"]
    assert (await site.client.post("/_sandbox/change", json=change)).status_code == 400
    assert (await site.state())["customers"] == before


async def test_state_has_what_a_shop_needs_to_know(site: Any) -> None:
    """The state tells a customer's class, status, contacts, addresses and attributes."""
    await site.change(customer(attributes=[{"AttributeID": "REGION", "Value": "N"}]))
    found = (await site.state())["customers"]["ACME"]
    assert (found["name"], found["customer_class"], found["status"]) == ("ACME Inc.", "DEFAULT", "Active")
    assert (found["email"], found["guest"], found["attributes"]) == ("acme@example.com", False, {"REGION": "N"})
    assert found["main_contact"]["Address"]["City"] == found["shipping_contact"]["Address"]["City"] == "New York"
