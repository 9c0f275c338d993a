"""What a person checks when a message has failed, by code: in Acumatica, in Magento, and how the record is sent again.

The page of failures has one section for each code (`connector.model.failure_help`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from connector.model.failures import FailureCode

Code = FailureCode


class Again(StrEnum):
    """How the record is sent again once the cause is gone."""

    BY_ITSELF = "It is sent automatically: the next sync reads the corrected record and sends it."
    SEND = "Send it again: `a2m reprocess --all --cause {code}`, or *Failed messages* in the workspace."
    SKIP = "Do not send it; leave it out with `a2m skip ID --reason 'corrected by hand'`."
    LINK_OR_SKIP = "Link it to what is in Magento (`a2m link {entity} KEY MAGENTO_ID`), or leave it out (`a2m skip`)."
    LINK = "Link it (`a2m link {entity} KEY MAGENTO_ID`); the newest state is then sent automatically."
    NOTHING = "Nothing has to be done."


class Runbook(NamedTuple):
    """What to check in each system (empty if there is nothing to see) and how the record is sent again. entity: for the
    link.
    """

    acumatica: str
    magento: str
    again: Again
    entity: str = "order"


_ITEM = "*Stock Items* (IN202500) or *Non-Stock Items* (IN202000), the item"
_PRICES = "*Sales Prices* (AR202000), the item's rows"
_ORDER = "*Sales Orders* (SO301000), the order"
_SHIPMENT = "*Shipments* (SO302000), the shipment"
_INVOICE = "*Invoices* (SO303000), the invoices of the order"
_CUSTOMER = "*Customers* (AR303000), the customer"
_RECEIPT = "*Purchase Receipts* (PO302000), the receipt"
_PRODUCT = "*Catalog → Products*, the SKU"
_SOURCES = "*Stores → Sources* and *Stores → Stocks*"
_ATTRIBUTE = "*Stores → Attributes*, the attribute"
_SALES_ORDER = "*Sales → Orders*, the order"
_ACCOUNT = "*Customers → All Customers*, the e-mail"
_GROUPS = "*Customers → Customer Groups*"
_STORES = "*Stores → All Stores*"
_STATUSES = "*Stores → Order Status*"
_LOG = "`var/log/exception.log` and `var/log/system.log`, at the time of the failure"


def _item(check: str, magento: str = "", again: Again = Again.BY_ITSELF) -> Runbook:
    return Runbook(f"{_ITEM}: {check}", magento, again)


def _product(check: str, acumatica: str = "", again: Again = Again.BY_ITSELF) -> Runbook:
    return Runbook(acumatica, f"{_PRODUCT}: {check}", again)


def _order(check: str, magento: str = "", again: Again = Again.BY_ITSELF) -> Runbook:
    return Runbook(f"{_ORDER}: {check}", magento and f"{_SALES_ORDER}: {magento}", again)


def _shipment(check: str, magento: str = "", again: Again = Again.BY_ITSELF) -> Runbook:
    return Runbook(f"{_SHIPMENT}: {check}", magento and f"{_SALES_ORDER}: {magento}", again, "shipment")


def _customer(check: str, magento: str = "", again: Again = Again.BY_ITSELF) -> Runbook:
    return Runbook(f"{_CUSTOMER}: {check}", magento and f"{_ACCOUNT}: {magento}", again, "customer")


RUNBOOKS: dict[FailureCode, Runbook] = {
    Code.NO_SKU: _item("the field that the setting SKU names is empty."),
    Code.SEVERAL_ITEMS_WITH_ONE_SKU: _item(
        "which other item has this SKU, with different case or accents.", f"{_PRODUCT}: which one it is meant for."
    ),
    Code.SKU_TOO_LONG: _item("the SKU has more than 64 characters."),
    Code.NO_CONVERSION: _item("the unit conversions, from the sales unit to the base unit and back."),
    Code.TAXED_OTHERWISE: Runbook(
        f"{_PRICES}: the tax calculation mode of the row.",
        "*Stores → Configuration → Sales → Tax*: whether catalog prices include tax.",
        Again.BY_ITSELF,
    ),
    Code.NEGATIVE_PRICE: Runbook(f"{_PRICES}: the price is below 0.", "", Again.BY_ITSELF),
    Code.PRICE_TOO_LARGE: Runbook(f"{_PRICES}: the price has too many digits.", "", Again.BY_ITSELF),
    Code.QUANTITY_TOO_LARGE: Runbook(
        "*Inventory Summary* (IN401000), the item: the quantity of the warehouse.", "", Again.BY_ITSELF
    ),
    Code.UNKNOWN_SKU: _product(
        "whether it is there under another SKU, or was deleted.", f"{_ITEM}: whether it is for the shop at all."
    ),
    Code.CONFIGURABLE_PRODUCT: _product(
        "its type is *Configurable*; its variants have the prices.", f"{_ITEM}: its SKU."
    ),
    Code.GROUPED_PRODUCT: _product("its type is *Grouped*; its parts have the prices.", f"{_ITEM}: its SKU."),
    Code.BUNDLE_PRODUCT: _product("its type is *Bundle*, with dynamic price or stock.", f"{_ITEM}: its SKU."),
    Code.UNKNOWN_SOURCE: Runbook(
        "*Warehouses* (IN204000): the warehouse.", f"{_SOURCES}: the codes of the sources.", Again.SEND
    ),
    Code.UNKNOWN_ATTRIBUTE: Runbook("", f"{_ATTRIBUTE}: its code.", Again.SEND),
    Code.UNREADABLE_RECORD: Runbook("The record's screen: the field that the reason names.", "", Again.BY_ITSELF),
    Code.CANNOT_BE_KEPT: Runbook(
        "The record's screen: an invalid character, or a number out of any range.", "", Again.BY_ITSELF
    ),
    Code.GONE_FROM_MAGENTO: Runbook(
        "",
        f"{_ACCOUNT}, or {_SALES_ORDER}: who deleted it, and whether it is there under another id.",
        Again.LINK_OR_SKIP,
    ),
    Code.CHANGED_AFTER_IT_WAS_SENT: Runbook(
        "The document: what was changed, by its audit history.",
        f"{_SALES_ORDER}: what has to be the same there.",
        Again.SKIP,
    ),
    Code.LINKED_TO_NOTHING: Runbook(
        "", f"{_SALES_ORDER}, or {_ACCOUNT}: the id, in the address of its page.", Again.LINK
    ),
    Code.NO_EMAIL: _customer("the e-mail of its account, and of the order's contact."),
    Code.INCOMPLETE_ADDRESS: Runbook(
        f"{_CUSTOMER}, or {_ORDER}: street, city, postal code and country of each address.", "", Again.BY_ITSELF
    ),
    Code.UNMAPPED_SHIP_VIA: Runbook(
        "*Ship via Codes* (CS207500): the code of the document.",
        "*Stores → Configuration → Sales → Delivery Methods*: the method that it is.",
        Again.SEND,
    ),
    Code.NUMBER_TOO_LONG: _order("its number and type.", "enter it by hand, then note its id.", Again.LINK),
    Code.NUMBER_TAKEN: _order("its number.", "which order has the number, and from whom.", Again.LINK),
    Code.UNMAPPED_STATUS: Runbook(f"{_ORDER}: its status.", f"{_STATUSES}: the status that it is.", Again.SEND),
    Code.UNKNOWN_ORDER_STATE: Runbook("", f"{_STATUSES}: the state to which the status is assigned.", Again.SEND),
    Code.STATUS_NOT_POSSIBLE: _order(
        "its status.", "its state: canceled, closed and complete orders stay so.", Again.SKIP
    ),
    Code.STATUS_NOT_KEPT: _order("its status.", "its status and its comments: what set it back.", Again.SEND),
    Code.NO_LINES: _order("its lines: all are canceled, or of items that are not sent."),
    Code.RETURNED_GOODS: _order("its lines with a quantity below 0, and its type."),
    Code.UNIT_DOES_NOT_DIVIDE: _order("the unit and quantity of the line that the reason names."),
    Code.NO_DATE: _order("its date."),
    Code.UNMAPPED_PAYMENT_METHOD: _order("its payment method (*Payment Methods*, CA204000).", "", Again.SEND),
    Code.TOTALS_DO_NOT_ADD_UP: _order("lines, freight, tax, discount and total; recalculate it."),
    Code.FRACTIONS_OF_A_CENT: _order("amounts with more than two decimals."),
    Code.UNKNOWN_REFERENCE: _order("its external reference.", "whether an order has this number.", Again.BY_ITSELF),
    Code.SEVERAL_ORDERS: _order(
        "its external reference.", "the orders that the reason names; which one it is.", Again.LINK
    ),
    Code.UNKNOWN_STORE: Runbook("", f"{_STORES}: the id of the store view.", Again.SEND),
    Code.OTHER_CURRENCY: _order("its currency.", "enter it by hand, then note its id.", Again.LINK),
    Code.UNKNOWN_CUSTOMER: Runbook(
        f"{_ORDER}: its customer.", f"{_ACCOUNT}: whether it was deleted.", Again.LINK, "customer"
    ),
    Code.CANCELED_BEFORE_IT_WAS_SENT: _order("it is canceled.", "", Again.SKIP),
    Code.NOT_KEPT: _order("its number.", "whether it is there; an extension may have refused it.", Again.SEND),
    Code.NOT_POSSIBLE: Runbook("", "", Again.SEND),
    Code.EDITED_AFTER_IT_WAS_SENT: _order("what was changed.", "change the same there.", Again.LINK_OR_SKIP),
    Code.CLOSED_SHORT: _order(
        "the lines that were completed before everything was shipped.",
        "cancel or refund what is still open.",
        Again.BY_ITSELF,
    ),
    Code.INVOICE_REFUSED: Runbook(f"{_INVOICE}: lines and amounts.", f"{_SALES_ORDER}, and {_LOG}.", Again.SEND),
    Code.INVOICE_TOTALS_DIFFER: Runbook(
        f"{_INVOICE}: their total.", f"{_SALES_ORDER}: the total of an invoice for the same lines.", Again.SEND
    ),
    Code.INVOICE_DOES_NOT_FIT: Runbook(
        f"{_INVOICE}: lines that the order does not have.", f"{_SALES_ORDER}: create the invoice by hand.", Again.SKIP
    ),
    Code.NO_SALES_ORDER: Runbook(
        f"{_RECEIPT}: the sales order of its lines.", f"{_SALES_ORDER}: ship it by hand.", Again.SKIP
    ),
    Code.UNKNOWN_ORDER: _shipment("the order that it ships.", "whether that order is there.", Again.LINK_OR_SKIP),
    Code.NOT_AN_ORDER_OF_THE_SHOP: _shipment("the type and branch of its order.", "", Again.LINK_OR_SKIP),
    Code.ORDER_BEFORE_FROM: _shipment("the date of its order.", "", Again.LINK_OR_SKIP),
    Code.ORDER_SKIPPED: _shipment("the order that it ships.", "", Again.SKIP),
    Code.ORDER_CANCELED: _shipment("what was shipped.", "why it is canceled.", Again.LINK_OR_SKIP),
    Code.ORDER_CLOSED: _shipment("what was shipped.", "its credit memos.", Again.LINK_OR_SKIP),
    Code.NO_DROPSHIP_SOURCE: Runbook("", f"{_SOURCES}: the source of the vendors' stock.", Again.SEND),
    Code.SEVERAL_SOURCES: _shipment(
        "the warehouses of its lines.", "ship it by hand, once for each source.", Again.LINK
    ),
    Code.NO_SHIP_VIA: _shipment("its Ship Via, beside its tracking numbers."),
    Code.NO_DROPSHIP_VIA: Runbook("", "", Again.SEND),
    Code.INCOMPLETE_KIT: _shipment(
        "which parts of the kit ship.", "ship it by hand, or wait for the other parts.", Again.SKIP
    ),
    Code.INCOMPLETE_BUNDLE: Runbook(
        f"{_SHIPMENT}: which parts ship.", f"{_PRODUCT}: *Ship Bundle Items* of the bundle.", Again.SEND
    ),
    Code.DOES_NOT_DIVIDE: _shipment("the unit and quantity of the line."),
    Code.NO_WHOLE_NUMBER: Runbook(
        f"{_SHIPMENT}: the quantity.", f"{_PRODUCT}: *Qty Uses Decimals* of its advanced inventory.", Again.SEND
    ),
    Code.NOTHING_TO_SHIP: _shipment("its items.", "its items are virtual.", Again.SKIP),
    Code.AMBIGUOUS_LINE: _shipment("the line that the reason names.", "the items with this SKU.", Again.LINK),
    Code.UNKNOWN_LINE: _shipment(
        "the line that the reason names.", "whether an item has this SKU.", Again.LINK_OR_SKIP
    ),
    Code.MORE_THAN_IS_OPEN: _shipment("its quantities.", "what is ordered, shipped, refunded.", Again.LINK_OR_SKIP),
    Code.SHIPMENT_DIFFERS: _shipment(
        "its tracking numbers.", "the shipment that has the same one.", Again.LINK_OR_SKIP
    ),
    Code.INVALID_EMAIL: _customer("its e-mail: one address, without a name."),
    Code.SEVERAL_CUSTOMERS_WITH_ONE_EMAIL: _customer("which other customer has this e-mail."),
    Code.UNMAPPED_CUSTOMER_CLASS: Runbook(f"{_CUSTOMER}: its class.", f"{_GROUPS}: the group that it is.", Again.SEND),
    Code.UNKNOWN_CUSTOMER_GROUP: Runbook("", f"{_GROUPS}: the name of the group.", Again.SEND),
    Code.NO_TELEPHONE: _customer("the telephone of each address."),
    Code.NO_COUNTRY: _customer("the country of each address."),
    Code.UNKNOWN_COUNTRY: Runbook(
        f"{_CUSTOMER}: the country.", "*Stores → Configuration → General*: allowed countries.", Again.BY_ITSELF
    ),
    Code.UNKNOWN_REGION: _customer("the state: Magento's code or name of it."),
    Code.UNREADABLE_ATTRIBUTE: Runbook(
        f"{_CUSTOMER}: the attribute's value.", f"{_ATTRIBUTE}: its input type.", Again.BY_ITSELF
    ),
    Code.UNKNOWN_OPTION: Runbook(f"{_CUSTOMER}: the attribute's value.", f"{_ATTRIBUTE}: its options.", Again.SEND),
    Code.NOT_IN_MAGENTO: _customer("whether it is for the shop.", "whether it is there.", Again.LINK_OR_SKIP),
    Code.SHARED_ACCOUNTS: Runbook(
        "", "*Stores → Configuration → Customers*: *Share Customer Accounts* is *Global*.", Again.SEND
    ),
    Code.ANOTHER_WEBSITE: _customer("its e-mail.", "its website.", Again.LINK),
    Code.EMAIL_OF_ANOTHER_CUSTOMER: _customer("its e-mail.", "whose account it is.", Again.LINK),
    Code.DROPPED_IN_SILENCE: _customer("what the reason names.", "what is missing there."),
    Code.REFUSED_BY_MAGENTO: Runbook("The record's screen: what Magento's words name.", f"{_LOG}.", Again.SEND),
    Code.INVALID_PRICE: Runbook(f"{_PRICES}: the price.", f"{_PRODUCT}: its type.", Again.SEND),
    Code.INVALID_SKU: _item("its SKU: spaces at its ends, characters that Magento refuses.", "", Again.SEND),
    Code.NO_PRODUCT: _product("whether it is there, and of which type."),
    Code.STORE_NOT_FOUND: Runbook("", f"{_STORES}: the id of the store view.", Again.SEND),
    Code.SOURCE_NOT_ASSIGNED: Runbook("", f"{_SOURCES}: the source is assigned to the stock, and enabled.", Again.SEND),
    Code.SOURCE_REFUSED: Runbook("", f"{_SOURCES}: the source is enabled.", Again.SEND),
    Code.REQUEST_TOO_LARGE: Runbook(
        "The record's screen: long texts, many lines.", "The web server's and the proxy's limit of a body.", Again.SEND
    ),
    Code.OUT_OF_ATTEMPTS: Runbook("", f"{_LOG}; load, maintenance mode, indexers.", Again.SEND),
    Code.TEMPORARY: Runbook("", f"{_LOG}, if it lasts.", Again.NOTHING),
    Code.NO_ANSWER: Runbook("", f"{_LOG}; timeouts of the web server and the proxy.", Again.SEND),
    Code.STOPPED: Runbook("", "", Again.SEND),
    Code.SEND_AGAIN: Runbook("", "", Again.NOTHING),
    Code.BY_HAND: Runbook("", "", Again.NOTHING),
}


def section(code: FailureCode, meaning: str, fix: str) -> str:
    """Return the section of one code."""
    known = RUNBOOKS[code]
    lines = [f"### `{code}`", "", f"{code.label}: {meaning} {fix}", ""]
    lines += [f"- In Acumatica: {known.acumatica}"] if known.acumatica else []
    lines += [f"- In Magento: {known.magento}"] if known.magento else []
    lines += [f"- {known.again.format(code=code, entity=known.entity)}", ""]
    return "\n".join(lines)
