"""The entities Customer and CustomerClass, in the shape recorded on endpoint 22.200 (classes: 20.200)."""

from typing import Any

from sandbox.acumatica.contacts import MAIN, PERSON, contact_part
from sandbox.acumatica.document_types import Contact, Customer
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import (
    Row,
    blank,
    constants,
    custom,
    flags,
    guids,
    moments,
    no,
    note_id,
    numbers,
    presets,
    texts,
    zero,
)
from sandbox.acumatica.records import Entity, Part, linked
from sandbox.acumatica.state import CURRENCY
from sandbox.acumatica.stock_items import ATTRIBUTE, attribute_id
from sandbox.acumatica.tables import Field, Table, fields
from sandbox.acumatica.values import collate

GRAPH = "PX.Objects.AR.CustomerMaint"
STATUSES = ("Active", "On Hold", "Credit Hold", "Inactive", "One-Time")
PRESET: Row = (
    blank(
        "AccountRef CurrencyRateType CustomerCategory EntityUsageType FOBPoint LeadTimedays ParentRecord "
        "RestrictVisibilityTo ShippingBranch ShippingTerms ShippingZoneID ShipVia TaxExemptionNumber "
        "TaxRegistrationID TaxZone WarehouseID"
    )
    | no(
        "ApplyOverdueCharges AutoApplyPayments EnableCurrencyOverride EnableRateOverride EnableWriteOffs "
        "MultiCurrencyStatements PrintDunningLetters PrintInvoices ResidentialDelivery SaturdayDelivery "
        "SendDunningLettersbyEmail SendInvoicesbyEmail SendStatementsbyEmail"
    )
    | zero("CreditLimit WriteOffLimit")
    | {
        "CurrencyID": CURRENCY,
        "LocationName": "Primary Location",
        "OrderPriority": 0,
        "PrintStatements": True,
        "ShippingRule": "Back Order Allowed",
        "StatementCycleID": "EOM",
        "StatementType": "Open Item",
        "Terms": "30D",
    }
)
HEADER = fields(
    *texts(
        CustomerClass=lambda one: one.customer_class.code,
        CustomerID=lambda one: one.code,
        CustomerName=lambda one: one.name,
        Email=lambda one: one.main.fields.get("Email"),
        PriceClassID=lambda one: one.price_class,
        Status=lambda one: one.status,
    ),
    *numbers(
        BAccountID=lambda one: one.number,
        PrimaryContactID=lambda one: one.primary.number if one.primary is not None else None,
    ),
    *flags(
        BillingAddressOverride=lambda one: one.billing is not None,
        BillingContactOverride=lambda one: one.billing is not None,
        IsGuestCustomer=lambda one: one.guest,
        ShippingAddressOverride=lambda one: one.shipping is not None,
        ShippingContactOverride=lambda one: one.shipping is not None,
    ),
    *moments(CreatedDateTime=lambda one: one.created, LastModifiedDateTime=lambda one: one.modified),
    *guids(NoteID=lambda one: one.note_id),
    *presets(PRESET),
)


def _billing(customer: Customer) -> Contact:
    return customer.billing or customer.main


def shipping(customer: Customer) -> Contact:
    """Return the contact to which goods are sent."""
    return customer.shipping or customer.main


def _attributes(customer: Customer) -> list[Row]:
    return [{"RefNoteID": customer.note_id, "Required": False, "IsActive": True, **row} for row in customer.attributes]


def _persons() -> Part:
    columns = fields(
        *numbers(ContactID=lambda one: one.number),
        *moments(LastModifiedDateTime=lambda one: one.modified),
    )
    return Part(columns, lambda one: one.persons, parts={"Contact": contact_part(lambda one: one, MAIN)})


PARTS = {
    "Attributes": Part(ATTRIBUTE, _attributes, "Answers", attribute_id),
    "BillingContact": contact_part(_billing),
    "Contacts": _persons(),
    "MainContact": contact_part(lambda one: one.main, MAIN),
    "PrimaryContact": contact_part(lambda one: one.primary, MAIN),
    "ShippingContact": contact_part(shipping, PERSON),
}


