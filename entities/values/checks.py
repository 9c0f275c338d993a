"""Test Connection, what the settings of items, prices and vendor quantities name: item classes, alternate ids, the
price class, availability calculation rules, the generic inquiry, the product attribute.

Comes in: both systems and the names. Goes out: what is to be checked; nothing where nothing is named. Nothing is
written anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from connector.acumatica import setup
from connector.acumatica.errors import NoRights, RequestRefused
from connector.acumatica.order_demands import availability_rules
from connector.acumatica.session import AcumaticaSession
from connector.magento import reads
from connector.magento.client import MagentoClient
from entities.checks import Asked, Check, not_among

ITEM_CLASSES, ALTERNATE, PRICE_CLASS = "Item classes", "Alternate id of the SKU", "Price class"
AVAILABILITY = "Availability calculation rules"
INQUIRY, ATTRIBUTE = "Vendor inquiry", "Vendor attribute"
ITEMS_LOOKED_AT = 500
_COLUMNS = ("InventoryID", "VendorQty")


def items_in_acumatica(session: AcumaticaSession, classes: Sequence[str], alternate_type: str) -> list[Asked]:
    """The item classes, and the type of the alternate id that is the SKU."""
    asked = [Asked(ITEM_CLASSES, partial(_classes, session, classes))] if classes else []
    return [*asked, Asked(ALTERNATE, partial(_alternate, session, alternate_type))] if alternate_type else asked


def price_class_in_acumatica(session: AcumaticaSession, price_class: str) -> list[Asked]:
    """The price class whose prices come before the base prices."""
    return [Asked(PRICE_CLASS, partial(_price_class, session, price_class))] if price_class else []


def availability_in_acumatica(session: AcumaticaSession, *, deducts: bool) -> list[Asked]:
    """Whether the item classes say what Quantity Available lacks of open orders, where that is read from them."""
    return [Asked(AVAILABILITY, partial(_availability, session))] if deducts else []


def vendor_in_acumatica(session: AcumaticaSession, inquiry: str) -> list[Asked]:
    """The generic inquiry that lists vendor quantities."""
    return [Asked(INQUIRY, partial(_inquiry, session, inquiry))] if inquiry else []


def vendor_in_magento(client: MagentoClient, attribute: str) -> list[Asked]:
    """The product attribute that shows vendor quantities."""
    return [Asked(ATTRIBUTE, partial(_attribute, client, attribute))] if attribute else []


async def _classes(session: AcumaticaSession, classes: Sequence[str]) -> Check:
    found = await setup.names_of(session, "ItemClass", "ClassID")
    missing = not_among(classes, found)
    if missing:
        said = f"Acumatica has no item class {', '.join(missing)}; it has {', '.join(found)}."
        return Check(ITEM_CLASSES, "failed", f"{said} No item of it is sent. Correct A2M_ITEMS__CLASSES.")
    return Check(ITEM_CLASSES, "passed", ", ".join(classes))


async def _alternate(session: AcumaticaSession, wanted: str) -> Check:
    """Acumatica's API has no list of these types: one is known to exist where some item has an id of it."""
    found = await setup.alternate_types(session, ITEMS_LOOKED_AT)
    if not not_among([wanted], found):
        return Check(ALTERNATE, "passed", f"{wanted}: there are items that have one")
    known = ", ".join(sorted(found)) or "none of any type"
    said = (
        f"of the first {ITEMS_LOOKED_AT} stock items none has an alternate id of the type {wanted}; they have {known}. "
        "An item without one is not sent. See A2M_ITEMS__SKU."
    )
    return Check(ALTERNATE, "could not be checked", said)


async def _availability(session: AcumaticaSession) -> Check:
    rules = await availability_rules(session)
    if rules is None:
        said = (
            "what Quantity Available lacks of open orders is not told: only what is allocated or shipped of the shop's "
            "orders is added back. Grant the user access to form Availability Calculation Rules (IN201500), or say it "
            "in A2M_INVENTORY__AVAILABLE_DEDUCTS."
        )
        return Check(AVAILABILITY, "could not be checked", said)
    return Check(AVAILABILITY, "passed", f"read for {len(rules)} item class{'' if len(rules) == 1 else 'es'}")


async def _price_class(session: AcumaticaSession, price_class: str) -> Check:
    found = await setup.names_of(session, "CustomerPriceClass", "PriceClassID")
    missing = not_among([price_class], found)
    if missing:
        known = ", ".join(found) or "none"
        said = f"Acumatica has no price class {missing[0]}; it has {known}. Correct A2M_PRICE__PRICE_CLASS."
        return Check(PRICE_CLASS, "failed", said)
    return Check(PRICE_CLASS, "passed", price_class)


async def _inquiry(session: AcumaticaSession, inquiry: str) -> Check:
    try:
        columns = await setup.columns_of_inquiry(session, inquiry)
    except NoRights as fault:
        return Check(INQUIRY, "failed", str(fault))
    except RequestRefused as refused:
        said = (
            f"Acumatica shows no generic inquiry {inquiry} by OData. Correct A2M_VENDOR_INVENTORY__INQUIRY, or tick "
            f"Expose via OData on form Generic Inquiry (SM208000). {refused}"
        )
        return Check(INQUIRY, "failed", said)
    if columns is None:
        said = f"{inquiry} is there and lists nothing now, so its columns are not told: no vendor quantity is shown"
        return Check(INQUIRY, "could not be checked", said)
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        said = f"{inquiry} has no column {' and no column '.join(missing)}; it has {', '.join(sorted(columns))}."
        return Check(INQUIRY, "failed", f"{said} Name its columns so: InventoryID, WarehouseID, VendorQty.")
    return Check(INQUIRY, "passed", f"{inquiry}: {', '.join(sorted(columns))}")


async def _attribute(client: MagentoClient, attribute: str) -> Check:
    if not await reads.has_attribute(client, attribute):
        said = f"Magento has no product attribute {attribute}. Make it, or correct A2M_VENDOR_INVENTORY__ATTRIBUTE."
        return Check(ATTRIBUTE, "failed", said)
    return Check(ATTRIBUTE, "passed", attribute)
