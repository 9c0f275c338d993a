"""The entity SalesOrder, in the shape recorded on endpoint 22.200 with what 24.200 adds (`Branch`, linked objects)."""

from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from sandbox.acumatica import sums
from sandbox.acumatica.contacts import party_parts
from sandbox.acumatica.document_types import Order
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import (
    NOTHING,
    Row,
    amounts,
    blank,
    constants,
    custom,
    entries,
    flags,
    guids,
    moments,
    no,
    note_id,
    presets,
    quantities,
    texts,
    zero,
)
from sandbox.acumatica.order_lines import details_part
from sandbox.acumatica.order_shipments import shipments_part
from sandbox.acumatica.records import Entity, Part, linked
from sandbox.acumatica.state import CURRENCY
from sandbox.acumatica.tables import Field, Table, fields
from sandbox.acumatica.values import collate, midnight

GRAPH = "PX.Objects.SO.SOOrderEntry"
RATE = Decimal("1.00000000")
LAST_LINE = 2_147_483_647
PRESET: Row = (
    blank(
        "CashAccount ContactID CurrencyRateTypeID DestinationWarehouseID ExternalOrderOrigin ExternalOrderOriginal "
        "ExternalOrderSource ExternalRefundRef PaymentRef"
    )
    | no("CreditHold DisableAutomaticTaxCalculation IsTaxValid")
    | {"LocationID": "MAIN", "Project": "X", "WillCall": True}
)
PAYMENT_KINDS = dict.fromkeys(
    (
        "CardAccountNbr",
        "CashAccount",
        "Currency",
        "Description",
        "DocType",
        "ExternalRef",
        "OrigTransactionNbr",
        "PaymentMethod",
        "PaymentRef",
        "ProcessingCenterID",
        "ReferenceNbr",
        "Status",
    ),
    "String",
) | {
    **dict.fromkeys(("AppliedToOrder", "Balance", "PaymentAmount", "TransferredtoInvoice"), "Decimal"),
    **dict.fromkeys(("Authorize", "Capture", "Hold", "Refund", "SaveCard"), "Boolean"),
    "ApplicationDate": "DateTimeOffset",
    "LastModifiedDateTime": "DateTimeOffset",
    "NoteID": "Guid",
    "ValidateCCRefundOrigTransaction": "Boolean",
}
PAYMENT_DEFAULTS: Row = {
    "Balance": NOTHING,
    "Currency": CURRENCY,
    "DocType": "Payment",
    "Hold": False,
    "Status": "Open",
    "TransferredtoInvoice": NOTHING,
    "ValidateCCRefundOrigTransaction": True,
}
DISCOUNT_KINDS = dict.fromkeys(
    ("Description", "DiscountCode", "ExternalDiscountCode", "FreeItem", "SequenceID", "Type"), "String"
) | {
    **dict.fromkeys(
        ("DiscountableAmount", "DiscountableQty", "DiscountAmount", "DiscountPercent", "FreeItemQty"), "Decimal"
    ),
    **dict.fromkeys(("ManualDiscount", "SkipDiscount"), "Boolean"),
}


def _header(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            BaseCurrencyID=lambda one: CURRENCY,
            Branch=lambda one: one.branch.code,
            CurrencyID=lambda one: one.currency,
            CustomerID=lambda one: one.customer.code,
            CustomerOrder=lambda one: one.customer_order,
            Description=lambda one: one.description,
            ExternalRef=lambda one: one.external_ref,
            OrderNbr=lambda one: one.number,
            OrderType=lambda one: one.type,
            PaymentMethod=lambda one: one.payment_method,
            PreferredWarehouseID=lambda one: one.site.code if one.site is not None else None,
            ShipVia=lambda one: one.ship_via,
            Status=lambda one: one.status,
        ),
        *flags(
            Approved=lambda one: one.status not in ("On Hold", "Pending Approval", "Rejected"),
            BillToAddressOverride=lambda one: one.bill_to.override,
            BillToContactOverride=lambda one: one.bill_to.override,
            Hold=lambda one: one.status == "On Hold",
            ShipToAddressOverride=lambda one: one.ship_to.override,
            ShipToContactOverride=lambda one: one.ship_to.override,
        ),
        *moments(
            CreatedDate=lambda one: one.created,
            Date=lambda one: midnight(one.day, zone),
            EffectiveDate=lambda one: midnight(one.day, zone),
            LastModified=lambda one: one.modified,
            RequestedOn=lambda one: midnight(one.requested, zone),
        ),
        *guids(NoteID=lambda one: one.note_id),
        *amounts(ControlTotal=sums.order_total, OrderTotal=sums.order_total, TaxTotal=sums.tax_total),
        *quantities(OrderedQty=sums.order_quantity),
        *constants({"CurrencyRate": RATE, "ReciprocalRate": RATE}),
        *presets(PRESET),
    )


def _taxes(order: Order) -> Iterator[Row]:
    for place, tax in enumerate(order.taxes, start=1):
        yield {
            "CustomerTaxZone": str(order.extra.get("TaxZone", "")) or None,
            "IncludeInVATExemptTotal": False,
            "LineNbr": LAST_LINE,
            "OrderNbr": order.number,
            "OrderType": order.type,
            "PendingVAT": False,
            "RecordID": place,
            "ReverseVAT": False,
            "StatisticalVAT": False,
            "TaxableAmount": Decimal(tax.taxable4).scaleb(-4),
            "TaxAmount": Decimal(tax.amount4).scaleb(-4),
            "TaxID": tax.tax_id,
            "TaxRate": Decimal(tax.rate6).scaleb(-6),
            "TaxType": "Sales",
        }


