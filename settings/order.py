"""A to M Order Sync: which orders are sent to Magento, and how they find the orders that are there already."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import field_validator, model_validator

from settings.checks import Instant, Names, refuse_duplicates
from settings.declare import setting
from settings.keys import STATUSES_OF_ORDERS, nearest_of
from settings.section import Section

NO_SALE = {
    "QT": "a quote",
    "RM": "a return (RMA)",
    "RC": "a return for credit",
    "CM": "a credit memo",
    "CR": "a cash return",
    "TR": "a transfer",
    "BL": "a blanket order",
}

OrderState = Literal[
    "new", "pending_payment", "processing", "complete", "closed", "canceled", "holded", "payment_review"
]


class Order(Section, title="A to M Order Sync"):
    """Which orders are sent to Magento, and how."""

    types: Names = setting((), "The order types that are sent to Magento. Empty: none.", label="Order Types")
    from_: Instant | None = setting(
        None,
        "Orders before this instant are never sent. Empty: it is the time at which orders were first made active.",
        label="Orders from",
        alias="from",
    )
    reference: Literal["external_ref", "customer_order", "order_nbr"] = setting(
        "external_ref",
        "The field of the Acumatica order that holds Magento's order number.",
        choices={
            "external_ref": "External Reference",
            "customer_order": "Customer Order",
            "order_nbr": "Order Nbr.",
        },
    )
    reference_pattern: str = setting(
        "",
        "Which part of that field is Magento's order number, in parentheses: #(.+) for #100000001, WEB-(.+) for "
        "WEB-100000001. It is a regular expression that must match the whole field. Empty: the whole field is the "
        "number.",
        label="Reference pattern",
        max_length=200,
    )
    reference_test: str = setting(
        "",
        "A value of that field to try the pattern on. Nothing is saved if the pattern finds no order number in it, and "
        "Test Connection says which one it finds.",
        label="Test value of the reference",
        max_length=200,
    )
    statuses: dict[str, str] = setting(
        {},
        "The Magento order status for each Acumatica order status. An order of the shop whose status has none stays as "
        "it is in Magento, also a canceled one.",
        label="Acumatica status to Magento status",
        columns=("Acumatica status", "Magento status"),
    )
    states: dict[str, OrderState] = setting(
        {},
        "The state that each Magento order status of your own belongs to. Magento's own statuses are known.",
        label="Magento status to Magento state",
        columns=("Magento status", "Magento state"),
    )
    payment_methods: dict[str, str] = setting(
        {},
        "The Magento payment method for each Acumatica payment method.",
        columns=("Acumatica payment method", "Magento payment method"),
    )
    shipping_methods: dict[str, str] = setting(
        {}, "The Magento shipping method for each ShipVia code.", columns=("ShipVia", "Magento shipping method")
    )
    store_id: int = setting(1, "The store view that orders made in Acumatica belong to.", label="Store id", ge=1)
    branches: Names = setting((), "Only orders of these branches are sent. Empty: those of all branches.")
    invoice: Literal["no", "offline"] = setting(
        "no",
        "Whether offline invoices are created in Magento.",
        choices={"no": "No invoices", "offline": "Offline invoices"},
    )
    close_rest: Literal["no", "cancel", "refund"] = setting(
        "no",
        "What happens in Magento to the rest of an order that Acumatica closed short and never ships. Named: the run "
        "lists it, and a person closes it. Canceled: what is not invoiced is canceled in Magento once everything else "
        "has shipped; what the customer has paid is not refunded, and the run lists it. Given back: what is invoiced "
        "also gets an offline credit memo, once Acumatica has released a credit memo of a return or credit memo order "
        "made from it, and never for more.",
        label="Rest that never ships",
        choices={
            "no": "Is named",
            "cancel": "Is canceled where it is not invoiced",
            "refund": "Is canceled, and given back where Acumatica gave it back",
        },
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
        """Convert order types to capitals, as Acumatica spells them, and refuse types that are not sales."""
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
            raise ValueError(f"{value} is not a regular expression: {error}") from error
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
