"""The number in Magento of an order that the connector makes."""

from __future__ import annotations

from connector.model.failures import FailureCode, Rejected

LONGEST_INCREMENT_ID = 50


LONGEST_EXT_ORDER_ID = 32


def increment_id(key: str) -> str:
    """Return our own order number in Magento, made from Acumatica's type and number: "SO 000123" is SO-000123.

    Magento refuses it a second time, which makes creation safe to repeat. It cuts longer ones in silence, so those are
    refused here. Raises `Rejected`.
    """
    made = "-".join(key.split(" ", 1))
    if len(made) > LONGEST_INCREMENT_ID or len(key) > LONGEST_EXT_ORDER_ID:
        raise Rejected(
            FailureCode.NUMBER_TOO_LONG,
            f"{key} has more than the {LONGEST_EXT_ORDER_ID} characters that Magento keeps.",
        )
    return made
