"""Whether Acumatica has the warehouses that the settings name: a mistyped one would show everything as 0.

Comes in: the names in the read rule. Goes out: nothing, or `NotPossible`. The in-transit warehouse is in no list of
Acumatica's forms, so it is refused here too (spec, *Inventory Sync Preferences*).
"""

from __future__ import annotations

from connector.acumatica import setup
from connector.acumatica.errors import NoRights
from tasks.shop import NotPossible
from tasks.work import Work


async def refuse_unknown_warehouses(work: Work) -> None:
    """Raise `NotPossible` for a warehouse that Acumatica's form Warehouses does not have."""
    try:
        found = await setup.warehouses(work.acumatica)
    except NoRights as fault:
        work.report.waits.append(f"Whether the warehouses exist could not be checked: {fault}")
        return
    missing = [name for name in work.read.warehouses if name not in found]
    if missing:
        raise NotPossible(
            f"Acumatica has no warehouse {', '.join(missing)}; it has {', '.join(sorted(found))}. "
            "Correct Inventory Sync Preferences (the in-transit warehouse cannot be chosen)."
        )
