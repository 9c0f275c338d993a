"""Test Connection for items: the item classes and the alternate id of the SKU that the settings name.

Nothing is written in either system.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from connector.acumatica import setup
from connector.acumatica.session import AcumaticaSession
from entities.checks import Check, PlannedCheck, not_among

ITEM_CLASSES, ALTERNATE = "Item classes", "Alternate id of the SKU"
ITEMS_SAMPLED = 500


def items_in_acumatica(session: AcumaticaSession, classes: Sequence[str], alternate_type: str) -> list[PlannedCheck]:
    """Return the checks of the item classes, and of the type of the alternate id that is the SKU."""
    planned = [PlannedCheck(ITEM_CLASSES, partial(_classes, session, classes))] if classes else []
    return (
        [*planned, PlannedCheck(ALTERNATE, partial(_alternate, session, alternate_type))] if alternate_type else planned
    )


async def _classes(session: AcumaticaSession, classes: Sequence[str]) -> Check:
    existing = await setup.names_of(session, "ItemClass", "ClassID")
    missing = not_among(classes, existing, any_case=True)
    if missing:
        message = f"Acumatica has no item class {', '.join(missing)}; it has {', '.join(existing)}."
        return Check(ITEM_CLASSES, "failed", f"{message} No item of it is sent. Correct A2M_ITEMS__CLASSES.")
    return Check(ITEM_CLASSES, "passed", ", ".join(classes))


async def _alternate(session: AcumaticaSession, wanted: str) -> Check:
    """Check the type. Acumatica's API has no list of these types: one is known to exist if some item has an
    id of it.
    """
    existing = await setup.alternate_types(session, ITEMS_SAMPLED)
    if not not_among([wanted], existing):
        return Check(ALTERNATE, "passed", f"{wanted}: there are items that have one")
    known = ", ".join(sorted(existing)) or "none of any type"
    message = (
        f"of the first {ITEMS_SAMPLED} stock items none has an alternate id of the type {wanted}; they have {known}. "
        "An item without one is not sent. See A2M_ITEMS__SKU."
    )
    return Check(ALTERNATE, "could not be checked", message)
