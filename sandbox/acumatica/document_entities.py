"""The entities of the endpoint that show customers and documents."""

from datetime import tzinfo

from sandbox.acumatica.contacts import contact_entity
from sandbox.acumatica.customers import customer_class_entity, customer_entity
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.purchases import purchase_order_entity, purchase_receipt_entity
from sandbox.acumatica.records import Entity
from sandbox.acumatica.sales_invoices import sales_invoice_entity
from sandbox.acumatica.sales_orders import sales_order_entity
from sandbox.acumatica.shipments import shipment_entity


def document_entities(documents: Documents, zone: tzinfo) -> tuple[Entity, ...]:
    """Take the documents and the server's zone; give the entities."""
    return (
        customer_entity(documents),
        customer_class_entity(documents),
        contact_entity(documents),
        sales_order_entity(documents, zone),
        shipment_entity(documents, zone),
        sales_invoice_entity(documents, zone),
        purchase_order_entity(documents, zone),
        purchase_receipt_entity(documents, zone),
    )
