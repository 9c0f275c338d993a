"""The entities of the endpoint that show customers and documents."""

from collections.abc import Callable
from datetime import tzinfo
from functools import partial

from sandbox.acumatica.contacts import contact_entity
from sandbox.acumatica.customers import customer_class_entity, customer_entity
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.purchases import purchase_order_entity, purchase_receipt_entity
from sandbox.acumatica.records import Entity
from sandbox.acumatica.sales_invoices import sales_invoice_entity
from sandbox.acumatica.sales_orders import sales_order_entity
from sandbox.acumatica.shipments import shipment_entity


def document_entities(documents: Documents, zone: tzinfo) -> dict[str, Callable[[], Entity]]:
    """Return a function for each entity, by name, that creates it."""
    return {
        "Customer": partial(customer_entity, documents),
        "CustomerClass": partial(customer_class_entity, documents),
        "Contact": partial(contact_entity, documents),
        "SalesOrder": partial(sales_order_entity, documents, zone),
        "Shipment": partial(shipment_entity, documents, zone),
        "SalesInvoice": partial(sales_invoice_entity, documents, zone),
        "PurchaseOrder": partial(purchase_order_entity, documents, zone),
        "PurchaseReceipt": partial(purchase_receipt_entity, documents, zone),
    }
