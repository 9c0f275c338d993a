"""The plain view of customers and documents, for an oracle that computes independently what a shop should show."""

from typing import Any

from sandbox.acumatica import sums
from sandbox.acumatica.contacts import display_name
from sandbox.acumatica.customers import shipping
from sandbox.acumatica.demand import allocated
from sandbox.acumatica.document_types import (
    Contact,
    Customer,
    Invoice,
    Order,
    OrderLine,
    Package,
    Party,
    PurchaseOrder,
    Receipt,
    Shipment,
    ShipmentLine,
    Split,
)
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.values import MONEY_PLACES, PRICE_PLACES, QUANTITY_PLACES, in_utc, plain


def documents_view(documents: Documents) -> dict[str, Any]:
    """Return the documents as plain data, with times in UTC and numbers as decimal texts."""
    return {
        "customer_classes": {one.code: one.description for one in documents.classes.values()},
        "customers": {one.code: _customer(one) for one in documents.customers.rows()},
        "orders": [_order(one) for one in documents.orders.rows()],
        "shipments": [_shipment(one) for one in documents.shipments.rows()],
        "invoices": [_invoice(one) for one in documents.invoices.rows()],
        "purchase_orders": [_purchase(one) for one in documents.purchases.rows()],
        "purchase_receipts": [_receipt(one) for one in documents.receipts.rows()],
    }


def _money(whole: int) -> str:
    return plain(whole, MONEY_PLACES)


def _quantity(whole: int) -> str:
    return plain(whole, QUANTITY_PLACES)


def _contact(contact: Contact | None) -> dict[str, Any] | None:
    if contact is None:
        return None
    held = {name: value for name, value in contact.fields.items() if value not in (None, "")}
    address = {name: value for name, value in contact.address.items() if value not in (None, "")}
    return {"ContactID": contact.number, "DisplayName": display_name(contact), **held, "Address": address}


def _customer(one: Customer) -> dict[str, Any]:
    return {
        "id": one.note_id,
        "name": one.name,
        "customer_class": one.customer_class.code,
        "status": one.status,
        "guest": one.guest,
        "email": one.main.fields.get("Email") or None,
        "price_class": one.price_class,
        "main_contact": _contact(one.main),
        "billing_contact": _contact(one.billing or one.main),
        "shipping_contact": _contact(shipping(one)),
        "primary_contact": _contact(one.primary),
        "contacts": [_contact(person) for person in one.persons],
        "attributes": {str(row["AttributeID"]): row.get("Value") for row in one.attributes},
        "custom": one.custom,
        "created": in_utc(one.created),
        "modified": in_utc(one.modified),
    }


def _party(party: Party) -> dict[str, Any]:
    return {name: value for name, value in (party.contact | party.address).items() if value not in (None, "")}


def _order(one: Order) -> dict[str, Any]:
    return {
        "id": one.note_id,
        "order_type": one.type,
        "order_nbr": one.number,
        "status": one.status,
        "customer_id": one.customer.code,
        "branch": one.branch.code,
        "date": one.day.isoformat(),
        "external_ref": one.external_ref,
        "customer_order": one.customer_order,
        "description": one.description,
        "currency": one.currency,
        "ship_via": one.ship_via,
        "payment_method": one.payment_method,
        "bill_to": _party(one.bill_to),
        "ship_to": _party(one.ship_to),
        "lines": [_order_line(one, line) for line in one.lines],
        "line_total": _money(sums.line_total(one)),
        "freight": _money(one.freight4),
        "premium_freight": _money(one.premium4),
        "discount": _money(one.discount4),
        "taxes": [
            {"id": tax.tax_id, "rate": plain(tax.rate6, PRICE_PLACES), "amount": _money(tax.amount4)}
            for tax in one.taxes
        ],
        "tax_total": _money(sums.tax_total(one)),
        "order_total": _money(sums.order_total(one)),
        "shipments": [shipment.number for shipment in one.shipments],
        "receipts": [receipt.number for receipt in one.receipts],
        "invoices": [invoice.number for invoice in one.invoices],
        "archived": one.archived,
        "custom": one.custom,
        "created": in_utc(one.created),
        "modified": in_utc(one.modified),
    }


def _order_line(order: Order, line: OrderLine) -> dict[str, Any]:
    return {
        "line_nbr": line.number,
        "inventory_id": line.item.inventory_id,
        "description": line.description,
        "quantity": _quantity(line.quantity4),
        "uom": line.uom,
        "base_quantity": _quantity(sums.base_quantity(line.item, line.quantity4, line.uom)),
        "unit_price": plain(line.price6, PRICE_PLACES),
        "discount": _money(sums.discount(line)),
        "amount": _money(sums.line_amount(line)),
        "warehouse": line.site.code if line.site is not None else None,
        "operation": line.operation,
        "free": line.free,
        "drop_ship": line.drop_ship,
        "po_source": line.po_source,
        "allocated": _quantity(allocated(order, line)),
        "completed": line.completed or not sums.open_quantity(order, line),
        "open_quantity": _quantity(sums.open_quantity(order, line)),
        "shipped_quantity": _quantity(sums.shipped(order, line)),
    }


