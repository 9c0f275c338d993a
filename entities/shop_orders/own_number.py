"""The Magento number of an order that the connector makes."""

from __future__ import annotations

from connector.model.failures import FailureCode, Rejected

LONGEST_INCREMENT_ID = 50


LONGEST_EXT_ORDER_ID = 32


def increment_id(key: str) -> str:
    """Return our order number in Magento, made from Acumatica's type and number: "SO 000123" becomes SO-000123.

    Magento refuses a number that exists, so creating an order is safe to repeat. It silently cuts longer numbers, so
    those are refused here. Raises `Rejected`.
    """
    number = "-".join(key.split(" ", 1))
    if len(number) > LONGEST_INCREMENT_ID or len(key) > LONGEST_EXT_ORDER_ID:
        raise Rejected(
            FailureCode.NUMBER_TOO_LONG,
            f"{key} has more than the {LONGEST_EXT_ORDER_ID} characters that Magento keeps.",
        )
    return number
