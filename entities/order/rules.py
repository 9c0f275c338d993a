"""The content of a sales order for Magento, and whether Magento can show it.

Input: an order of Acumatica, the SKU and units of its items, the settings. Output: an `OrderContent` with the order to
create (or why it cannot be created), its status, and the released invoices. Source: spec, *Rules of the field*,
"Orders"; magento-observed.md, part two, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from connector.model.failures import FailureCode, Rejected
from connector.model.orders import Line, NewOrder, PostalAddress
from connector.model.sales_orders import InvoicedLine, Party, SalesLine, SalesOrder, order_document
from connector.model.units import ItemUnits, decimal
from entities.documents.names import Change, changes, clean_company, clean_name, split_name
from entities.order.codes import entry_of
from entities.order.rest import CHARGE, closed_short, invoiced_by_line
from entities.order.status import DEAD, state_of, unknown_state
from entities.order.totals import Money, totals_of
from entities.order.types import Invoice, InvoiceLine, OrderContent, OrderRule, WhyNot
from entities.shop_orders.own_number import increment_id
from entities.shop_orders.reference import increment_id_of

PRICE_DIGITS = Decimal("0.0001")
NOON = "12:00:00"
PROGRESS = ("completed", "on_shipments", "po_source")
"""Fields of a line that show Acumatica's progress with it."""


def comment_of(key: str, acumatica_status: str, made_as: str | None = None) -> str:
    """Return the comment that goes with a status. An order has it once that status was sent.

    `made_as`: the status that the order is created with, if another one is still to be sent.
    """
    return f"{comment_mark(key)} {acumatica_status}{f', made as {made_as}' if made_as else ''}"


def comment_mark(key: str) -> str:
    """Return the beginning of our comments on an order."""
    return f"Acumatica {key}:"


def reference_of(order: SalesOrder, rule: OrderRule) -> str:
    """Return the content of the reference field."""
    by_setting = {"external_ref": order.external_ref, "customer_order": order.customer_order, "order_nbr": order.number}
    return by_setting[rule.reference].strip()


def number_in_magento(order: SalesOrder, rule: OrderRule) -> str:
    """Return Magento's order number from the reference field, if the order came from there; empty if the field holds
    none.
    """
    return increment_id_of(reference_of(order, rule), rule.reference_pattern) or ""


def is_chosen(order: SalesOrder, rule: OrderRule) -> bool:
    """Return whether the settings choose the order by its type and, if branches are named, by its branch."""
    types, branches = ({name.upper() for name in names} for names in (rule.types, rule.branches))
    return order.type.upper() in types and (not branches or order.branch.upper() in branches)


def comes_to_nothing(order: SalesOrder, rule: OrderRule) -> bool:
    """Return whether the order is canceled, rejected or expired. Such an order is never created in Magento."""
    mapped = rule.statuses.get(order.status, "")
    return order.status in DEAD or state_of(mapped, rule.states) == "canceled"


def content_of(key: str, order: SalesOrder, items: Mapping[str, ItemUnits], rule: OrderRule) -> OrderContent:
    """Return the content of one message about the order. Raises `Rejected` for invoices that cannot be sent."""
    short = {} if comes_to_nothing(order, rule) else closed_short(order, items)
    invoices = invoices_of(key, order, items, rule, short) if rule.invoices else ()
    waits = _waits_for_invoices(order, invoices, rule)
    mapped = rule.statuses.get(order.status)
    status = None if waits else mapped
    state = None if status is None else state_of(status, rule.states)
    content = OrderContent(
        key,
        reference=number_in_magento(order, rule),
        acumatica_status=order.status,
        facts=_facts(order),
        status=status,
        state=state,
        invoices=invoices,
        rest=_rest(key, order, short, items, rule),
    )
    try:
        if mapped is None:
            raise Rejected(
                FailureCode.UNMAPPED_STATUS,
                f"{key} is {order.status}, and A2M_ORDER__STATUSES has no Magento status for it. Add it there.",
            )
        if status is not None and state is None:
            raise unknown_state(key, status)
        return replace(content, new=new_order(key, order, items, rule))
    except Rejected as why:
        return replace(content, why_not=WhyNot(why.code.label, str(why)))


def _facts(order: SalesOrder) -> dict[str, Any]:
    """Return everything that a customer sees of the order, without Acumatica's progress."""
    facts = order_document(order)
    del facts["status"]
    facts["lines"] = [{name: line[name] for name in line if name not in PROGRESS} for line in facts["lines"]]
    return facts


