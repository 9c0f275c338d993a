"""Failures are kept by their code: what earlier versions kept as words becomes the code of it.

What Magento had refused in words that no list here has becomes `refused_by_magento`, or `out_of_attempts` where it was
tried until no attempt was left. The reasons stay as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

EXACT = {
    "unknown SKU": "unknown_sku",
    "to be sent again": "send_again",
    "cannot be kept": "cannot_be_kept",
    "no answer": "no_answer",
    "Gone after it was sent": "changed_after_it_was_sent",
    "Two items have one SKU": "several_items_with_one_sku",
    "One e-mail for two customers": "several_customers_with_one_email",
    "Tax": "taxed_otherwise",
    "Price too large for Magento. Correct it in Acumatica.": "price_too_large",
    "Amount with fractions of a cent": "fractions_of_a_cent",
    "No source for drop-shipments": "no_dropship_source",
    "No ShipVia for drop-shipments": "no_dropship_via",
    "No ShipVia": "no_ship_via",
    "Unmapped ShipVia": "unmapped_ship_via",
    "No e-mail": "no_email",
    "Invalid e-mail": "invalid_email",
    "E-mail of another customer": "email_of_another_customer",
    "In Magento no product that takes a price has this SKU.": "no_product",
}
LIKE_THEIR_CODE = (
    "ambiguous_line another_website by_hand canceled_before_it_was_sent changed_after_it_was_sent closed_short "
    "does_not_divide dropped_in_silence edited_after_it_was_sent gone_from_magento incomplete_address "
    "incomplete_bundle incomplete_kit invoice_does_not_fit invoice_refused invoice_totals_differ linked_to_nothing "
    "more_than_is_open negative_price no_conversion no_country no_date no_lines no_sales_order no_sku no_telephone "
    "no_whole_number not_an_order_of_the_shop not_in_magento not_kept not_possible nothing_to_ship number_taken "
    "number_too_long order_before_from order_canceled order_closed order_skipped other_currency quantity_too_large "
    "returned_goods several_orders several_sources shared_accounts shipment_differs sku_too_long status_not_kept "
    "status_not_possible stopped temporary totals_do_not_add_up unit_does_not_divide unknown_attribute "
    "unknown_country unknown_customer unknown_customer_group unknown_line unknown_option unknown_order "
    "unknown_reference unknown_source unknown_store unmapped_customer_class unmapped_payment_method unmapped_status "
    "unreadable_attribute unreadable_record configurable_product grouped_product bundle_product"
).split()
"""Causes whose words are those of their code, in whatever letter case: "No SKU"."""
BEGINS = {"unknown source ": "unknown_source", "unknown attribute ": "unknown_attribute"}
"""Causes that named a source or an attribute behind these words."""
MAGENTOS = {
    "Invalid attribute Price": "invalid_price",
    "Invalid attribute SKU": "invalid_sku",
    "Requested store is not found": "store_not_found",
    "Not able to assign": "source_not_assigned",
    "Source": "source_refused",
}
"""What stood in Magento's own words."""
UNDONE = {"unknown_sku": "unknown SKU", "send_again": "to be sent again"}

MESSAGES = sa.table("messages", *(sa.column(name, sa.Text()) for name in ("entity", "state", "cause", "reason")))


def upgrade() -> None:
    cause, reason = MESSAGES.c.cause, MESSAGES.c.reason
    spoken = {code.replace("_", " "): code for code in LIKE_THEIR_CODE}
    found = sa.case(
        *((sa.func.lower(cause) == words.lower(), code) for words, code in EXACT.items()),
        (sa.and_(cause == "Unknown state", MESSAGES.c.entity == "customer"), "unknown_region"),
        (cause == "Unknown state", "unknown_order_state"),
        *((sa.func.lower(cause) == words, code) for words, code in spoken.items()),
        *((sa.func.lower(cause).like(f"{words}%"), code) for words, code in BEGINS.items()),
        *((sa.func.replace(cause, words, "") != cause, code) for words, code in MAGENTOS.items()),
        (reason.like("%It was tried % times.%"), "out_of_attempts"),
        else_="refused_by_magento",
    )
    op.execute(sa.update(MESSAGES).where(cause == "waits").values(cause=None))
    op.execute(sa.update(MESSAGES).where(cause.is_not(None)).values(cause=found))


def downgrade() -> None:
    """The former version reads only these two again; the others are words to it."""
    for code, words in UNDONE.items():
        op.execute(sa.update(MESSAGES).where(MESSAGES.c.cause == code).values(cause=words))
