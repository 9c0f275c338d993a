"""The meaning of each failure and what to do about it, shown with groups of failures and on a page of the
documentation.

The page is generated: `python -m connector.model.failure_help > docs/reference/failures.md`.
"""

from __future__ import annotations

from typing import NamedTuple

from connector.model.failures import REASON_IS_ENOUGH, FailureCode
from connector.model.runbooks import section

Code = FailureCode
AGAIN = "then send it again with Reprocess Failed Messages (a2m reprocess)"


class Help(NamedTuple):
    """The meaning of a failure, in one sentence, and what to do."""

    meaning: str
    fix: str


_IN_ACUMATICA = "Correct it in Acumatica; the corrected record is then sent automatically."
_ENTER = "Enter it in Acumatica; the record is then sent automatically."
_IN_MAGENTO = "Correct it in Magento by hand, then skip the message (a2m skip)."
_LINK_ORDER = "Link the right order (a2m link order)."
_THERE = f"Create it in Magento, or correct the setting, {AGAIN}."

HELP: dict[FailureCode, Help] = {
    Code.NO_SKU: Help(
        "The field that the setting SKU names is empty for this item.",
        "Enter it in Acumatica, or choose another SKU setting (A2M_ITEMS__SKU).",
    ),
    Code.SEVERAL_ITEMS_WITH_ONE_SKU: Help(
        "Magento ignores case and accents, so two items of Acumatica are the same product there.",
        "Give each item a different SKU in Acumatica.",
    ),
    Code.SKU_TOO_LONG: Help("Magento allows 64 characters at most.", "Shorten the SKU in Acumatica."),
    Code.NO_CONVERSION: Help(
        "Acumatica has no conversion between this unit and the unit in which Magento counts.",
        "Enter the item's unit conversion in Acumatica.",
    ),
    Code.TAXED_OTHERWISE: Help(
        "The price list has this price with tax while the shop's prices are without tax, or the reverse.",
        "Correct the row's tax calculation mode in Acumatica, or Tax Included (A2M_PRICE__TAX_INCLUDED).",
    ),
    Code.NEGATIVE_PRICE: Help("Magento does not allow prices below 0.", _IN_ACUMATICA),
    Code.PRICE_TOO_LARGE: Help("The price is larger than Magento can store.", _IN_ACUMATICA),
    Code.QUANTITY_TOO_LARGE: Help("Magento stores 99,999,999 at most.", _IN_ACUMATICA),
    Code.UNKNOWN_SKU: Help(
        "Magento has no product with this SKU.",
        "Create the product in Magento; the newest state is then sent automatically. Or set Unknown SKU "
        "(A2M_ITEMS__UNKNOWN_SKU) to skip.",
    ),
    Code.CONFIGURABLE_PRODUCT: Help(
        "A configurable product has no price and no quantity of its own in Magento.",
        "Keep the item from being exported in Acumatica, or correct its SKU.",
    ),
    Code.GROUPED_PRODUCT: Help(
        "A grouped product has no price and no quantity of its own in Magento.",
        "Keep the item from being exported in Acumatica, or correct its SKU.",
    ),
    Code.BUNDLE_PRODUCT: Help(
        "A bundle has no price or no quantity of its own in Magento.",
        "Keep the item from being exported in Acumatica, or correct its SKU.",
    ),
    Code.UNKNOWN_SOURCE: Help(
        "Magento has no source with this code.",
        "Create the source in Magento, or map the warehouse to another one (A2M_INVENTORY__SOURCES).",
    ),
    Code.UNKNOWN_ATTRIBUTE: Help(
        "Magento has no product or customer attribute with this code.",
        "Create it in Magento, or correct the setting (A2M_VENDOR_INVENTORY__ATTRIBUTE, A2M_CUSTOMER__ATTRIBUTES).",
    ),
    Code.UNREADABLE_RECORD: Help("Acumatica sent the record in a form that cannot be read.", _IN_ACUMATICA),
    Code.CANNOT_BE_KEPT: Help("A name or a value of the record cannot be stored in a database.", _IN_ACUMATICA),
    Code.GONE_FROM_MAGENTO: Help(
        "The customer or order was deleted in Magento, or its id is another's; it is not created again automatically.",
        "Link it to another one (a2m link), or skip the message.",
    ),
    Code.CHANGED_AFTER_IT_WAS_SENT: Help(
        "Acumatica changed or deleted the document after it was sent to Magento, and Magento cannot follow.",
        _IN_MAGENTO,
    ),
    Code.LINKED_TO_NOTHING: Help(
        "The document is linked to an id that Magento does not have.", "Link it again (a2m link)."
    ),
    Code.NO_EMAIL: Help(
        "The customer or the order has no e-mail, which Magento needs.",
        "Enter it in Acumatica, or leave such customers out (A2M_CUSTOMER__WITHOUT_EMAIL).",
    ),
    Code.INCOMPLETE_ADDRESS: Help("An address lacks what Magento needs.", _ENTER),
    Code.UNMAPPED_SHIP_VIA: Help(
        "A ShipVia code of Acumatica has no counterpart in Magento.",
        "Map it: for orders in A2M_ORDER__SHIPPING_METHODS, for shipments in A2M_SHIPMENT__SHIP_VIAS.",
    ),
    Code.NUMBER_TOO_LONG: Help(
        "The order's key is longer than Magento can store.", "Enter the order in Magento by hand and link it."
    ),
    Code.NUMBER_TAKEN: Help("Another order of Acumatica has this number in Magento.", _LINK_ORDER),
    Code.UNMAPPED_STATUS: Help("The order's status has no Magento status.", "Add it to A2M_ORDER__STATUSES."),
    Code.UNKNOWN_ORDER_STATE: Help(
        "A status of your own belongs to a state that Magento does not know.", "Name its state in A2M_ORDER__STATES."
    ),
    Code.STATUS_NOT_POSSIBLE: Help(
        "Magento's order is in a state in which it never takes this status.",
        "Settle it in Magento by hand, then skip the message; the next status is sent automatically.",
    ),
    Code.STATUS_NOT_KEPT: Help("Magento accepted the status but does not show it.", "Look at the order in Magento."),
    Code.NO_LINES: Help("The order has no line that Magento can show.", _IN_ACUMATICA),
    Code.RETURNED_GOODS: Help(
        "The order has a quantity below 0; orders in Magento cannot contain returns.",
        "Return the goods with an order of another type.",
    ),
    Code.UNIT_DOES_NOT_DIVIDE: Help(
        "An order line is not a whole number of the unit that Magento counts in.",
        "Correct the quantity or the unit conversion in Acumatica.",
    ),
    Code.NO_DATE: Help("The order has no date.", _ENTER),
    Code.UNMAPPED_PAYMENT_METHOD: Help(
        "The order's payment method has no counterpart in Magento.", "Add it to A2M_ORDER__PAYMENT_METHODS."
    ),
    Code.TOTALS_DO_NOT_ADD_UP: Help(
        "Lines, freight, tax and discount do not add up to the order's total.", "Recalculate the order in Acumatica."
    ),
    Code.FRACTIONS_OF_A_CENT: Help("An amount has more than two decimals.", _IN_ACUMATICA),
    Code.UNKNOWN_REFERENCE: Help(
        "The order refers to a Magento order that does not exist.",
        "Correct the reference in Acumatica, link the order (a2m link order), or set A2M_ORDER__CREATE_WITH_REFERENCE.",
    ),
    Code.SEVERAL_ORDERS: Help("Several of Magento's orders may be this one.", _LINK_ORDER),
    Code.UNKNOWN_STORE: Help("Magento has no store view with this id.", "Correct A2M_ORDER__STORE_ID."),
    Code.OTHER_CURRENCY: Help(
        "The order's currency is not the store's.", "Enter it in Magento by hand and link it (a2m link order)."
    ),
    Code.UNKNOWN_CUSTOMER: Help(
        "The order's customer no longer exists in Magento.", "Link the customer again (a2m link customer)."
    ),
    Code.CANCELED_BEFORE_IT_WAS_SENT: Help(
        "The order was canceled in Acumatica and was never in Magento.", "Nothing has to be done; skip the message."
    ),
    Code.NOT_KEPT: Help("Magento accepted the order but does not show it.", "Look for it in Magento, then reprocess."),
    Code.NOT_POSSIBLE: Help(
        "The message contains nothing that can be sent.", "Reprocess it: the record is then read again."
    ),
    Code.EDITED_AFTER_IT_WAS_SENT: Help(
        "Something that the customer sees of the order changed in Acumatica, and Magento cannot follow.",
        "Change it in Magento by hand, then link it again (a2m link order), or skip the message.",
    ),
    Code.CLOSED_SHORT: Help(
        "Acumatica will never ship something that is still open in Magento.",
        "Cancel or refund it in Magento, or let the setting Rest that never ships do it (A2M_ORDER__CLOSE_REST).",
    ),
    Code.INVOICE_REFUSED: Help("Magento refused an offline invoice.", f"Correct what Magento names, {AGAIN}."),
    Code.INVOICE_TOTALS_DIFFER: Help(
        "The invoice in Magento would have a different total than Acumatica's.",
        "Wait until the whole order is invoiced, or create the invoice in Magento by hand.",
    ),
    Code.INVOICE_DOES_NOT_FIT: Help(
        "The invoice contains something that the order in Magento does not.",
        "Create the invoice in Magento by hand, then skip the message.",
    ),
    Code.NO_SALES_ORDER: Help("A drop-shipment belongs to no order.", "Ship it in Magento by hand."),
    Code.UNKNOWN_ORDER: Help(
        "Magento does not have the order that is shipped.",
        "Correct the reference, or link the right order (a2m link order).",
    ),
    Code.NOT_AN_ORDER_OF_THE_SHOP: Help(
        "The shipped order refers to no Magento order, and its type or branch is not sent.",
        "Link the order, skip the message, or leave all such shipments out (A2M_SHIPMENT__OTHER_ORDERS).",
    ),
    Code.ORDER_BEFORE_FROM: Help(
        "The shipped order is older than Orders from (A2M_ORDER__FROM).", "Link the order, or skip the message."
    ),
    Code.ORDER_SKIPPED: Help("The shipped order was skipped by hand.", "Skip the message as well."),
    Code.ORDER_CANCELED: Help(
        "The order is canceled in Magento, but the goods have been shipped.",
        "Settle it with the customer, then link the message to a new shipment (a2m link shipment), or skip it.",
    ),
    Code.ORDER_CLOSED: Help(
        "The whole order is refunded in Magento, but the goods have been shipped.",
        "Settle it with the customer, then link the message to a new shipment (a2m link shipment), or skip it.",
    ),
    Code.NO_DROPSHIP_SOURCE: Help("Drop-shipments need a source, and none is set.", "Enter it (A2M_DROPSHIP__SOURCE)."),
    Code.SEVERAL_SOURCES: Help(
        "The shipment uses several Magento sources; a shipment in Magento has one.", "Ship it by hand and link it."
    ),
    Code.NO_SHIP_VIA: Help("The shipment has tracking numbers and no ShipVia.", _ENTER),
    Code.NO_DROPSHIP_VIA: Help("No ShipVia is set for drop-shipments.", "Enter it (A2M_DROPSHIP__SHIP_VIA)."),
    Code.INCOMPLETE_KIT: Help(
        "Only parts of a kit ship; Magento ships whole kits.", "Ship whole kits, or ship by hand in Magento."
    ),
    Code.INCOMPLETE_BUNDLE: Help(
        "Only parts ship of a bundle that must ship together.",
        "Ship whole bundles, or let the product ship separately.",
    ),
    Code.DOES_NOT_DIVIDE: Help(
        "What ships is not a whole number of the unit that Magento counts in.",
        "Ship whole units, or choose another Unit (A2M_ITEMS__UNIT).",
    ),
    Code.NO_WHOLE_NUMBER: Help(
        "Magento counts the product in whole pieces.", "Allow decimals for it in Magento, or choose another unit."
    ),
    Code.NOTHING_TO_SHIP: Help("Everything in the shipment is virtual in Magento.", "Skip the message."),
    Code.AMBIGUOUS_LINE: Help(
        "A line matches several different items of the Magento order.",
        "Ship it in Magento by hand and link it, or give the line Magento's item id as external reference.",
    ),
    Code.UNKNOWN_LINE: Help(
        "Magento's order has no line with these goods.", "Ship it by hand, correct the SKU, or skip the message."
    ),
    Code.MORE_THAN_IS_OPEN: Help("More is shipped than is open in Magento.", "Correct the order, or ship it by hand."),
    Code.SHIPMENT_DIFFERS: Help(
        "A shipment with the same tracking number but other lines exists in Magento.",
        "Link it if it is the same (a2m link shipment), else correct the tracking number.",
    ),
    Code.INVALID_EMAIL: Help("The customer's e-mail is not one address.", _IN_ACUMATICA),
    Code.SEVERAL_CUSTOMERS_WITH_ONE_EMAIL: Help(
        "Two customers have the same e-mail, by which Magento identifies them.",
        "Give each a different e-mail in Acumatica.",
    ),
    Code.UNMAPPED_CUSTOMER_CLASS: Help("The customer class has no Magento group.", "Map one in A2M_CUSTOMER__GROUPS."),
    Code.UNKNOWN_CUSTOMER_GROUP: Help(
        "Magento does not have the group, or it is the group of visitors who are not logged in.",
        "Correct A2M_CUSTOMER__GROUPS, or create the group.",
    ),
    Code.NO_TELEPHONE: Help(
        "An address has no telephone, which Magento needs.",
        "Enter it in Acumatica, or one for all in A2M_CUSTOMER__TELEPHONE.",
    ),
    Code.NO_COUNTRY: Help("An address has no country, and Magento would drop it.", _ENTER),
    Code.UNKNOWN_COUNTRY: Help("Magento does not know the country, and would drop the address.", _IN_ACUMATICA),
    Code.UNKNOWN_REGION: Help(
        "Magento does not know the state of the address.", "Enter Magento's code or name of the state in Acumatica."
    ),
    Code.UNREADABLE_ATTRIBUTE: Help("An attribute's value is not of the type that Magento expects.", _IN_ACUMATICA),
    Code.UNKNOWN_OPTION: Help("The value is not an option of the attribute in Magento.", _THERE),
    Code.NOT_IN_MAGENTO: Help(
        "Magento has no such customer, and customers are not created (A2M_CUSTOMER__CREATE).",
        "Nothing has to be done. To create such customers, switch A2M_CUSTOMER__CREATE on.",
    ),
    Code.SHARED_ACCOUNTS: Help(
        "Magento shares accounts between its websites, and this one belongs to another website.",
        "Set A2M_CUSTOMER__ACCOUNTS to global.",
    ),
    Code.ANOTHER_WEBSITE: Help(
        "The customer is linked to an account of another website.",
        "Link it to a customer there, or set A2M_CUSTOMER__ACCOUNTS to global.",
    ),
    Code.EMAIL_OF_ANOTHER_CUSTOMER: Help(
        "The account with this e-mail belongs to another customer.", "Link the customer (a2m link customer)."
    ),
    Code.DROPPED_IN_SILENCE: Help(
        "Magento accepted the customer but left something out.", "Correct in Acumatica what the reason names."
    ),
    Code.REFUSED_BY_MAGENTO: Help(
        "Magento refused the record; the reason is in Magento's own words.",
        f"Correct what Magento names, in Acumatica or in Magento, {AGAIN}; a newer value is sent automatically.",
    ),
    Code.INVALID_PRICE: Help(
        "Magento does not accept this price.",
        "Correct the price in Acumatica; the corrected price is then sent automatically.",
    ),
    Code.INVALID_SKU: Help(
        "Magento does not accept this SKU.", f"Give the item a valid SKU (A2M_ITEMS__SKU), {AGAIN}."
    ),
    Code.NO_PRODUCT: Help(
        "Magento has no product with this SKU that can have a price.",
        "Create the product in Magento, or set A2M_ITEMS__UNKNOWN_SKU to skip; once the product exists the "
        "newest state is sent automatically.",
    ),
    Code.STORE_NOT_FOUND: Help(
        "Magento has no store with the id in the setting.", f"Correct A2M_MAGENTO__STORE_ID, {AGAIN}."
    ),
    Code.SOURCE_NOT_ASSIGNED: Help(
        "Magento does not assign the source to the product or the stock.",
        f"Assign the source to it in Magento, or correct A2M_INVENTORY__SOURCES, {AGAIN}.",
    ),
    Code.SOURCE_REFUSED: Help(
        "Magento refuses the source.", f"Correct the source in Magento or A2M_INVENTORY__SOURCES, {AGAIN}."
    ),
    Code.REQUEST_TOO_LARGE: Help(
        "A single record is larger than a web server or proxy in front of Magento accepts.",
        f"Shorten it in Acumatica, or raise the limit, {AGAIN}; a newer value is sent automatically.",
    ),
    Code.OUT_OF_ATTEMPTS: Help(
        "Every attempt that Retry Count allows failed with an error that is usually temporary.",
        f"Look for the cause in Magento's log, {AGAIN}; a newer value is sent automatically.",
    ),
    Code.TEMPORARY: Help(
        "The last attempt failed with a temporary error.", "Nothing: it is tried again automatically."
    ),
    Code.NO_ANSWER: Help(
        "Magento's answer was lost. The connector asks Magento what it shows before it sends anything again.",
        f"Look for the cause in Magento's log, {AGAIN}; a newer value is sent automatically.",
    ),
    Code.STOPPED: Help(
        "The connector was stopped during the last attempt, and Magento does not show the value.",
        "Send it again with Reprocess Failed Messages (a2m reprocess).",
    ),
    Code.SEND_AGAIN: Help(
        "Somebody asked for it to be sent again.", "Nothing: the next sync reads its newest state and sends it."
    ),
    Code.BY_HAND: Help("Somebody skipped or linked it.", "Nothing."),
}


