"""Customers of every unusual kind, followed by plain ones, as changes that add them."""

from typing import Any

Change = dict[str, Any]
PHONE = "+1 555 0100"
TOWNS = (
    ("1 Example Street", "New York", "NY", "10019", "US"),
    ("22 Harbor Road", "San Francisco", "CA", "94107-3479", "US"),
    ("7 Market Square", "Toronto", "ON", "M5V 2T6", "CA"),
    ("310 Lake Drive", "Chicago", "IL", "60601", "US"),
)


def _contact(email: str | None, town: tuple[str, str, str, str, str], phone: str | None = PHONE) -> Change:
    street, city, state, postal, country = town
    address = {"AddressLine1": street, "City": city, "PostalCode": postal, "Country": country}
    contact: Change = {"Address": address | ({"State": state} if state else {})}
    return contact | ({"Email": email} if email else {}) | ({"Phone1": phone} if phone else {})


def _odd() -> list[Change]:
    """Return the unusual customers. Those in the shop's classes must be accepted by a connector, those in DEFAULT
    refused.
    """
    koeln = ("Weinstraße 5", "Köln", "", "50667", "DE")
    kyoto = ("京都市中京区 1-2", "京都", "", "604-0001", "JP")
    nowhere = ("9 Prairie Lane", "Omaha", "", "68102", "US")
    person = {"FirstName": "Ada", "LastName": "Lovelace", "JobTitle": "Buyer", "Email": "ada@example.com"}
    shop = {"customer_class": "ECOMMERCE"}
    refused = {"customer_class": "DEFAULT"}
    return [
        {"name": "Analytical Engines Inc.", "main_contact": _contact("office@engines.example.com", TOWNS[0])}
        | shop
        | {"primary_contact": person | {"Phone1": PHONE}},
        {"name": "Bäckerei Müller & Söhne GmbH", "main_contact": _contact("backerei@example.com", koeln)} | shop,
        {"name": "日本茶株式会社", "main_contact": _contact("tea@example.com", kyoto)} | shop,
        {"name": "O'Hara, Conor", "main_contact": _contact("Conor.OHara@Example.com", TOWNS[1], None)}
        | {"customer_class": "WHOLESALE"},
        {"name": "No Mail Ltd.", "main_contact": _contact(None, TOWNS[2])} | refused,
        {"name": "Twin One", "main_contact": _contact("twin@example.com", TOWNS[0])} | refused,
        {"name": "Twin Two", "main_contact": _contact("Twin@Example.com", TOWNS[1])} | refused,
        {"name": "Wrong Mail", "main_contact": _contact("not an address", TOWNS[3])} | refused,
        {"name": "Stateless", "main_contact": _contact("stateless@example.com", nowhere)} | refused,
        {"name": "Sleeper", "main_contact": _contact("sleeper@example.com", TOWNS[0])}
        | refused
        | {"status": "Inactive"},
        {"name": "Passing By", "main_contact": _contact("once@example.com", TOWNS[0])}
        | refused
        | {"status": "One-Time"},
        {"name": "Guest", "main_contact": _contact("guest@example.com", TOWNS[0])} | refused | {"guest": True},
    ]


def sample_customers(plain: int) -> list[Change]:
    """Return changes that add the unusual customers and then this number of plain ones."""
    found = _odd()
    for number in range(1, plain + 1):
        contact = _contact(f"customer{number}@example.com", TOWNS[number % len(TOWNS)])
        colour = {"AttributeID": "REGION", "AttributeDescription": "Sales region", "Value": f"R{number % 3}"}
        found.append(
            {
                "name": f"Jane Doe {number}" if number % 2 else f"Example Company {number}",
                "customer_class": "ECOMMERCE" if number % 3 else "WHOLESALE",
                "main_contact": contact,
                "attributes": [colour] if number % 2 else [],
            }
        )
    return [{"customer_id": f"C{place:09d}", **one} for place, one in enumerate(found, start=1)]