def _rest(
    key: str, order: SalesOrder, short: Mapping[int, Fraction], items: Mapping[str, ItemUnits], rule: OrderRule
) -> tuple[InvoiceLine, ...]:
    """Return the quantities of the order's lines that never ship, in Magento's unit."""
    rest = []
    for line in order.lines:
        if line.number in short:
            of_line = replace(line, quantity=_decimal(short[line.number]))
            sku, quantity = _in_magento(f"the rest of line {line.number} of {key}", of_line, items, rule)
            rest.append(InvoiceLine(line.number, sku, quantity))
    return tuple(rest)


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def _waits_for_invoices(order: SalesOrder, invoices: tuple[Invoice, ...], rule: OrderRule) -> bool:
    """Return whether the status waits for invoices. Magento only completes an invoiced order, so with offline invoices
    the status waits until Acumatica has released them.
    """
    completes = state_of(rule.statuses.get(order.status, ""), rule.states) == "complete"
    return rule.invoices and completes and not any(invoice.completes for invoice in invoices)


def new_order(key: str, order: SalesOrder, items: Mapping[str, ItemUnits], rule: OrderRule) -> NewOrder:
    """Return the order to create. Raises `Rejected`."""
    increment_id(key)
    lines = [line for line in order.lines if line.quantity or line.amount]
    if not lines:
        raise Rejected(FailureCode.NO_LINES, f"{key} has none that Magento could show.")
    totals = totals_of(key, order, lines)
    order_lines = tuple(_line(key, line, money, items, rule) for line, money in zip(lines, totals.lines, strict=True))
    is_virtual = all(line.virtual for line in order_lines)
    return NewOrder(
        currency=order.currency,
        customer=order.customer,
        email=_email(key, order),
        created_at=_created_at(order),
        payment_method=_payment_method(key, order, rule),
        shipping_method="" if is_virtual else _shipping_method(key, order, rule),
        shipping_title=entry_of(rule.titles, order.ship_via) or order.ship_via,
        billing=_postal_address(key, "billing", order.bill_to, rule),
        shipping=None if is_virtual else _postal_address(key, "shipping", order.ship_to, rule),
        lines=order_lines,
        subtotal=totals.subtotal,
        discount=totals.discount,
        shipping_amount=totals.shipping,
        shipping_tax=totals.shipping_tax,
        tax=totals.tax,
        total=totals.total,
    )


def _line(key: str, line: SalesLine, money: Money, items: Mapping[str, ItemUnits], rule: OrderRule) -> Line:
    where = f"line {line.number} of {key}"
    quantity = line.quantity
    if quantity <= 0 or line.amount < 0 or line.operation == "Receipt":
        raise Rejected(
            FailureCode.RETURNED_GOODS,
            f"{where} takes goods back (operation {line.operation or 'unknown'}, quantity {quantity}), and Magento's "
            "orders hold only what is sold. "
            "Return it with an order of another type.",
        )
    sku, in_magento = _in_magento(where, line, items, rule)
    price = Fraction(money.row_total) / Fraction(in_magento)
    return Line(
        number=line.number,
        sku=sku,
        name=line.description or sku,
        quantity=in_magento,
        price=_rounded(price),
        row_total=money.row_total,
        discount=money.discount,
        tax=money.tax,
        virtual=line.line_type == CHARGE,
    )


def _rounded(number: Fraction) -> Decimal:
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(PRICE_DIGITS, ROUND_HALF_UP)


def _in_magento(
    where: str, line: SalesLine | InvoicedLine, items: Mapping[str, ItemUnits], rule: OrderRule
) -> tuple[str, Decimal]:
    """Return the SKU and the quantity of a line, in the unit in which Magento counts the item."""
    units = items.get(line.item)
    if units is None or not units.sku:
        raise Rejected(
            FailureCode.NO_SKU,
            f"{where} is of the item {line.item or '(none)'}, which has no SKU by the setting "
            "A2M_ITEMS__SKU. Give it one in Acumatica.",
        )
    unit = units.unit(rule.unit)
    exact = units.converted(line.quantity, line.uom, unit)
    quantity = None if exact is None else decimal(exact)
    if quantity is None or (line.uom != unit and quantity != quantity.to_integral_value()):
        raise Rejected(
            FailureCode.UNIT_DOES_NOT_DIVIDE,
            f"{where} has {line.quantity:f} {line.uom}, and Magento counts {units.sku} in "
            f"{unit}. Correct the quantity or the unit conversion in Acumatica.",
        )
    return units.sku, quantity


def _email(key: str, order: SalesOrder) -> str:
    email = order.bill_to.email or order.ship_to.email
    if not email:
        raise Rejected(
            FailureCode.NO_EMAIL,
            f"{key} has none, neither at its bill-to nor at its ship-to contact. Enter it in Acumatica.",
        )
    return email