def _shipment(one: Shipment) -> dict[str, Any]:
    return {
        "id": one.note_id,
        "shipment_nbr": one.number,
        "type": one.type,
        "operation": one.operation,
        "status": one.status,
        "confirmed": one.confirmed,
        "posted": one.confirmed and one.posted,
        "customer_id": one.customer.code,
        "warehouse": one.site.code,
        "to_warehouse": one.to_site.code if one.to_site is not None else None,
        "date": one.day.isoformat(),
        "ship_via": one.ship_via,
        "orders": [{"order_type": order.type, "order_nbr": order.number} for order in one.orders],
        "lines": [_shipment_line(line) for line in one.lines],
        "packages": [_package(package) for package in one.packages],
        "invoices": [invoice.number for invoice in one.invoices],
        "archived": one.archived,
        "created": in_utc(one.created),
        "modified": in_utc(one.modified),
    }


def _shipment_line(line: ShipmentLine) -> dict[str, Any]:
    return {
        "line_nbr": line.number,
        "order_type": line.order.type,
        "order_nbr": line.order.number,
        "order_line_nbr": line.order_line.number,
        "inventory_id": line.item.inventory_id,
        "quantity": _quantity(line.quantity4),
        "uom": line.uom,
        "base_quantity": _quantity(sums.base_quantity(line.item, line.quantity4, line.uom)),
        "warehouse": line.site.code,
        "allocations": [_split(split) for split in line.splits],
    }


def _split(split: Split) -> dict[str, Any]:
    return {
        "split_nbr": split.number,
        "inventory_id": split.item.inventory_id,
        "quantity": _quantity(split.quantity4),
        "uom": split.uom,
        "location": split.location,
        "lot": split.lot,
    }


def _package(package: Package) -> dict[str, Any]:
    return {
        "package": package.number,
        "box": package.box,
        "tracking": package.tracking,
        "weight": _quantity(package.weight4),
        "contents": [
            {
                "inventory_id": one.item.inventory_id,
                "quantity": _quantity(one.quantity4),
                "uom": one.uom,
                "order_type": one.order.type,
                "order_nbr": one.order.number,
            }
            for one in package.contents
        ],
    }


def _invoice(one: Invoice) -> dict[str, Any]:
    return {
        "id": one.note_id,
        "type": one.type,
        "reference_nbr": one.number,
        "status": one.status,
        "released": one.released,
        "customer_id": one.customer.code,
        "date": one.day.isoformat(),
        "lines": [
            {
                "line_nbr": line.number,
                "inventory_id": line.item.inventory_id,
                "quantity": _quantity(line.quantity4),
                "uom": line.uom,
                "amount": _money(line.amount4),
                "order_type": line.order.type,
                "order_nbr": line.order.number,
                "order_line_nbr": line.order_line.number,
                "shipment_nbr": line.shipment_nbr,
            }
            for line in one.lines
        ],
        "shipments": [shipment.number for shipment in one.shipments],
        "receipts": [receipt.number for receipt in one.receipts],
        "freight": _money(one.freight4),
        "tax": _money(one.tax4),
        "amount": _money(sums.invoice_total(one)),
        "balance": _money(sums.invoice_balance(one)),
        "archived": one.archived,
        "created": in_utc(one.created),
        "modified": in_utc(one.modified),
    }


def _purchase(one: PurchaseOrder) -> dict[str, Any]:
    return {
        "id": one.note_id,
        "purchase_order": one.number,
        "type": one.type,
        "status": one.status,
        "vendor": one.vendor,
        "vendor_ref": one.vendor_ref,
        "lines": [
            {
                "line_nbr": line.number,
                "order_type": line.order.type,
                "order_nbr": line.order.number,
                "order_line_nbr": line.order_line.number,
                "inventory_id": line.order_line.item.inventory_id,
                "quantity": _quantity(line.quantity4),
            }
            for line in one.lines
        ],
        "modified": in_utc(one.modified),
    }


def _receipt(one: Receipt) -> dict[str, Any]:
    return {
        "id": one.note_id,
        "receipt_nbr": one.number,
        "type": one.type,
        "status": one.status,
        "released": one.released,
        "vendor": one.vendor,
        "vendor_ref": one.vendor_ref,
        "date": one.day.isoformat(),
        "lines": [
            {
                "line_nbr": line.number,
                "purchase_order": line.purchase.number,
                "purchase_line_nbr": line.purchase_line.number,
                "order_type": line.purchase_line.order.type,
                "order_nbr": line.purchase_line.order.number,
                "order_line_nbr": line.purchase_line.order_line.number,
                "inventory_id": line.purchase_line.order_line.item.inventory_id,
                "quantity": _quantity(line.quantity4),
                "uom": line.purchase_line.order_line.uom,
            }
            for line in one.lines
        ],
        "invoices": [invoice.number for invoice in one.invoices],
        "modified": in_utc(one.modified),
    }
