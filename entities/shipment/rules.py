"""The content of an Acumatica shipment, or of the receipt behind a drop-shipment, for Magento.

Input: a `Shipment` of Acumatica, with the orders and items that it names. Output: one `ShipmentContent` per order, or
why there can be none. Source: spec, *Rules of the field*, "Documents", "Unit"; acumatica.md §5.5, §5.7. The key of a
message is the same under either trigger, so switching the trigger neither loses nor doubles a shipment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from connector.model.failures import FailureCode, Rejected
from connector.model.shipments import OrderLine, Shipment, ShippedLine, ShippedOrder, Track
from connector.model.units import ItemUnits, decimal, plain
from entities.shipment.types import Carrier, ContentLine, ShipmentContent, ShipmentRule
from entities.shop_orders.reference import increment_id_of

CONFIRMED = frozenset({"Confirmed", "Partially Invoiced", "Invoiced", "Completed", "Released"})
"""Statuses of goods that have left the warehouse: of a shipment, and `Released` of a receipt (acumatica.md
§5.5, §5.7).
"""
CHANGED = FailureCode.CHANGED_AFTER_IT_WAS_SENT
NO_CARRIER = (FailureCode.UNMAPPED_SHIP_VIA, FailureCode.NO_SHIP_VIA, FailureCode.NO_DROPSHIP_VIA)


@dataclass(frozen=True)
class ShipmentMessage:
    """One message: its key, and its content or why there is none."""

    key: str
    content: ShipmentContent | None
    cause: FailureCode | None = None
    reason: str | None = None


def shipment_messages(
    shipment: Shipment, rule: ShipmentRule, begins_on: date | None, sent: Mapping[str, ShipmentContent | None]
) -> list[ShipmentMessage]:
    """Return one message for each order of a shipment that is due.

    `sent`: what was sent, or is being sent, by message key; None for unknown content. A message reports what was sent
    and is no longer true in Acumatica.
    """
    result = []
    for order in dict.fromkeys(line.order for line in shipment.lines if line.shipped > 0):
        key = f"{shipment.key}|{order}" if order else shipment.key
        if key in sent or _is_due(shipment, order, rule, begins_on):
            result.append(_shipment_message(shipment, order, key, rule, sent=sent))
    return result + [_undone(shipment, key) for key in sorted(sent.keys() - {message.key for message in result})]


def _is_due(shipment: Shipment, order: str, rule: ShipmentRule, begins_on: date | None) -> bool:
    if not _leaves(shipment) or shipment.status not in CONFIRMED:
        return False
    if begins_on is not None and shipment.date is not None and shipment.date < begins_on:
        return False
    return rule.trigger == "shipment_confirmation" or order in shipment.released or not order


def _leaves(shipment: Shipment) -> bool:
    """Return whether this is a shipment. Transfers and returned goods are not; a placeholder has no number yet."""
    if not shipment.number or shipment.number.startswith("<"):
        return False
    return shipment.kind == "receipt" or (shipment.type == "Shipment" and shipment.operation in ("Issue", ""))


def _shipment_message(
    shipment: Shipment, order: str, key: str, rule: ShipmentRule, sent: Mapping[str, ShipmentContent | None]
) -> ShipmentMessage:
    if key in sent and (shipment.status not in CONFIRMED or not _leaves(shipment)):
        return _undone(shipment, key)
    try:
        return ShipmentMessage(key, content(shipment, order, rule))
    except Rejected as why:
        before = sent.get(key)
        if before is None or (why.code in NO_CARRIER and _numbers(shipment, order) - _known(before)):
            return ShipmentMessage(key, None, why.code, str(why))
        # Magento has the shipment, so a setting about how to send it no longer matters
        return ShipmentMessage(key, _with_numbers(before, _numbers(shipment, order)))


def _numbers(shipment: Shipment, order: str) -> set[str]:
    return set(_tracking(shipment, order))


def _known(before: ShipmentContent) -> set[str]:
    return {track.number for track in before.tracks}


def _undone(shipment: Shipment, key: str) -> ShipmentMessage:
    has_lines = shipment.status in CONFIRMED
    what = "has no such line any more" if has_lines else f"is {shipment.status or 'without status'} again"
    reason = CHANGED.because(
        f"{shipment.title} {what} in Acumatica (it was corrected or voided), and Magento has shipped it. "
        "Confirm it again as it was, or put Magento right by hand and skip this message."
    )
    return ShipmentMessage(key, None, CHANGED, reason)


def content(shipment: Shipment, order: str, rule: ShipmentRule) -> ShipmentContent:
    """Return what is sent of a shipment for one order. Raises `Rejected`."""
    if not order:
        raise Rejected(
            FailureCode.NO_SALES_ORDER,
            f"Acumatica has no order whose drop-shipment {shipment.title} is. Ship it by hand.",
        )
    lines = [line for line in shipment.lines if line.order == order and line.shipped > 0]
    warehouse, source = _source(shipment, lines, rule)
    of_order = shipment.orders.get(order)
    return ShipmentContent(
        mark=f"Acumatica {shipment.title}, order {order}",
        order=order,
        order_date=of_order.date if of_order is not None else None,
        order_branch=of_order.branch if of_order is not None else "",
        reference=_reference(of_order, rule),
        warehouse=warehouse,
        source=source,
        lines=_content_lines(shipment, lines, of_order, rule),
        tracks=_tracks(shipment, order, rule),
    )


def _reference(order: ShippedOrder | None, rule: ShipmentRule) -> str:
    if order is None:
        return ""
    fields = {"order_nbr": order.number, "external_ref": order.external_ref, "customer_order": order.customer_order}
    return increment_id_of(fields[rule.reference], rule.reference_pattern) or ""


def _source(shipment: Shipment, lines: Sequence[ShippedLine], rule: ShipmentRule) -> tuple[str, str]:
    if shipment.kind == "receipt":
        if not rule.dropship_source:
            raise Rejected(
                FailureCode.NO_DROPSHIP_SOURCE,
                "enter the Source of A to M Dropship ShipVia (A2M_DROPSHIP__SOURCE): they are booked on it.",
            )
        return "", rule.dropship_source
    warehouses = sorted({line.warehouse for line in lines})
    sources = sorted({(rule.sources or {}).get(code, rule.default_source) for code in warehouses})
    if len(sources) > 1:
        raise Rejected(
            FailureCode.SEVERAL_SOURCES,
            f"{shipment.title} leaves {', '.join(warehouses)}, which are the Magento sources {', '.join(sources)}; a "
            "Magento shipment has one. Ship it by hand and link it.",
        )
    return ", ".join(warehouses), sources[0]


def _tracking(shipment: Shipment, order: str) -> list[str]:
    """Return the tracking numbers of an order's packages, each once."""
    of_order = (one.number.strip() for one in shipment.packages if not one.orders or order in one.orders)
    return [number for number in dict.fromkeys(of_order) if number]


