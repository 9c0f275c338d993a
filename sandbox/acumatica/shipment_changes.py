"""Changes of shipments, made on the shipment's form: each updates the shipment's timestamp.

Open → Confirmed → (invoice prepared) Invoiced → (invoice released) Completed; a correction reopens a confirmed one. An
open shipment takes its goods from what is available for shipping, a confirmed one from what is on hand.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.acumatica import sums
from sandbox.acumatica.document_types import Order, OrderLine, Package, Shipment, ShipmentLine, Split
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import settable
from sandbox.acumatica.given import Given, day_of, item_of, known, moment_of, quantity_of, site_of
from sandbox.acumatica.item_types import Site
from sandbox.acumatica.moves import moving
from sandbox.acumatica.order_changes import order_of, party
from sandbox.acumatica.package_changes import PACKAGE_NAMES, package_of, packages_after
from sandbox.acumatica.shipments import PRESET
from sandbox.acumatica.state import LOCATION
from sandbox.acumatica.values import MONEY_PLACES, QUANTITY_PLACES, plain, scaled, stamped

NAMES = (
    "shipment_nbr orders lines warehouse to_warehouse date ship_via type operation packages freight ship_to hold "
    "confirm posted created modified fields custom archived"
)
LINE_NAMES = "order_type order_nbr line_nbr quantity uom warehouse location lot expiration allocations"
SPLIT_NAMES = "inventory_id quantity uom location lot expiration"
NO_GOODS = ("QT", "BL", "CM", "RC", "CR", "IN", "MO")


def shipment_of(documents: Documents, given: Any) -> Shipment:
    """Return the shipment that a change names, by `shipment_nbr` or as the whole change."""
    shipment: Shipment = documents.shipments.get(given["shipment_nbr"] if isinstance(given, Mapping) else given)
    return shipment


def _made(shipment: Shipment) -> dict[str, Any]:
    return {"shipment_nbr": shipment.number, "id": shipment.note_id, "status": shipment.status}


def _add_shipment(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, NAMES, "a shipment")
    state, moment = documents.state, moment_of(documents.state, given)
    site = site_of(state, given["warehouse"]) if given.get("warehouse") else None
    plans = _plans(documents, given, site)
    if not plans:
        raise ValueError("there is nothing left to ship.")
    number = str(given.get("shipment_nbr") or "") or documents.next_number("shipment", documents.shipments.has)
    first = plans[0][0]
    shipment = Shipment(
        number=number,
        customer=first.customer,
        site=site or _site_of(plans[0][1], documents),
        day=day_of(given, "date") or documents.today(),
        note_id=state.guid(),
        created=moment_of(state, given, "created") if "created" in given else moment,
        modified=moment,
        ship_to=party(given["ship_to"], first.ship_to) if "ship_to" in given else first.ship_to,
        type=str(given.get("type") or "Shipment"),
        operation=str(given.get("operation") or plans[0][1].operation),
        status="On Hold" if given.get("hold") else "Open",
        to_site=site_of(state, given["to_warehouse"]) if given.get("to_warehouse") else None,
        ship_via=str(given.get("ship_via", first.ship_via) or ""),
        freight4=scaled(given.get("freight", 0), MONEY_PLACES, "freight"),
        archived=bool(given.get("archived", False)),
        extra=settable(PRESET, dict(given.get("fields") or {}), "a shipment"),
        custom=dict(given.get("custom") or {}),
    )
    if documents.shipments.has(number):
        raise ValueError(f"The shipment {number} is there already.")
    if any(order.customer is not first.customer for order, _, _ in plans):
        raise ValueError("a shipment is for orders of one customer.")
    for order, line, one in plans:
        shipment.lines.append(_line(documents, shipment, order, line, one))
    for one in given.get("packages", ()):
        shipment.packages.append(package_of(documents, shipment, one))
    with moving(documents, shipment.orders, moment):
        for order in shipment.orders:
            order.shipments.append(shipment)
        documents.shipments.add(shipment)
    return _confirm(documents, shipment, moment, given) if given.get("confirm") else _made(shipment)


Plan = tuple[Order, OrderLine, Given]


def _plans(documents: Documents, given: Given, site: Site | None) -> list[Plan]:
    """Return the lines to ship: the named ones, and the open ones of the named orders (in the warehouse, if one is
    named).
    """
    found: list[Plan] = []
    for one in given.get("lines", ()):
        known(one, LINE_NAMES, "a line of a shipment")
        order = order_of(documents, one)
        found.append((order, _order_line(order, int(one["line_nbr"])), one))
    for one in given.get("orders", ()):
        order = order_of(documents, one)
        found += [(order, line, {}) for line in order.lines if _is_open(order, line, site)]
    for order, line, _ in found:
        if order.type in NO_GOODS and given.get("operation") != "Receipt" and line.operation != "Receipt":
            raise ValueError(f"Orders of type {order.type} are not shipped.")
        if line.drop_ship:
            raise ValueError(f"The line {line.number} of {order.number} is shipped by the vendor.")
    return found


def _order_line(order: Order, number: int) -> OrderLine:
    found = next((line for line in order.lines if line.number == number), None)
    if found is None:
        raise ValueError(f"The order {order.type} {order.number} has no line {number}.")
    return found


def _left(order: Order, line: OrderLine) -> int:
    return max(abs(line.quantity4) - sums.shipped(order, line), 0)


def _is_open(order: Order, line: OrderLine, site: Site | None) -> bool:
    ships = sums.needs_shipping(line) and not line.drop_ship and not line.completed
    return ships and (site is None or line.site in (None, site)) and _left(order, line) > 0


def _site_of(line: OrderLine, documents: Documents) -> Site:
    return line.site or site_of(documents.state, "MAIN")


def _line(documents: Documents, shipment: Shipment, order: Order, line: OrderLine, given: Given) -> ShipmentLine:
    uom = str(given.get("uom") or line.uom)
    quantity4 = quantity_of(given) if "quantity" in given else _left(order, line)
    sums.base_quantity(line.item, quantity4, uom)
    site = site_of(documents.state, given["warehouse"]) if given.get("warehouse") else shipment.site
    shipment.counter += 1
    found = ShipmentLine(
        number=shipment.counter,
        order=order,
        order_line=line,
        item=line.item,
        quantity4=quantity4,
        uom=uom,
        ordered4=_left(order, line),
        site=site,
        note_id=documents.state.guid(),
    )
    found.splits = [_split(documents, shipment, found, one) for one in given.get("allocations") or [_whole(given)]]
    places, lots = {one.location for one in found.splits}, {one.lot for one in found.splits}
    found.location = places.pop() if len(places) == 1 else ""
    found.lot = lots.pop() if len(lots) == 1 else ""
    return found


def _whole(given: Given) -> Given:
    return {name: given[name] for name in ("location", "lot", "expiration") if name in given}


def _split(documents: Documents, shipment: Shipment, line: ShipmentLine, given: Given) -> Split:
    known(given, SPLIT_NAMES, "an allocation")
    item = item_of(documents.state, given) if "inventory_id" in given else line.item
    uom = str(given.get("uom") or (line.uom if item is line.item else item.base_uom))
    quantity4 = quantity_of(given) if "quantity" in given else line.quantity4
    sums.base_quantity(item, quantity4, uom)
    shipment.counter += 1
    place, lot = str(given.get("location") or LOCATION), str(given.get("lot") or "")
    return Split(shipment.counter, item, quantity4, uom, place, lot, day_of(given, "expiration"))


def _confirm_shipment(documents: Documents, given: Any) -> dict[str, Any]:
    shipment = shipment_of(documents, given)
    if shipment.status not in ("Open", "On Hold"):
        raise ValueError(f"The shipment {shipment.number} is {shipment.status}.")
    return _confirm(documents, shipment, _moment(documents, given), given)


def _moment(documents: Documents, given: Any) -> datetime:
    return moment_of(documents.state, given if isinstance(given, Mapping) else {})


def _confirm(documents: Documents, shipment: Shipment, moment: datetime, given: Any) -> dict[str, Any]:
    """Confirm. The goods leave the quantity on hand at once, or at `post_shipment` if `posted` is false."""
    with moving(documents, shipment.orders, moment):
        shipment.status, shipment.modified = "Confirmed", moment
        shipment.posted = bool(given.get("posted", True)) if isinstance(given, Mapping) else True
        shipment.package_count = len(shipment.packages)
    return _made(shipment)


def _post_shipment(documents: Documents, given: Any) -> dict[str, Any]:
    """Post a confirmed shipment to the stock (Update IN)."""
    shipment, moment = shipment_of(documents, given), _moment(documents, given)
    if not shipment.confirmed or shipment.posted:
        raise ValueError(f"The shipment {shipment.number} is {shipment.status}, or posted already.")
    with moving(documents, shipment.orders, moment):
        shipment.posted, shipment.modified = True, moment
        shipment.issue = documents.next_number("issue", lambda text: False)
    return _made(shipment) | {"issue": shipment.issue}


def _correct_shipment(documents: Documents, given: Any) -> dict[str, Any]:
    shipment, moment = shipment_of(documents, given), _moment(documents, given)
    if shipment.status != "Confirmed":
        raise ValueError(f"The shipment {shipment.number} is {shipment.status}, not Confirmed.")
    with moving(documents, shipment.orders, moment):
        shipment.status, shipment.modified, shipment.issue = "Open", moment, ""
    return _made(shipment)


def _set_shipment(documents: Documents, given: Given) -> dict[str, Any]:
    """Change a shipment: its ShipVia, date, address and packages; while it is open, also the quantities of
    its lines.
    """
    known(
        given, "shipment_nbr ship_via date ship_to freight lines packages modified fields custom archived", "a shipment"
    )
    shipment, moment = shipment_of(documents, given), moment_of(documents.state, given)
    if "lines" in given and shipment.confirmed:
        raise ValueError(f"The shipment {shipment.number} is {shipment.status}.")
    lines = [(_shipment_line(shipment, int(one["line_nbr"])), quantity_of(one)) for one in given.get("lines", ())]
    extra = shipment.extra | settable(PRESET, dict(given.get("fields") or {}), "a shipment")
    freight = scaled(given["freight"], MONEY_PLACES, "freight") if "freight" in given else shipment.freight4
    ship_to = party(given["ship_to"], shipment.ship_to) if "ship_to" in given else shipment.ship_to
    day = day_of(given, "date") or shipment.day
    packages = packages_after(documents, shipment, given["packages"]) if "packages" in given else shipment.packages
    with moving(documents, shipment.orders, moment):
        for line, quantity4 in lines:
            line.quantity4, line.splits[0].quantity4 = quantity4, quantity4
        shipment.extra, shipment.freight4, shipment.ship_to, shipment.day = extra, freight, ship_to, day
        shipment.ship_via = str(given.get("ship_via", shipment.ship_via) or "")
        shipment.custom = dict(given.get("custom", shipment.custom))
        shipment.archived = bool(given.get("archived", shipment.archived))
        if packages is not shipment.packages:
            shipment.packages, shipment.package_count = packages, len(packages)
        shipment.modified = moment
    return _made(shipment)


def _shipment_line(shipment: Shipment, number: int) -> ShipmentLine:
    found = next((line for line in shipment.lines if line.number == number), None)
    if found is None or len(found.splits) != 1:
        raise ValueError(f"The shipment {shipment.number} has no line {number} of one allocation.")
    return found


def _add_tracking(documents: Documents, given: Given) -> dict[str, Any]:
    """Set the tracking number of a package, or add a package with it. The order's timestamp does not change."""
    known(given, f"shipment_nbr package modified {PACKAGE_NAMES}", "a tracking number")
    shipment, moment = shipment_of(documents, given), moment_of(documents.state, given)
    if given.get("package") is None:
        names = PACKAGE_NAMES.split()
        package = package_of(documents, shipment, {name: given[name] for name in names if name in given})
        shipment.packages.append(package)
    else:
        package = _package_of(shipment, int(given["package"]))
        package.tracking = str(given["tracking"] or "")
    shipment.modified, shipment.package_count = moment, len(shipment.packages)
    documents.state.changed()
    return _made(shipment) | {"package": package.number}