def _created_at(order: SalesOrder) -> str:
    """Return when the order was made, in UTC as Magento writes it. If it was entered on another day than its date,
    return noon of its date.
    """
    day, created = order.date, order.created
    if created is not None and (day is None or abs(created.date() - day) <= timedelta(days=1)):
        return created.strftime("%Y-%m-%d %H:%M:%S")
    if day is None:
        raise Rejected(FailureCode.NO_DATE, f"{order.type} {order.number} has none. Enter it in Acumatica.")
    return f"{day} {NOON}"


def _payment_method(key: str, order: SalesOrder, rule: OrderRule) -> str:
    name = order.payment_method
    method = entry_of(rule.payment_methods, name)
    if method is None:
        has = f"the payment method {name}" if name else 'no payment method (named "" in the map)'
        raise Rejected(
            FailureCode.UNMAPPED_PAYMENT_METHOD,
            f"{key} has {has}, and A2M_ORDER__PAYMENT_METHODS has no Magento payment method for it. Add it there.",
        )
    return method


def _shipping_method(key: str, order: SalesOrder, rule: OrderRule) -> str:
    name = order.ship_via
    method = entry_of(rule.shipping_methods, name)
    if method is None:
        has = f"the ShipVia {name}" if name else 'no ShipVia (named "" in the map)'
        raise Rejected(
            FailureCode.UNMAPPED_SHIP_VIA,
            f"{key} has {has}, and A2M_ORDER__SHIPPING_METHODS has no Magento shipping method for it. Add it there.",
        )
    return method


def _postal_address(key: str, use: str, party: Party, rule: OrderRule) -> PostalAddress:
    firstname, lastname = split_name(_person_of(party))
    company = clean_company(party.business)
    address = PostalAddress(
        firstname=firstname,
        lastname=lastname,
        company="" if company == f"{firstname} {lastname}" else company,
        street=tuple(line for line in (party.line1, party.line2) if line),
        city=party.city,
        state=party.state,
        postcode=party.postal_code,
        country=party.country.upper(),
        telephone=party.phone or rule.telephone,
    )
    needed = {
        "name": _person_of(party),
        "street": address.street,
        "city": address.city,
        "country": address.country,
        "telephone": address.telephone,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise Rejected(
            FailureCode.INCOMPLETE_ADDRESS,
            f"the {use} address of {key} has no {' and no '.join(missing)}. Enter it in Acumatica.",
        )
    return address


def _person_of(party: Party) -> str:
    """Return the person at this address: the attention line, or the business if Magento accepts nothing of the
    attention line.
    """
    return party.attention if clean_name(party.attention) else party.business


def names_changed(order: SalesOrder) -> tuple[Change, ...]:
    """Return the changed names in the addresses of an order that is made in Magento."""
    names = []
    for party in (order.bill_to, order.ship_to):
        attention, business = party.attention, party.business
        names += [("Company", business, clean_company(business)), ("Attention", attention, clean_name(attention))]
        if _person_of(party) == business:
            names.append(("Name", business, clean_name(business)))
    return changes(names)


def invoices_of(
    key: str,
    order: SalesOrder,
    items: Mapping[str, ItemUnits],
    rule: OrderRule,
    short: Mapping[int, Fraction] | None = None,
) -> tuple[Invoice, ...]:
    """Return the released invoices of the order, by number, each with its quantities of the order's lines.

    `short`: the quantities of the lines that never ship and are never invoiced.
    """
    whole = {line.number: Fraction(line.quantity) for line in order.lines}
    whole = {number: quantity - (short or {}).get(number, 0) for number, quantity in whole.items() if quantity > 0}
    result = []
    so_far: dict[str, tuple[InvoicedLine, ...]] = {}
    for name, lines in sorted(order.invoices.items()):
        number = name.partition("|")[2] or name
        sums: dict[int, InvoiceLine] = {}
        for line in lines:
            if line.quantity <= 0:
                continue
            sku, quantity = _in_magento(f"invoice {number}, line {line.number} of {key}", line, items, rule)
            before = sums.get(line.number)
            sums[line.number] = InvoiceLine(line.number, sku, quantity + (before.quantity if before else 0))
        so_far[name] = lines
        if sums:
            invoiced = invoiced_by_line(replace(order, invoices=so_far), items)
            completes = all(invoiced.get(line_number, Fraction(0)) >= ordered for line_number, ordered in whole.items())
            total = next((line.total for line in lines if line.total is not None), None)
            result.append(Invoice(number, tuple(sums[line_number] for line_number in sorted(sums)), completes, total))
    return tuple(result)