def customer_entity(documents: Documents) -> Entity:
    """Return the entity Customer."""
    book = documents.customers
    lead = documents.state.remembered(lambda: [collate(one.code) for one in book.rows()])
    links = linked("Customer", PARTS)
    table = Table("Customer", "Customer", ("CustomerID",), HEADER, book.rows, lead, links, custom)
    form = ("Customers", "AR303000")
    return Entity("Customer", table, GRAPH, "BAccount", note_id, PARTS, find=book.find, form=form)


CLASS_CONSTANTS: Row = (
    blank(
        "ARSubaccount CashDiscountSubaccount COGSAccount COGSSubaccount CurrencyRateType DefaultRestrictionGroup "
        "DiscountAccount DiscountSubaccount FreightAccount FreightSubaccount MiscAccount MiscSubaccount "
        "OverdueChargeID PrepaymentAccount PrepaymentSubaccount SalespersonID SalesSubaccount ShippingTerms ShipVia "
        "TaxZoneID UnrealizedGainAccount UnrealizedGainSubaccount UnrealizedLossAccount UnrealizedLossSubaccount"
    )
    | no(
        "ApplyOverdueCharges AutoApplyPayments DefaultLocationIDfromBranch EnableCurrencyOverride "
        "EnableRateOverride EnableWriteOffs MultiCurrencyStatements PrintDunningLetters PrintInvoices PrintStatements "
        "RequireTaxZone SendDunningLettersbyEmail SendInvoicesbyEmail SendStatementsByEmail"
    )
    | zero("CreditLimit GroupDocumentDiscountLimit OverLimitAmount WriteOffLimit")
    | {
        "ARAccount": "11000",
        "CashDiscountAccount": "41500",
        "Country": "US",
        "CreditDaysPastDue": 0,
        "CreditVerification": "Disabled",
        "CurrencyID": CURRENCY,
        "PaymentMethod": "CHECK",
        "SalesAccount": "40000",
        "ShippingRule": "Back Order Allowed",
        "StatementCycleID": "EOM",
        "StatementType": "Open Item",
        "Terms": "30D",
    }
)
CLASS_FIELDS = fields(
    *texts(ClassID=lambda one: one.code, Description=lambda one: one.description),
    *moments(CreatedDateTime=lambda one: one.modified, LastModifiedDateTime=lambda one: one.modified),
    *constants(CLASS_CONSTANTS),
)
CLASS_ATTRIBUTE = fields(
    Field("Active", "Boolean", lambda row: True),
    Field("AttributeID", "String", lambda row: row["AttributeID"]),
    Field("DefaultValue", "String", lambda row: None),
    Field("Description", "String", lambda row: row.get("AttributeDescription")),
    Field("Required", "Boolean", lambda row: False),
    Field("SortOrder", "Int16", lambda row: row["SortOrder"]),
)


def customer_class_entity(documents: Documents) -> Entity:
    """Return the entity CustomerClass. A class has the attributes of its customers."""

    def rows() -> list[Any]:
        return [one for _, one in sorted(documents.classes.items())]

    def attributes(customer_class: Any) -> list[Row]:
        found: dict[str, Row] = {}
        for customer in documents.customers.rows():
            for row in customer.attributes if customer.customer_class is customer_class else ():
                found.setdefault(str(row["AttributeID"]), row)
        return [{**row, "SortOrder": place} for place, row in enumerate(found.values(), start=1)]

    table = Table("CustomerClass", "CustomerClass", ("ClassID",), CLASS_FIELDS, rows)
    parts = {"Attributes": Part(CLASS_ATTRIBUTE, attributes)}
    graph, form = "PX.Objects.AR.CustomerClassMaint", ("Customer Classes", "AR201000")
    return Entity("CustomerClass", table, graph, "CustomerClassRecord", note_id, parts, form=form)