def _package_of(shipment: Shipment, number: int) -> Package:
    found = next((one for one in shipment.packages if one.number == number), None)
    if found is None:
        raise ValueError(f"The shipment {shipment.number} has no package {number}.")
    return found


def _cancel_shipment(documents: Documents, given: Any) -> dict[str, Any]:
    shipment, moment = shipment_of(documents, given), _moment(documents, given)
    if shipment.status not in ("Open", "On Hold"):
        raise ValueError(f"The shipment {shipment.number} is {shipment.status}; correct it first.")
    with moving(documents, shipment.orders, moment):
        shipment.status, shipment.modified = "Canceled", moment
    return _made(shipment)


def _remove_shipment(documents: Documents, given: Any) -> dict[str, Any]:
    shipment, moment = shipment_of(documents, given), stamped(documents.state.now())
    if shipment.confirmed:
        raise ValueError(f"The shipment {shipment.number} is {shipment.status}; correct it first.")
    with moving(documents, shipment.orders, moment):
        for order in shipment.orders:
            order.shipments.remove(shipment)
        documents.shipments.remove(shipment, moment)
    return {"shipment_nbr": shipment.number, "quantity": plain(sums.shipped_quantity(shipment), QUANTITY_PLACES)}


SHIPMENT_CHANGES: dict[str, Callable[[Documents, Any], dict[str, Any]]] = {
    "add_shipment": _add_shipment,
    "set_shipment": _set_shipment,
    "confirm_shipment": _confirm_shipment,
    "post_shipment": _post_shipment,
    "correct_shipment": _correct_shipment,
    "cancel_shipment": _cancel_shipment,
    "remove_shipment": _remove_shipment,
    "add_tracking": _add_tracking,
}
