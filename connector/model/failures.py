"""Every failure that a message can have, by its code, and the exception for a record that cannot be sent.

A code is the same for every record with the same cause, whatever its key looks like. Groups, alerts, decisions and the
documentation use the code; the texts are for people. The meanings and remedies are in `connector.model.failure_help`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class FailureCode(StrEnum):
    """The codes as they are stored in the state database, each with its label. Our own reasons begin with the label."""

    label: str

    def __new__(cls, code: str, label: str = "") -> FailureCode:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    # items, prices, quantities
    NO_SKU = "no_sku", "No SKU"
    SEVERAL_ITEMS_WITH_ONE_SKU = "several_items_with_one_sku", "Two items have one SKU"
    SKU_TOO_LONG = "sku_too_long", "SKU too long"
    NO_CONVERSION = "no_conversion", "No conversion"
    TAXED_OTHERWISE = "taxed_otherwise", "Tax"
    NEGATIVE_PRICE = "negative_price", "Negative price"
    PRICE_TOO_LARGE = "price_too_large", "Price too large for Magento"
    QUANTITY_TOO_LARGE = "quantity_too_large", "Quantity too large"
    UNKNOWN_SKU = "unknown_sku", "Unknown SKU"
    CONFIGURABLE_PRODUCT = "configurable_product", "Configurable product"
    GROUPED_PRODUCT = "grouped_product", "Grouped product"
    BUNDLE_PRODUCT = "bundle_product", "Bundle product"
    UNKNOWN_SOURCE = "unknown_source", "Unknown source"
    UNKNOWN_ATTRIBUTE = "unknown_attribute", "Unknown attribute"

    # any record
    UNREADABLE_RECORD = "unreadable_record", "Unreadable record"
    CANNOT_BE_KEPT = "cannot_be_kept", "Cannot be kept"
    GONE_FROM_MAGENTO = "gone_from_magento", "Gone from Magento"
    CHANGED_AFTER_IT_WAS_SENT = "changed_after_it_was_sent", "Changed after it was sent"
    LINKED_TO_NOTHING = "linked_to_nothing", "Linked to nothing"
    NO_EMAIL = "no_email", "No e-mail"
    INCOMPLETE_ADDRESS = "incomplete_address", "Incomplete address"
    UNMAPPED_SHIP_VIA = "unmapped_ship_via", "Unmapped ShipVia"

    # orders
    NUMBER_TOO_LONG = "number_too_long", "Number too long"
    NUMBER_TAKEN = "number_taken", "Number taken"
    UNMAPPED_STATUS = "unmapped_status", "Unmapped status"
    UNKNOWN_ORDER_STATE = "unknown_order_state", "Unknown state"
    STATUS_NOT_POSSIBLE = "status_not_possible", "Status not possible"
    STATUS_NOT_KEPT = "status_not_kept", "Status not kept"
    NO_LINES = "no_lines", "No lines"
    RETURNED_GOODS = "returned_goods", "Returned goods"
    UNIT_DOES_NOT_DIVIDE = "unit_does_not_divide", "Unit does not divide"
    NO_DATE = "no_date", "No date"
    UNMAPPED_PAYMENT_METHOD = "unmapped_payment_method", "Unmapped payment method"
    TOTALS_DO_NOT_ADD_UP = "totals_do_not_add_up", "Totals do not add up"
    FRACTIONS_OF_A_CENT = "fractions_of_a_cent", "Amount with fractions of a cent"
    UNKNOWN_REFERENCE = "unknown_reference", "Unknown reference"
    SEVERAL_ORDERS = "several_orders", "Several orders"
    UNKNOWN_STORE = "unknown_store", "Unknown store"
    OTHER_CURRENCY = "other_currency", "Other currency"
    UNKNOWN_CUSTOMER = "unknown_customer", "Unknown customer"
    CANCELED_BEFORE_IT_WAS_SENT = "canceled_before_it_was_sent", "Canceled before it was sent"
    NOT_KEPT = "not_kept", "Not kept"
    NOT_POSSIBLE = "not_possible", "Not possible"
    EDITED_AFTER_IT_WAS_SENT = "edited_after_it_was_sent", "Edited after it was sent"
    CLOSED_SHORT = "closed_short", "Closed short"
    INVOICE_REFUSED = "invoice_refused", "Invoice refused"
    INVOICE_TOTALS_DIFFER = "invoice_totals_differ", "Invoice totals differ"
    INVOICE_DOES_NOT_FIT = "invoice_does_not_fit", "Invoice does not fit"

    # shipments
    NO_SALES_ORDER = "no_sales_order", "No sales order"
    UNKNOWN_ORDER = "unknown_order", "Unknown order"
    NOT_AN_ORDER_OF_THE_SHOP = "not_an_order_of_the_shop", "Not an order of the shop"
    ORDER_BEFORE_FROM = "order_before_from", "Order before FROM"
    ORDER_SKIPPED = "order_skipped", "Order skipped"
    ORDER_CANCELED = "order_canceled", "Order canceled"
    ORDER_CLOSED = "order_closed", "Order closed"
    NO_DROPSHIP_SOURCE = "no_dropship_source", "No source for drop-shipments"
    SEVERAL_SOURCES = "several_sources", "Several sources"
    NO_SHIP_VIA = "no_ship_via", "No ShipVia"
    NO_DROPSHIP_VIA = "no_dropship_via", "No ShipVia for drop-shipments"
    INCOMPLETE_KIT = "incomplete_kit", "Incomplete kit"
    INCOMPLETE_BUNDLE = "incomplete_bundle", "Incomplete bundle"
    DOES_NOT_DIVIDE = "does_not_divide", "Does not divide"
    NO_WHOLE_NUMBER = "no_whole_number", "No whole number"
    NOTHING_TO_SHIP = "nothing_to_ship", "Nothing to ship"
    AMBIGUOUS_LINE = "ambiguous_line", "Ambiguous line"
    UNKNOWN_LINE = "unknown_line", "Unknown line"
    MORE_THAN_IS_OPEN = "more_than_is_open", "More than is open"
    SHIPMENT_DIFFERS = "shipment_differs", "Shipment differs"

    # customers
    INVALID_EMAIL = "invalid_email", "Invalid e-mail"
    SEVERAL_CUSTOMERS_WITH_ONE_EMAIL = "several_customers_with_one_email", "One e-mail for two customers"
    UNMAPPED_CUSTOMER_CLASS = "unmapped_customer_class", "Unmapped customer class"
    UNKNOWN_CUSTOMER_GROUP = "unknown_customer_group", "Unknown customer group"
    NO_TELEPHONE = "no_telephone", "No telephone"
    NO_COUNTRY = "no_country", "No country"
    UNKNOWN_COUNTRY = "unknown_country", "Unknown country"
    UNKNOWN_REGION = "unknown_region", "Unknown state"
    UNREADABLE_ATTRIBUTE = "unreadable_attribute", "Unreadable attribute"
    UNKNOWN_OPTION = "unknown_option", "Unknown option"
    NOT_IN_MAGENTO = "not_in_magento", "Not in Magento"
    SHARED_ACCOUNTS = "shared_accounts", "Shared accounts"
    ANOTHER_WEBSITE = "another_website", "Another website"
    EMAIL_OF_ANOTHER_CUSTOMER = "email_of_another_customer", "E-mail of another customer"
    DROPPED_IN_SILENCE = "dropped_in_silence", "Dropped in silence"

    # what Magento refused, in its own words
    REFUSED_BY_MAGENTO = "refused_by_magento", "Refused by Magento"
    INVALID_PRICE = "invalid_price", "Magento takes no such price"
    INVALID_SKU = "invalid_sku", "Magento takes no such SKU"
    NO_PRODUCT = "no_product", "No product that takes a price"
    STORE_NOT_FOUND = "store_not_found", "Magento has no such store"
    SOURCE_NOT_ASSIGNED = "source_not_assigned", "Magento cannot assign the source"
    SOURCE_REFUSED = "source_refused", "Magento refuses the source"
    REQUEST_TOO_LARGE = "request_too_large", "Request too large"
    OUT_OF_ATTEMPTS = "out_of_attempts", "Out of attempts"

    # the state of an attempt, and decisions by people
    TEMPORARY = "temporary", "Tried again"
    NO_ANSWER = "no_answer", "No answer"
    STOPPED = "stopped", "Stopped"
    SEND_AGAIN = "send_again", "To be sent again"
    BY_HAND = "by_hand", "By hand"

    def because(self, detail: str) -> str:
        """Return the reason of a failure of ours: the label, and what is wrong with this record."""
        return f"{self.label}: {detail}"


REOPENED_BY_THE_NEXT_SYNC = frozenset({FailureCode.UNKNOWN_SKU, FailureCode.SEND_AGAIN})
"""Failures that only wait for the newest state: the same value is queued again once it can be sent."""
DECIDED_BY_SETTINGS = frozenset(
    {
        FailureCode.ANOTHER_WEBSITE,
        FailureCode.CLOSED_SHORT,
        FailureCode.NOT_AN_ORDER_OF_THE_SHOP,
        FailureCode.ORDER_BEFORE_FROM,
        FailureCode.SHARED_ACCOUNTS,
        FailureCode.STATUS_NOT_POSSIBLE,
        FailureCode.UNKNOWN_LINE,
        FailureCode.UNKNOWN_ORDER,
        FailureCode.UNKNOWN_ORDER_STATE,
        FailureCode.UNKNOWN_REFERENCE,
        FailureCode.UNKNOWN_STORE,
    }
)
"""Why documents fail, or are left out, if a setting decides that. When the settings that the entity uses change, these
documents are sent again once.
"""
REASON_IS_ENOUGH = frozenset(
    {
        FailureCode.REFUSED_BY_MAGENTO,
        FailureCode.INVALID_PRICE,
        FailureCode.INVALID_SKU,
        FailureCode.NO_PRODUCT,
        FailureCode.STORE_NOT_FOUND,
        FailureCode.SOURCE_NOT_ASSIGNED,
        FailureCode.SOURCE_REFUSED,
        FailureCode.REQUEST_TOO_LARGE,
        FailureCode.OUT_OF_ATTEMPTS,
        FailureCode.NO_ANSWER,
        FailureCode.STOPPED,
    }
)
"""Failures whose reason only says why, mostly in Magento's own message. The reasons of all others also say
what to do.
"""


class Rejected(Exception):
    """One record cannot be sent. `str()` is the reason, which says what to do.

    detail: the reason without the code's label. record: the rejected record, if one call rejects several. made: the
    document in Magento, if it exists and only part of the change could not be applied; its link is stored. left_out: a
    setting leaves the record out, so this is not a failure.
    """

    def __init__(
        self, code: FailureCode, detail: str, record: str = "", made: Any = None, *, left_out: bool = False
    ) -> None:
        super().__init__(code.because(detail))
        self.code = code
        self.detail = detail
        self.record = record
        self.made = made
        self.left_out = left_out


def label_of(code: str) -> str:
    """Return the label of a stored code; the code itself if this version does not know it."""
    return FailureCode(code).label if code in FailureCode._value2member_map_ else code