def _tracks(shipment: Shipment, order: str, rule: ShipmentRule) -> tuple[Track, ...]:
    numbers = _tracking(shipment, order)
    carrier = _carrier(shipment, rule, needed=bool(numbers))
    return tuple(Track(number, carrier.carrier_code, carrier.title) for number in numbers) if carrier else ()


def _carrier(shipment: Shipment, rule: ShipmentRule, *, needed: bool) -> Carrier | None:
    code, setting = shipment.ship_via.strip(), "ShipVia to Magento carrier (A2M_SHIPMENT__SHIP_VIAS)"
    if shipment.kind == "receipt":
        code = rule.dropship_via.strip()
        if not code:
            raise Rejected(
                FailureCode.NO_DROPSHIP_VIA, "enter their code in ShipVia for DropShip (A2M_DROPSHIP__SHIP_VIA)."
            )
    elif not code:
        if needed:
            raise Rejected(
                FailureCode.NO_SHIP_VIA, f"{shipment.title} has tracking numbers and no ShipVia. Enter it in Acumatica."
            )
        return None
    mapped = {name.casefold(): carrier for name, carrier in (rule.ship_vias or {}).items()}
    if code.casefold() not in mapped:
        raise Rejected(FailureCode.UNMAPPED_SHIP_VIA, f"{code} has no Magento carrier. Map it in {setting}.")
    return mapped[code.casefold()]


def _content_lines(
    shipment: Shipment, lines: Sequence[ShippedLine], order: ShippedOrder | None, rule: ShipmentRule
) -> tuple[ContentLine, ...]:
    """Return one line for each order line. Lots, serial numbers and locations are added up; a kit's components become
    whole kits.
    """
    ordered = {line.number: line for line in order.lines} if order is not None else {}
    groups: dict[tuple[int | None, str], list[ShippedLine]] = {}
    for line in lines:
        order_line = ordered.get(line.order_line) if line.order_line is not None else None
        groups.setdefault(
            (line.order_line, order_line.inventory_id if order_line is not None else line.inventory_id), []
        ).append(line)
    result = []
    for (number, inventory_id), group in groups.items():
        order_line = ordered.get(number) if number is not None else None
        of_item = [line for line in group if line.inventory_id == inventory_id]
        if not of_item and order_line is not None:
            of_item = [_whole_kits(shipment, group, order_line)]
        result.append(_content_line(shipment, of_item, order_line, order, rule))
    return tuple(sorted(result, key=lambda one: (one.order_line or 0, one.inventory_id)))


def _whole_kits(shipment: Shipment, components: Sequence[ShippedLine], kit: OrderLine) -> ShippedLine:
    """Return the components of a kit's order line as kits, from each component's share of its ordered quantity."""
    shares = {}
    for code in sorted({line.inventory_id for line in components}):
        group = [line for line in components if line.inventory_id == code]
        ordered = max(line.ordered for line in group)
        shipped = sum((Fraction(line.shipped) for line in group), Fraction(0))
        shares[code] = shipped * Fraction(kit.quantity) / Fraction(ordered) if ordered else Fraction(0)
    kits = set(shares.values())
    if len(kits) > 1 or next(iter(kits)).denominator != 1:
        each = ", ".join(f"{code} for {_percentage(share)}" for code, share in shares.items())
        raise Rejected(
            FailureCode.INCOMPLETE_KIT,
            f"{shipment.title} ships components of {kit.inventory_id}: {each}. Magento ships whole kits only.",
        )
    whole = Decimal(next(iter(kits)).numerator)
    return replace(components[0], inventory_id=kit.inventory_id, uom=kit.uom, shipped=whole)


