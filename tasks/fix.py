"""What to do about a failure, said where it is shown: in `a2m failed`, the run's table, Reprocess and reconcile alike.

A reason of ours says so itself. What Magento refused says only why: the fix is added here, by Magento's own message
where one is known to come from a setting or a record.
"""

from __future__ import annotations

from connector.magento.batches import NO_PRODUCT, RowResult
from connector.state.queue.messages import Message

_AGAIN = "then send it again with Reprocess Failed Messages (a2m reprocess)"
_KNOWN = (
    ("Invalid attribute Price", f"Correct the price in Acumatica; the corrected one goes by itself, else {_AGAIN}."),
    ("Invalid attribute SKU", f"Give the item a SKU that Magento takes (A2M_ITEMS__SKU), {_AGAIN}."),
    ("Requested store is not found", f"Correct A2M_MAGENTO__STORE_ID, {_AGAIN}."),
    (
        "Not able to assign",
        f"Assign the source to it in Magento, or correct A2M_INVENTORY__SOURCES, {_AGAIN}.",
    ),
    ("Source", f"Correct the source in Magento or A2M_INVENTORY__SOURCES, {_AGAIN}."),
)
_REFUSED = f"Correct what Magento names, in Acumatica or in Magento, {_AGAIN}; a newer value goes by itself."
_GIVEN_UP = f"It was tried {{attempts}} times. Look into Magento's log for why, {_AGAIN}; a newer value goes by itself."
_NO_PRODUCT = (
    "Create the product there, or set A2M_ITEMS__UNKNOWN_SKU to skip; once the product exists the newest state goes by "
    "itself."
)
_IS_SAID = "a2m "
"""A reason that names a command says already what to do."""


def with_fix(message: Message, outcome: RowResult) -> str:
    """The reason of a failure, with what to do."""
    reason = outcome.reason or "Magento refused it and gave no reason."
    if outcome.cause == NO_PRODUCT:
        return f"{reason} {_NO_PRODUCT}"
    if outcome.cause is not None or _IS_SAID in reason:
        return reason
    fix = _GIVEN_UP if outcome.kind == "temporary" else _known(outcome.template)
    end = "" if reason.rstrip().endswith((".", "!", "?", "…")) else "."
    return f"{reason.rstrip()}{end} {fix.format(attempts=message.attempts)}"


def _known(template: str) -> str:
    return next((fix for begins, fix in _KNOWN if begins in template), _REFUSED)
