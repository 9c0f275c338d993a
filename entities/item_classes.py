"""Check that Acumatica has the item classes that the settings name: a mistyped class would set all its items to 0.

Input: the item rule. Output: nothing, or `ConfigurationConflict`.
"""

from __future__ import annotations

from typing import Any

from connector.acumatica import setup
from connector.acumatica.errors import NoRights, RequestRefused
from entities.base import RunContext
from entities.checks import not_among
from entities.shop import ConfigurationConflict


async def refuse_unknown_item_classes(context: RunContext[Any]) -> None:
    """Raise `ConfigurationConflict` for an item class that Acumatica does not have. Without named classes nothing is
    read.
    """
    chosen = sorted(context.items.classes)
    if not chosen:
        return
    try:
        existing = await setup.names_of(context.acumatica, "ItemClass", "ClassID")
    except (NoRights, RequestRefused) as fault:  # a custom endpoint may lack ItemClass
        context.remarks.add(f"Whether the item classes exist could not be checked: {fault}")
        return
    missing = not_among(chosen, existing, any_case=True)
    if missing:
        raise ConfigurationConflict(
            f"Acumatica has no item class {', '.join(missing)}; it has {', '.join(existing)}. "
            "Correct Classes (A2M_ITEMS__CLASSES): items of no chosen class go to 0, and their prices are not sent."
        )
