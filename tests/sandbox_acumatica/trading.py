"""Short ways to customers, orders and stock for the tests of documents."""

from typing import Any

ADDRESS = {"AddressLine1": "1 Example Street", "City": "New York", "PostalCode": "10019", "State": "NY"}


def customer(code: str = "ACME", **more: Any) -> dict[str, Any]:
    """A customer with contact and address."""
    contact = {"Email": f"{code.lower()}@example.com", "Phone1": "+1 555 0100", "Address": ADDRESS}
    return {"add_customer": {"customer_id": code, "name": f"{code} Inc.", "main_contact": contact} | more}


def line(quantity: str = "2", sku: str = "SKU-000001", **more: Any) -> dict[str, Any]:
    """A line of an order."""
    return {"inventory_id": sku, "quantity": quantity} | more


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order of ACME; one line of two SKU-000001 when none is given."""
    return {"add_order": {"customer_id": "ACME", "lines": list(lines) or [line()]} | more}


def named(number: str = "000001", kind: str = "SO") -> dict[str, Any]:
    """What names an order."""
    return {"order_type": kind, "order_nbr": number}


def shipped(number: str = "000001", line_nbr: int = 1, **more: Any) -> dict[str, Any]:
    """A line of a shipment."""
    return named(number) | {"line_nbr": line_nbr} | more


async def figures(site: Any, sku: str = "SKU-000001", warehouse: str = "MAIN") -> tuple[float, float, float]:
    """On hand, available for shipping and available of an item in a warehouse, as the DAC feed gives them."""
    condition = f"InventoryItemByInventoryID/InventoryCD eq '{sku}' and INSiteBySiteID/SiteCD eq '{warehouse}'"
    row = (await site.dac("INSiteStatus", filter=condition))[0]
    return row["QtyOnHand"], row["QtyHardAvail"], row["QtyAvail"]


async def stock(site: Any, *skus: str, quantity: str = "10") -> None:
    """Put that many of each item into MAIN, all of it available."""
    three = dict.fromkeys(("on_hand", "available", "available_for_shipping"), quantity)
    await site.change(
        *({"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", **three}} for sku in skus or ("SKU-000001",))
    )


def values(record: dict[str, Any], *names: str) -> list[Any]:
    """The values of a record's fields, None for an empty one."""
    return [record[name].get("value") for name in names]
