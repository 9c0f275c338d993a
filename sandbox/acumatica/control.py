"""Apply one change of the sandbox, and show all data of the company (see the page in docs/)."""

from collections.abc import Callable
from typing import Any

from sandbox.acumatica import changes
from sandbox.acumatica.customer_changes import CUSTOMER_CHANGES
from sandbox.acumatica.document_views import documents_view
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.given import BadChange, Given
from sandbox.acumatica.invoice_changes import INVOICE_CHANGES
from sandbox.acumatica.order_changes import ORDER_CHANGES
from sandbox.acumatica.purchase_changes import PURCHASE_CHANGES
from sandbox.acumatica.shipment_changes import SHIPMENT_CHANGES

DOCUMENT_CHANGES: dict[str, Callable[[Documents, Any], dict[str, Any]]] = {
    **CUSTOMER_CHANGES,
    **ORDER_CHANGES,
    **SHIPMENT_CHANGES,
    **INVOICE_CHANGES,
    **PURCHASE_CHANGES,
}


def apply(documents: Documents, change: Given) -> dict[str, Any]:
    """Make one change (`{"set_price": {…}}`); return its result. Raises `BadChange` if it is not valid."""
    if len(change) != 1:
        raise BadChange(f"A change has exactly one name, not {sorted(change)}.")
    ((name, given),) = change.items()
    try:
        if name in changes.CHANGES:
            return changes.CHANGES[name](documents.state, given)
        if name in DOCUMENT_CHANGES:
            return DOCUMENT_CHANGES[name](documents, given)
    except (ArithmeticError, LookupError, ValueError, TypeError) as fault:
        raise BadChange(f"{name}: {fault}") from fault
    names = sorted([*changes.CHANGES, *DOCUMENT_CHANGES])
    raise BadChange(f"There is no change {name!r}; known are {', '.join(names)}.")


def view(documents: Documents) -> dict[str, Any]:
    """Return the records as plain data, with quantities, prices and amounts as decimal texts."""
    return changes.view(documents.state) | documents_view(documents)
