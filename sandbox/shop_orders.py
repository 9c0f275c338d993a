"""The orders that customers placed in the shop, as changes of Magento: one for each order of Acumatica that refers to
it.

Input: the state of the sandbox's Acumatica. Output: `place_order` changes, so that both simulators agree. An order with
an external reference was placed and paid in the shop, one without was entered in the ERP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Change = dict[str, Any]


def shop_orders(acumatica: Mapping[str, Any]) -> Iterator[Change]:
    """Return one `place_order` for each of Acumatica's orders that came from the shop; `acumatica` is the view of its
    records.
    """
    for order in acumatica["orders"]:
        if not order["external_ref"] or order["order_type"] != "SO":
            continue
        yield {
            "place_order": {
                "increment_id": order["external_ref"],
                "lines": [_line(line) for line in order["lines"]],
                "email": order["bill_to"].get("Email") or "somebody@example.com",
                "billing": _address(order["bill_to"]),
                "shipping": _address(order["ship_to"]),
                "shipping_amount": order["freight"],
                "state": "processing",
                "status": "processing",
            }
        }


def _line(line: Mapping[str, Any]) -> Change:
    return {"sku": line["inventory_id"], "qty": line["base_quantity"], "price": line["unit_price"]}


def _address(contact: Mapping[str, Any]) -> Change:
    first, _blank, last = str(contact.get("Attention") or contact.get("BusinessName") or "A Customer").partition(" ")
    found = {
        "firstname": first,
        "lastname": last or first,
        "company": contact.get("BusinessName"),
        "street": [contact.get("AddressLine1")],
        "city": contact.get("City"),
        "postcode": contact.get("PostalCode"),
        "country_id": contact.get("Country"),
        "telephone": contact.get("Phone1"),
    }
    return {name: value for name, value in found.items() if value not in (None, "", [None])}
