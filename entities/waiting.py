"""What a message can wait for, and when it is checked again.

A message waits if nothing is wrong and the connector cannot do anything: a customer has not paid yet, a payment is
under review, another record has to be sent first. It stays `pending`, uses no attempt and is not a failure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class WaitReason(StrEnum):
    """What a message waits for; the value is the code that is stored and counted."""

    AWAITING_PAYMENT = "awaiting_payment"
    PAYMENT_REVIEW = "payment_review"
    ON_HOLD = "on_hold"
    AWAITING_INVOICE = "awaiting_invoice"
    AWAITING_SHIPMENT = "awaiting_shipment"
    AWAITING_CREDIT_MEMO = "awaiting_credit_memo"
    ORDER_MISSING = "order_missing"
    ORDER_NOT_TOLD = "order_not_told"
    CUSTOMER_MISSING = "customer_missing"


DESCRIPTIONS = {
    WaitReason.AWAITING_PAYMENT: "a payment in Magento",
    WaitReason.PAYMENT_REVIEW: "the end of a payment review in Magento",
    WaitReason.ON_HOLD: "the end of a hold in Magento",
    WaitReason.AWAITING_INVOICE: "an invoice",
    WaitReason.AWAITING_SHIPMENT: "a shipment",
    WaitReason.AWAITING_CREDIT_MEMO: "a released credit memo in Acumatica",
    WaitReason.ORDER_MISSING: "an order that Magento does not have yet",
    WaitReason.ORDER_NOT_TOLD: "a status of its order that is still to be sent",
    WaitReason.CUSTOMER_MISSING: "a customer who is still to be sent",
}


OF_OTHER_ENTITIES = (WaitReason.ORDER_MISSING, WaitReason.ORDER_NOT_TOLD, WaitReason.CUSTOMER_MISSING)
"""Waits that a run of another entity ends."""


class NotYet(Exception):
    """One document has to wait: for a temporary business state, such as an open payment, or for another document.

    `wait` is what it waits for, `str()` the message. `waits_for`: our record that ends the wait when it is sent, as
    entity and Acumatica key ("order SO 000001"). No attempt is used, and nothing has failed. `made`: the document in
    Magento, if it already exists.
    """

    def __init__(self, wait: WaitReason, reason: str, waits_for: str | None = None, made: Any = None) -> None:
        super().__init__(reason)
        self.wait = wait
        self.waits_for = waits_for
        self.made = made


_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15))
LONGEST_PAUSE = timedelta(minutes=60)


def describe(code: str) -> str:
    """Return a description of what is waited for; the code itself if it is unknown because a later version
    stored it.
    """
    return DESCRIPTIONS[WaitReason(code)] if code in WaitReason._value2member_map_ else code


def next_check_at(since: datetime, now: datetime) -> datetime:
    """Return when to check a message again that has waited since then: after 1, 5 and 15 minutes, then every 60."""
    passed = timedelta(0)
    for pause in _PAUSES:
        if now - since < passed + pause:
            return now + pause
        passed += pause
    return now + LONGEST_PAUSE