def _percentage(share: Fraction) -> str:
    return str(share.numerator) if share.denominator == 1 else f"{float(share):.2f}"


def _content_line(
    shipment: Shipment,
    group: Sequence[ShippedLine],
    order_line: OrderLine | None,
    order: ShippedOrder | None,
    rule: ShipmentRule,
) -> ContentLine:
    first = group[0]
    item = shipment.items.get(first.inventory_id)
    if item is None or not item.sku:
        raise Rejected(
            FailureCode.NO_SKU, f"{first.inventory_id} has no SKU by the SKU setting. Enter it in Acumatica."
        )
    same_item = [one for one in order.lines if one.inventory_id == first.inventory_id] if order is not None else []
    unit = item.unit(rule.unit)
    quantity = _quantity(shipment, group, item, unit, rule)
    one_unit = len({line.uom for line in group}) == 1
    return ContentLine(
        order_line=first.order_line,
        inventory_id=first.inventory_id,
        sku=item.sku.strip(),
        quantity=quantity,
        shipped=plain(sum((line.shipped for line in group), Decimal(0))) if one_unit else quantity,
        uom=first.uom if one_unit else unit,
        rank=next((index for index, one in enumerate(same_item) if one is order_line), 0),
        item_ref=order_line.external_ref if order_line is not None else "",
        ordered=_ordered(order_line, item, unit),
        free=order_line is not None and order_line.free,
    )


def _ordered(order_line: OrderLine | None, item: ItemUnits, unit: str) -> Decimal | None:
    """Return the whole quantity of the order line in Magento's unit; None if it is unknown or not a decimal number."""
    if order_line is None:
        return None
    converted = item.converted(order_line.quantity, order_line.uom, unit)
    return None if converted is None else decimal(converted)


def _quantity(
    shipment: Shipment, group: Sequence[ShippedLine], item: ItemUnits, unit: str, rule: ShipmentRule
) -> Decimal:
    total = Fraction(0)
    for line in group:
        part = item.converted(line.shipped, line.uom, unit)
        if part is None:
            raise Rejected(
                FailureCode.NO_CONVERSION,
                f"Acumatica does not say how many {unit} one {line.uom} of {line.inventory_id} is. Enter it there.",
            )
        total += part
    exact = decimal(total)
    if exact is None or (total.denominator != 1 and not rule.decimals):
        amounts = " + ".join(f"{line.shipped:f} {line.uom}" for line in group)
        raise Rejected(
            FailureCode.DOES_NOT_DIVIDE,
            f"{shipment.title} ships {amounts} of {group[0].inventory_id}, which is not a whole number of {unit}, "
            f"the unit that Magento counts in. Ship whole {unit}, or choose another Unit (A2M_ITEMS__UNIT).",
        )
    return exact


def changed(before: ShipmentContent, now: ShipmentContent) -> ShipmentContent:
    """Return the content to send after `before` was sent: the same content with Acumatica's current tracking numbers.

    A changed setting alters nothing of what Magento has. Other changes in Acumatica are reported by `edited`.
    """
    added = tuple(track for track in now.tracks if track.number not in _known(before))
    return _with_numbers(before, {track.number for track in now.tracks}, added)


def edited(before: ShipmentContent, now: ShipmentContent) -> str | None:
    """Return what Acumatica now ships differently from what was sent, which Magento cannot follow; None if nothing."""
    differences = _differences(before, now)
    if not differences:
        return None
    return CHANGED.because(
        f"{now.mark} differs from what was sent to Magento: {'; '.join(differences)}. Magento cannot follow; "
        "its tracking numbers are still sent. Correct it in Magento by hand and skip this message."
    )


def _with_numbers(before: ShipmentContent, numbers: set[str], added: tuple[Track, ...] = ()) -> ShipmentContent:
    """Return what was sent, with Acumatica's current tracking numbers. If Acumatica has none any more, the sent ones
    stay, because nothing replaces them.
    """
    remaining = tuple(track for track in before.tracks if track.number in numbers)
    return replace(before, tracks=remaining + added) if remaining or added else before


def _differences(before: ShipmentContent, now: ShipmentContent) -> list[str]:
    was, is_now = _shipped(before), _shipped(now)
    differences = [
        f"line {index[0] or '?'} {index[1]}: {was.get(index, 'nothing')} was sent, now {is_now.get(index, 'nothing')}"
        for index in sorted({*was, *is_now}, key=lambda index: (index[0] or 0, index[1]))
        if was.get(index) != is_now.get(index)
    ]
    if before.warehouse != now.warehouse:
        differences.append(f"from {before.warehouse} when it was sent, now from {now.warehouse}")
    return differences


def _shipped(content: ShipmentContent) -> dict[tuple[int | None, str], str]:
    return {(line.order_line, line.inventory_id): f"{plain(line.shipped):f} {line.uom}" for line in content.lines}