def as_markdown() -> str:
    """Return the page: every code with its label, meaning and remedy, followed by a runbook for each."""
    rows = [f"| `{code}` | {code.label} | {HELP[code].meaning} | {HELP[code].fix} |" for code in FailureCode]
    table = f"{HEAD}\n| code | label | what it means | what to do |\n|---|---|---|---|\n" + "\n".join(rows)
    return "\n".join([table, "", RUNBOOK_HEAD, *[section(code, *HELP[code]) for code in FailureCode]])


def fix_of(code: str) -> str:
    """Return what to do about a stored failure; empty if this version does not know its code."""
    return HELP[FailureCode(code)].fix if code in FailureCode._value2member_map_ else ""


def with_fix(code: FailureCode, reason: str, attempts: int) -> str:
    """Return the reason of a failure with what to do. Magento's own messages only say why; our reasons already say
    both.
    """
    if code not in REASON_IS_ENOUGH:
        return reason
    text = reason.rstrip()
    end = "" if text.endswith((".", "!", "?", "…")) else "."
    tried = f" It was tried {attempts} times." if code is FailureCode.OUT_OF_ATTEMPTS else ""
    return f"{text}{end}{tried} {HELP[code].fix}"


RUNBOOK_HEAD = """## Runbooks

Where to look, code by code. `a2m explain ENTITY KEY` (or *One record* in the workspace) shows first what both systems
have for a record and what was tried. The names of screens are those of a standard Acumatica and of Magento's admin
panel.
"""
HEAD = """# Failures

Every failure that a message can have. The code is what `a2m failed --json` and Reprocess Failed Messages call `cause`:
it is the same for every record with this cause, whatever its key looks like, and failures are grouped, counted and
chosen by it. The reason beside it names the record; where Magento refused it, in Magento's own words.

This page is made from the codes themselves: `python -m connector.model.failure_help > docs/reference/failures.md`.
"""

if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - this is what the module is run for
