"""Changes of sales orders, made on the order's form: every one, even of a line, updates the order's timestamp."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.acumatica import sums
from sandbox.acumatica.contacts import ADDRESS_NAMES, DOCUMENT_CONTACT, party_of
from sandbox.acumatica.customer_changes import text_row
from sandbox.acumatica.customers import shipping
from sandbox.acumatica.document_types import (
    Customer,
    Order,
    Party,
    Tax,
)
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import Row, settable
from sandbox.acumatica.given import Given, day_of, known, moment_of, site_of
from sandbox.acumatica.moves import moving
from sandbox.acumatica.order_line_changes import changed_line, put_line
from sandbox.acumatica.sales_orders import DISCOUNT_KINDS, PAYMENT_DEFAULTS, PAYMENT_KINDS, PRESET
from sandbox.acumatica.values import MONEY_PLACES, PRICE_PLACES, Value, price, scaled, stamped

NAMES = (
    "type order_nbr customer_id branch date requested status external_ref customer_order description currency "
    "ship_via warehouse payment_method freight premium_freight discount bill_to ship_to lines taxes payments "
    "discounts original_order created modified fields custom archived"
)
PLAIN = {
    "external_ref": "external_ref",
    "customer_order": "customer_order",
    "description": "description",
    "currency": "currency",
    "ship_via": "ship_via",
    "payment_method": "payment_method",
}
MONEY = {"freight": "freight4", "premium_freight": "premium4", "discount": "discount4"}
STATUSES = (
    "On Hold",
    "Pending Approval",
    "Rejected",
    "Credit Hold",
    "Risk Hold",
    "Awaiting Payment",
    "Pending Processing",
    "Open",
    "Shipping",
    "Back Order",
    "Invoiced",
    "Completed",
    "Canceled",
    "Expired",
)


def _add_order(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, NAMES, "an order")
    state, moment = documents.state, moment_of(documents.state, given)
    kind = str(given.get("type") or "SO").upper()
    customer: Customer = documents.customers.get(given["customer_id"])
    number = str(given.get("order_nbr") or "") or documents.next_number(
        f"order {kind}", lambda text: documents.orders.has(kind, text)
    )
    if documents.orders.has(kind, number):
        raise ValueError(f"The order {kind} {number} is there already.")
    day = day_of(given, "date") or documents.today()
    order = Order(
        type=kind,
        number=number,
        customer=customer,
        branch=state.branches[str(given.get("branch") or next(iter(state.branches)))],
        day=day,
        note_id=state.guid(),
        created=moment_of(state, given, "created") if "created" in given else moment,
        modified=moment,
        status="Open",
        bill_to=party_of(customer, customer.billing or customer.main),
        ship_to=party_of(customer, shipping(customer)),
        requested=day,
        ship_via=str(customer.extra.get("ShipVia") or ""),
    )
    edit = _edit(documents, order, given, moment)
    with moving(documents, [order], moment, settle=False):
        edit()
        documents.orders.add(order)
    return {"order_type": kind, "order_nbr": number, "id": order.note_id}


def order_of(documents: Documents, given: Given) -> Order:
    """Return the order that `order_type` (or `type`) and `order_nbr` name."""
    if not isinstance(given, Mapping):
        raise ValueError(f"an order is named by an object, not by {given!r}.")
    order: Order = documents.orders.get(given.get("order_type") or given.get("type") or "SO", given["order_nbr"])
    return order


def _set_order(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, f"order_type {NAMES.replace(' customer_id', '').replace(' created', '')}", "an order")
    order, moment = order_of(documents, given), moment_of(documents.state, given)
    edit = _edit(documents, order, given, moment)
    cut = "status" not in given and any("completed" in one for one in given.get("lines", ()))
    with moving(documents, [order], moment, settle=cut):
        edit()
        order.modified = moment
    return {"order_type": order.type, "order_nbr": order.number, "id": order.note_id}


def _remove_order(documents: Documents, given: Given) -> dict[str, Any]:
    order = order_of(documents, given)
    if order.shipments or order.invoices or order.receipts or order.purchases:
        raise ValueError(f"The order {order.type} {order.number} has shipments or invoices and cannot be deleted.")
    moment = stamped(documents.state.now())
    with moving(documents, [order], moment, settle=False):
        order.lines = []
    documents.orders.remove(order, moment)
    return {"order_type": order.type, "order_nbr": order.number}


def _edit(documents: Documents, order: Order, given: Given, moment: datetime) -> Callable[[], None]:
    """Read all given values and return a function that sets them, so that a wrong value changes nothing."""
    wanted: dict[str, Any] = {field: str(given[name] or "") for name, field in PLAIN.items() if name in given}
    wanted |= {field: scaled(given[name], MONEY_PLACES, name) for name, field in MONEY.items() if name in given}
    if "status" in given:
        wanted["status"] = _status(given["status"])
    if "warehouse" in given:
        wanted["site"] = site_of(documents.state, given["warehouse"]) if given["warehouse"] else None
    for name, field in (("date", "day"), ("requested", "requested")):
        if day_of(given, name):
            wanted[field] = day_of(given, name)
    for name in ("bill_to", "ship_to"):
        if name in given:
            wanted[name] = party(given[name], getattr(order, name))
    if "custom" in given:
        wanted["custom"] = dict(given["custom"])
    if "original_order" in given:
        wanted["original"] = _original(documents, given["original_order"])
    if "archived" in given:
        wanted["archived"] = bool(given["archived"])
    if "fields" in given:
        wanted["extra"] = order.extra | settable(PRESET, dict(given["fields"]), "an order")
    if "payments" in given:
        wanted["payments"] = [_payment(documents, one, moment) for one in given["payments"]]
    if "discounts" in given:
        wanted["discounts"] = [_discount(one) for one in given["discounts"]]
    site = wanted.get("site", order.site)
    lines = [changed_line(documents, order, one, site, moment) for one in given.get("lines", ())]
    taxes = [_tax_terms(one) for one in given["taxes"]] if "taxes" in given else None

    def edit() -> None:
        for name, value in wanted.items():
            setattr(order, name, value)
        for number, line in lines:
            put_line(order, number, line)
        if taxes is not None:
            order.taxes = [_tax(order, *one) for one in taxes]
        order.taxes = [_again(order, tax) for tax in order.taxes] if taxes is None and lines else order.taxes

    return edit


def _original(documents: Documents, key: Any) -> tuple[str, str] | None:
    """Return the order from which a return or credit memo order was made, by its key ("SO/000001")."""
    if not key:
        return None
    order: Order = documents.orders.get(*str(key).split("/"))
    return order.type, order.number


def _status(value: Any) -> str:
    if value not in STATUSES:
        raise ValueError(f"status {value!r} is none of {', '.join(STATUSES)}.")
    return str(value)


def party(given: Mapping[str, Any], base: Party) -> Party:
    """Return the party with the given contact and address names, and the rest as in `base`."""
    known(given, " ".join((*DOCUMENT_CONTACT, *ADDRESS_NAMES)), "a contact with its address")
    contact = {name: value for name, value in given.items() if name in DOCUMENT_CONTACT}
    address = {name: value for name, value in given.items() if name not in DOCUMENT_CONTACT}
    return Party(
        base.contact | text_row(contact, DOCUMENT_CONTACT, "a contact"),
        base.address | text_row(address, ADDRESS_NAMES, "an address"),
        override=True,
    )


def _tax_terms(given: Given) -> tuple[str, int, int | None]:
    known(given, "id rate amount", "a tax")
    rate = scaled(given.get("rate", 0), PRICE_PLACES, "rate")
    fixed = scaled(given["amount"], MONEY_PLACES, "amount") if given.get("amount") is not None else None
    return str(given["id"]), rate, fixed


def _tax(order: Order, tax_id: str, rate6: int, fixed4: int | None) -> Tax:
    taxable = sums.line_total(order) - order.discount4
    due = sums.ratio(taxable, rate6, sums.PERCENT, sums.CENT) if fixed4 is None else fixed4
    return Tax(tax_id, rate6, taxable, due)


def _again(order: Order, tax: Tax) -> Tax:
    return _tax(order, tax.tax_id, tax.rate6, None if tax.rate6 else tax.amount4)


def _typed(kinds: Mapping[str, str], given: Mapping[str, Any], what: str) -> Row:
    known(given, " ".join(kinds), what)
    found: Row = {}
    for name, value in given.items():
        if kinds[name] == "Decimal":
            found[name] = price(scaled(value, PRICE_PLACES, name))
        else:
            found[name] = bool(value) if kinds[name] == "Boolean" else str(value)
    return found


def _payment(documents: Documents, given: Given, moment: datetime) -> Row:
    stamps: dict[str, Value] = {"LastModifiedDateTime": moment, "NoteID": documents.state.guid()}
    return PAYMENT_DEFAULTS | {"ApplicationDate": moment} | _typed(PAYMENT_KINDS, given, "a payment") | stamps


def _discount(given: Given) -> Row:
    return {"ManualDiscount": False, "SkipDiscount": False} | _typed(DISCOUNT_KINDS, given, "a discount")


ORDER_CHANGES: dict[str, Callable[[Documents, Any], dict[str, Any]]] = {
    "add_order": _add_order,
    "set_order": _set_order,
    "remove_order": _remove_order,
}
