"""Packages in a change, and a shipment's packages after a change."""

from dataclasses import replace
from typing import Any

from sandbox.acumatica.document_types import Content, Package, Shipment
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import settable
from sandbox.acumatica.given import Given, known, quantity_of
from sandbox.acumatica.shipments import PACKAGE_PRESET
from sandbox.acumatica.values import QUANTITY_PLACES, scaled

PACKAGE_NAMES = "box tracking weight confirmed contents fields"
PACKAGE_FIELDS = {
    **{name: name for name in ("box", "tracking", "confirmed", "contents")},
    "weight": "weight4",
    "fields": "extra",
}
CONTENT_NAMES = "line quantity inventory_id"


def package_of(documents: Documents, shipment: Shipment, given: Given) -> Package:
    """Return the package of a change, numbered after the others. Raises `ValueError` for a wrong value."""
    known(given, PACKAGE_NAMES, "a package")
    number = max((one.number for one in shipment.packages), default=0) + 1
    return Package(
        number=number,
        box=str(given.get("box") or "MEDIUM"),
        tracking=str(given.get("tracking") or ""),
        weight4=scaled(given.get("weight", 0), QUANTITY_PLACES, "weight"),
        note_id=documents.state.guid(),
        confirmed=bool(given.get("confirmed", True)),
        contents=[_content(shipment, one) for one in given.get("contents", ())],
        extra=settable(PACKAGE_PRESET, dict(given.get("fields") or {}), "a package"),
    )


def _content(shipment: Shipment, given: Given) -> Content:
    """Find the line by its position in the shipment (from 1), and the component's id if the line is a kit."""
    known(given, CONTENT_NAMES, "the content of a package")
    place = int(given["line"])
    if not 0 < place <= len(shipment.lines):
        raise ValueError(f"there is no line {place} to pack.")
    line = shipment.lines[place - 1]
    wished = str(given.get("inventory_id") or line.splits[0].item.inventory_id)
    split = next((one for one in line.splits if one.item.inventory_id == wished), None)
    if split is None:
        raise ValueError(f"The line {given['line']} holds no {wished!r}.")
    quantity4 = quantity_of(given) if "quantity" in given else split.quantity4
    return Content(split.number, split.item, quantity4, split.uom, split.lot, line.order)


def packages_after(documents: Documents, shipment: Shipment, given: Any) -> list[Package]:
    """Return the packages after the changes.

    If no entry is numbered, the list replaces all packages, and a package keeps its position and id. If `package`
    numbers an entry, that package is changed or removed, other entries are added, and the remaining packages stay.
    """
    wished = [dict(one) for one in given]
    found = {one.number: one for one in shipment.packages}
    if all(one.get("package") is None for one in wished):
        found = dict(list(found.items())[: len(wished)])
        for one, number in zip(wished, found, strict=False):
            one |= {"tracking": "", **one, "package": number}
    for one in wished:
        _set_package(documents, shipment, found, one)
    return list(found.values())


def _set_package(documents: Documents, shipment: Shipment, found: dict[int, Package], given: Given) -> None:
    known(given, f"package remove {PACKAGE_NAMES}", "a package")
    named = {name: given[name] for name in PACKAGE_NAMES.split() if name in given}
    if given.get("package") is None:
        number = max(found, default=0) + 1
        found[number] = replace(package_of(documents, shipment, named), number=number)
        return
    number = int(given["package"])
    if number not in found:
        raise ValueError(f"The shipment {shipment.number} has no package {number}.")
    if given.get("remove"):
        del found[number]
        return
    new = package_of(documents, shipment, named)
    fields = {PACKAGE_FIELDS[name]: getattr(new, PACKAGE_FIELDS[name]) for name in named}
    found[number] = replace(found[number], **fields)
