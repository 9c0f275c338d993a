"""The documents in the DAC feed, for detecting changes: headers with codes and timestamps, and which shipment serves
which order. Archived documents are not in it.

They are served because `acumatica.md` §6.4 names `SOShipment` as the alternative if the contract API lists no
shipments. The published field sets are not known (§11), so only keys, codes, timestamps and references are here.
"""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, NamedTuple

from sandbox.acumatica import sums
from sandbox.acumatica.dacs import number, text
from sandbox.acumatica.document_types import Invoice, Order, Shipment
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import amounts, flags, guids, moments, quantities
from sandbox.acumatica.line_dacs import line_dacs
from sandbox.acumatica.order_shipments import invoice_columns, invoice_of
from sandbox.acumatica.tables import Field, Link, Table, fields
from sandbox.acumatica.values import Value, collate, midnight

ORDER_STATUS = {
    "Open": "N",
    "On Hold": "H",
    "Pending Approval": "P",
    "Rejected": "V",
    "Pending Processing": "E",
    "Awaiting Payment": "A",
    "Credit Hold": "R",
    "Completed": "C",
    "Canceled": "L",
    "Back Order": "B",
    "Shipping": "S",
    "Invoiced": "I",
}
SHIPMENT_STATUS = {
    "On Hold": "H",
    "Open": "N",
    "Confirmed": "F",
    "Partially Invoiced": "Y",
    "Invoiced": "I",
    "Completed": "C",
    "Canceled": "L",
}
SHIPMENT_TYPE = {"Shipment": "I", "Transfer": "T"}


class OrderShipment(NamedTuple):
    """An order served by a shipment."""

    order: Order
    shipment: Shipment

    @property
    def invoice(self) -> Invoice | None:
        """The invoice of that order and shipment."""
        return invoice_of(self.order, self.shipment.invoices)

    @property
    def issue(self) -> Value:
        """The number of the issue that took the goods from the stock."""
        return invoice_columns(self.invoice, self.shipment.issue)["InventoryRefNbr"]


def _order_fields() -> list[Field]:
    return [
        text("OrderType", lambda one: one.type),
        text("OrderNbr", lambda one: one.number),
        text("Status", lambda one: ORDER_STATUS.get(one.status)),
        number("CustomerID", lambda one: one.customer.number),
        text("CustomerOrderNbr", lambda one: one.customer_order or None),
        text("CustomerRefNbr", lambda one: one.external_ref or None),
        text("ShipVia", lambda one: one.ship_via or None),
        *quantities(OrderQty=sums.order_quantity),
        *amounts(CuryOrderTotal=sums.order_total),
        *guids(NoteID=lambda one: one.note_id),
        *moments(
            OrderDate=lambda one: midnight(one.day, UTC),
            CreatedDateTime=lambda one: one.created,
            LastModifiedDateTime=lambda one: one.modified,
        ),
    ]


def _shipment_fields() -> list[Field]:
    return [
        text("ShipmentNbr", lambda one: one.number),
        text("ShipmentType", lambda one: SHIPMENT_TYPE.get(one.type)),
        text("Operation", lambda one: one.operation[:1]),
        text("Status", lambda one: SHIPMENT_STATUS.get(one.status)),
        number("CustomerID", lambda one: one.customer.number),
        number("SiteID", lambda one: one.site.number),
        text("ShipVia", lambda one: one.ship_via or None),
        *flags(Confirmed=lambda one: one.confirmed, Released=lambda one: one.confirmed and one.posted),
        *quantities(ShipmentQty=sums.shipped_quantity),
        *guids(NoteID=lambda one: one.note_id),
        *moments(
            ShipDate=lambda one: midnight(one.day, UTC),
            CreatedDateTime=lambda one: one.created,
            LastModifiedDateTime=lambda one: one.modified,
        ),
    ]


def _link_fields() -> list[Field]:
    return [
        text("ShipmentType", lambda one: SHIPMENT_TYPE.get(one.shipment.type)),
        text("ShipmentNbr", lambda one: one.shipment.number),
        text("OrderType", lambda one: one.order.type),
        text("OrderNbr", lambda one: one.order.number),
        text("InvoiceType", lambda one: "INV" if one.invoice is not None else None),
        text("InvoiceNbr", lambda one: one.invoice.number if one.invoice is not None else None),
        text("InvtDocType", lambda one: "I" if one.issue else None),
        text("InvtRefNbr", lambda one: one.issue or None),
        *quantities(ShipmentQty=lambda one: sums.shipped_quantity(one.shipment, one.order)),
        *moments(LastModifiedDateTime=lambda one: one.shipment.modified),
    ]


def document_dacs(documents: Documents, others: dict[str, Table]) -> dict[str, Table]:
    """Return SOOrder, SOShipment, SOOrderShipment and the lines of orders; links lead to tables among `others`."""

    def orders() -> list[Order]:
        return [one for one in documents.orders.rows() if not one.archived]

    def shipments() -> list[Shipment]:
        return [one for one in documents.shipments.rows() if not one.archived]

    def pairs() -> list[OrderShipment]:
        return [OrderShipment(order, one) for one in shipments() for order in one.orders]

    def table(
        name: str,
        key: tuple[str, ...],
        columns: list[Field],
        rows: Callable[[], Sequence[Any]],
        links: dict[str, Link],
    ) -> Table:
        first = fields(*columns)[key[0]]
        return Table(
            name,
            f"PX.Objects.SO.{name}",
            key,
            fields(*columns),
            rows,
            lambda: [collate(str(first.get(row))) for row in rows()],
            links,
        )

    site = {"INSiteBySiteID": Link(lambda: others["INSite"], lambda one: one.site)}
    several = (
        table("SOOrder", ("OrderType", "OrderNbr"), _order_fields(), orders, {}),
        table("SOShipment", ("ShipmentNbr",), _shipment_fields(), shipments, site),
        table(
            "SOOrderShipment",
            ("ShipmentNbr", "ShipmentType", "OrderType", "OrderNbr"),
            _link_fields(),
            pairs,
            {},
        ),
    )
    return {one.name: one for one in several} | line_dacs(documents, others)