TAX = fields(
    *entries(
        **dict.fromkeys(("CustomerTaxZone", "OrderNbr", "OrderType", "TaxID", "TaxType"), "String"),
        **dict.fromkeys(("IncludeInVATExemptTotal", "PendingVAT", "ReverseVAT", "StatisticalVAT"), "Boolean"),
        **dict.fromkeys(("LineNbr", "RecordID"), "Int32"),
        **dict.fromkeys(("TaxableAmount", "TaxAmount", "TaxRate"), "Decimal"),
    )
)
TOTALS = fields(
    *amounts(
        DiscountTotal=lambda one: one.discount4,
        Freight=lambda one: one.freight4,
        LineTotalAmount=lambda one: sums.line_total(one, misc=False),
        MiscTotalAmount=lambda one: sums.line_total(one, misc=True),
        PremiumFreight=lambda one: one.premium4,
        TaxTotal=sums.tax_total,
        UnbilledAmount=lambda one: sum(sums.unbilled(one, line) for line in one.lines),
        UnpaidBalance=lambda one: max(sums.order_total(one) - _paid(one), 0),
    ),
    *quantities(
        UnbilledQty=lambda one: sum(line.quantity4 - sums.invoiced(one, line) for line in one.lines),
    ),
    *constants(zero("FreightCost OrderVolume OrderWeight PackageWeight") | blank("FreightTaxCategory")),
    *constants({"FreightCostIsuptodate": True, "OverrideFreightAmount": False}),
)


def _paid(order: Order) -> int:
    return sum(int(Decimal(str(one.get("AppliedToOrder") or 0)).scaleb(4)) for one in order.payments)


def _shipping_settings(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            PreferredWarehouseID=lambda one: one.site.code if one.site is not None else None,
            ShipVia=lambda one: one.ship_via,
        ),
        *moments(
            CancelByDate=lambda one: None,
            ScheduledShipmentDate=lambda one: midnight(one.requested, zone),
        ),
        *flags(Canceled=lambda one: one.status == "Canceled"),
        *amounts(FreightPrice=lambda one: one.freight4, PremiumFreight=lambda one: one.premium4),
        *constants(
            no(
                "GroundCollect Insurance OverrideFreightPrice ResidentialDelivery SaturdayDelivery ShipSeparately "
                "UseCustomersAccount"
            )
        ),
        *constants(zero("FreightCost OrderVolume OrderWeight PackageWeight") | {"FreightCostIsuptodate": True}),
        *constants(blank("FOBPoint FreightTaxCategory ShippingTerms ShippingZone")),
        *constants({"Priority": 0, "ShippingRule": "Back Order Allowed"}),
    )


def _financial_settings(zone: tzinfo) -> dict[str, Field]:
    return fields(
        *texts(
            Branch=lambda one: one.branch.code,
            InvoiceNbr=lambda one: one.invoices[-1].number if one.invoices else None,
            OriginalOrderNbr=lambda one: one.original[1] if one.original else None,
            OriginalOrderType=lambda one: one.original[0] if one.original else None,
        ),
        *moments(
            CashDiscountDate=lambda one: None,
            DueDate=lambda one: None,
            InvoiceDate=lambda one: midnight(one.invoices[-1].day, zone) if one.invoices else None,
        ),
        *constants(no("BillSeparately OverrideTaxZone") | {"Terms": "30D"}),
        *constants(blank("CustomerTaxZone EntityUsageType Owner PostPeriod")),
    )


def _itself(row: Any) -> list[Any]:
    return [row]


def _parts(zone: tzinfo) -> dict[str, Part]:
    payments = Part(
        fields(*entries(**PAYMENT_KINDS)), lambda one: one.payments, "Adjustments", lambda row: str(row["NoteID"])
    )
    return {
        "Details": details_part(zone),
        "DiscountDetails": Part(fields(*entries(**DISCOUNT_KINDS)), lambda one: one.discounts),
        "FinancialSettings": Part(_financial_settings(zone), _itself, many=False),
        "Payments": payments,
        "Shipments": shipments_part(zone),
        "ShippingSettings": Part(_shipping_settings(zone), _itself, many=False),
        "TaxDetails": Part(TAX, _taxes),
        "Totals": Part(TOTALS, _itself, many=False),
        **party_parts(lambda one: one.bill_to, "BillTo"),
        **party_parts(lambda one: one.ship_to, "ShipTo"),
    }


def sales_order_entity(documents: Documents, zone: tzinfo) -> Entity:
    """Return the entity SalesOrder."""
    book, parts = documents.orders, _parts(zone)
    lead = documents.state.remembered(lambda: [collate(one.type) for one in book.rows()])
    table = Table(
        "SalesOrder",
        "SalesOrder",
        ("OrderType", "OrderNbr"),
        _header(zone),
        book.rows,
        lead,
        linked("SalesOrder", parts),
        custom,
    )
    return Entity(
        "SalesOrder",
        table,
        GRAPH,
        "Document",
        note_id,
        parts,
        find=book.find,
        archived=lambda one: bool(one.archived),
        form=("Sales Orders", "SO301000"),
    )
