"""The sections of documents: shipments, customers, orders, drop-shipments, and Additional Settings."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from settings.keys import STATUSES_OF_ORDERS, nearest_of, refuse_misnamed
from settings.section import Instant, Names, Section, refuse_duplicates, setting

NO_SALE = {
    "QT": "a quote",
    "RM": "a return (RMA)",
    "RC": "a return for credit",
    "CM": "a credit memo",
    "CR": "a cash return",
    "TR": "a transfer",
    "BL": "a blanket order",
}


PLACEHOLDERS = (
    *("TBD", "TBA", "TBC", "N/A", "none", "null", "nil", "no", "no tracking", "no tracking number", "not available"),
    *("unknown", "pending", "later", "test", "pickup", "customer pickup", "will call", "hand delivered", "own truck"),
)


class ShipVia(Section):
    """What a ShipVia code of Acumatica is in Magento."""

    carrier_code: str = setting(..., "Magento's carrier code, such as ups.", min_length=1)
    title: str = setting(..., "The carrier's name as customers see it.", min_length=1)


class Shipment(Section):
    """Shipment Sync Trigger."""

    trigger: Literal["shipment_confirmation", "invoice_release"] = setting(
        "shipment_confirmation", "On Shipment Confirmation, or On Invoice Release."
    )
    from_: Instant | None = Field(
        None, alias="from", description="Shipments before this instant are never sent; empty: when first made active."
    )
    notify: bool = setting(False, "Magento mails the customer about the shipment.")
    ship_vias: dict[str, ShipVia] = setting({}, "ShipVia code to Magento's carrier code and title.")
    foreign_lines: Literal["name", "fail"] = setting(
        "name",
        "What becomes of a shipment with a line that the Magento order does not have (a sample, a gift, a substitute): "
        "the others ship and the line is named, or the whole shipment fails.",
    )
    placeholders: Names = setting(
        PLACEHOLDERS,
        "What people enter where a tracking number is missing; a shipment made in Magento by somebody else is not "
        "recognised by it. Letter case, blanks and punctuation do not matter.",
    )


class Customer(Section):
    """A to M Customer Sync."""

    classes: Names = setting((), "Customer classes that go to Magento; empty: nobody.")
    groups: dict[str, str] = setting(
        {}, "Customer class to the name of a Magento customer group; a chosen class without one fails."
    )
    attributes: dict[str, str] = setting(
        {}, "Acumatica attribute to the code of a Magento customer attribute; sent with Customer Attribute Sync."
    )
    create: bool = setting(True, "Create customers that Magento does not have; off: they are left out.")
    create_limit: int = setting(
        100, "More new customers than this in one look: stop and ask, Magento mails each.", unit="customers", ge=0
    )
    telephone: str = setting("", "Telephone of customers who have none; empty: those fail.")
    without_email: Literal["fail", "leave_out"] = setting(
        "fail", "A customer without an e-mail: its message fails, or it is left out and only counted in the run."
    )
    accounts: Literal["per_website", "global"] = setting(
        "per_website",
        "As Share Customer Accounts in Magento (Stores, Configuration, Customers): per website, an account of another "
        "website is somebody else's; global, it is the customer's own, is linked and keeps its website.",
    )

    @model_validator(mode="after")
    def _map_names_classes(self) -> Self:
        refuse_misnamed("groups", "chosen customer class", self.groups, self.classes, any_case=True)
        return self


OrderState = Literal[
    "new", "pending_payment", "processing", "complete", "closed", "canceled", "holded", "payment_review"
]


class Order(Section):
    """A to M Order Sync."""

    types: Names = setting((), "Order types that go to Magento; empty: none.")
    from_: Instant | None = Field(
        None, alias="from", description="Orders before this instant are never sent; empty: when first made active."
    )
    reference: Literal["external_ref", "customer_order", "order_nbr"] = setting(
        "external_ref", "Field of the Acumatica order that holds Magento's order number."
    )
    reference_pattern: str = setting(
        "",
        "Which part of that field is Magento's order number, in parentheses: #(.+) for #100000001, WEB-(.+) for "
        "WEB-100000001. A regular expression that must fit the whole field; empty: the whole field is the number.",
        max_length=200,
    )
    reference_test: str = setting(
        "",
        "A value of that field to try the pattern on: saving is refused where the pattern finds no order number in it, "
        "and Test Connection says which one it finds.",
        max_length=200,
    )
    statuses: dict[str, str] = setting({}, "Acumatica order status to Magento order status.")
    states: dict[str, OrderState] = setting(
        {}, "Magento order status of your own to the state that it belongs to; Magento's own statuses are known."
    )
    payment_methods: dict[str, str] = setting({}, "Acumatica payment method to Magento payment method.")
    shipping_methods: dict[str, str] = setting({}, "ShipVia code to Magento shipping method.")
    store_id: int = setting(1, "Store view that orders made in Acumatica belong to.", ge=1)
    branches: Names = setting((), "Only orders of these branches; empty: all.")
    invoice: Literal["no", "offline"] = setting("no", "Make offline invoices in Magento.")
    close_rest: Literal["no", "cancel", "refund"] = setting(
        "no",
        "What happens in Magento to a rest that Acumatica closed short and never ships. no: it is named, and a person "
        "closes it. cancel: what is not invoiced is canceled there once everything else has shipped; what the customer "
        "has paid is not given back, and is named. refund: what is invoiced also gets an offline credit memo, once "
        "Acumatica has released a credit memo of a return or credit memo order made from it, and never for more.",
    )
    create_with_reference: bool = setting(False, "Create orders whose reference Magento does not know.")

    @field_validator("statuses")
    @classmethod
    def _are_statuses_of_acumatica(cls, values: dict[str, str]) -> dict[str, str]:
        for value in values:
            meant = None if value in STATUSES_OF_ORDERS else nearest_of(value, STATUSES_OF_ORDERS)
            if meant is not None:
                raise ValueError(f"{value} is not a status of Acumatica's orders. Did you mean {meant}?")
        return values

    @field_validator("types")
    @classmethod
    def _are_sales(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        """Acumatica spells its order types in capitals: so do we, however they are typed."""
        types = refuse_duplicates(tuple(value.strip().upper() for value in values))
        for value in types:
            if value in NO_SALE:
                raise ValueError(f"{value} is {NO_SALE[value]} and no sale; Magento cannot show it as an order")
        return types

    @field_validator("reference_pattern")
    @classmethod
    def _has_one_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"{value} is no regular expression: {error}") from error
        if value and groups != 1:
            raise ValueError(
                f"{value} must have one pair of parentheses, around Magento's order number; it has {groups}"
            )
        return value

    @model_validator(mode="after")
    def _fits_the_test_value(self) -> Self:
        if self.reference_pattern and self.reference_test:
            found = re.fullmatch(self.reference_pattern, self.reference_test)
            if found is None or not (found.group(1) or "").strip():
                raise ValueError(
                    f"reference_test: the pattern {self.reference_pattern} finds no order number in "
                    f"{self.reference_test}; it must fit all of it"
                )
        return self


class Dropship(Section):
    """A to M Dropship ShipVia."""

    ship_via: str = setting("", "ShipVia code of drop-shipments; required once there are any.")
    source: str = setting("", "Magento source that drop-shipments are booked on.")


class Additional(Section):
    """Additional Settings."""

    customer_attributes: bool = setting(False, "Customer Attribute Sync: Adobe Commerce only.")


class Active(Section):
    """Individual Sync Status: off means that nothing of the entity is sent."""

    price: bool = setting(True, "Prices are sent.")
    inventory: bool = setting(True, "Quantities are sent.")
    shipment: bool = setting(False, "Shipments are sent.")
    customer: bool = setting(False, "Customers are sent.")
    order: bool = setting(False, "Orders are sent.")
