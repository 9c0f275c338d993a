"""Whether Acumatica has the warehouses and the branch that the settings name: a mistyped warehouse would show
everything as 0, as the key of a map it would send its stock to the default source, and Acumatica lets a user in with a
branch that it does not have.

Input: the names in the read rule. Output: nothing, or `ConfigurationConflict`. The in-transit warehouse is in no
list of Acumatica's forms, so it is refused here too (spec, *Inventory Sync Preferences*).
"""

from __future__ import annotations

from typing import Any

from connector.acumatica import setup
from connector.acumatica.errors import NoRights, RequestRefused
from connector.acumatica.session import AcumaticaSession
from entities.base import RunContext
from entities.checks import not_among
from entities.shop import ConfigurationConflict


async def refuse_unknown_warehouses(context: RunContext[Any]) -> None:
    """Raise `ConfigurationConflict` for a warehouse that Acumatica's form Warehouses does not have."""
    if not (context.read.warehouses or context.read.mapped):
        return
    try:
        found = await setup.warehouses(context.acumatica)
    except NoRights as fault:
        context.remarks.waits.append(f"Whether the warehouses exist could not be checked: {fault}")
        return
    missing = not_among(context.read.warehouses, found)
    if missing:
        raise ConfigurationConflict(
            f"Acumatica has no warehouse {', '.join(missing)}; it has {', '.join(sorted(found))}. "
            "Correct Inventory Sync Preferences (the in-transit warehouse cannot be chosen)."
        )
    missing = not_among(context.read.mapped, found)
    if missing:
        raise ConfigurationConflict(
            f"Acumatica has no warehouse {', '.join(missing)}; it has {', '.join(sorted(found))}. "
            "Correct A2M_INVENTORY__SOURCES: what it maps would go to the default source."
        )


async def refuse_unknown_branch(context: RunContext[Any]) -> None:
    """Raise `ConfigurationConflict` where the branch to log in to does not exist; nothing is asked where none is
    named.
    """
    branch = context.acumatica.access.branch
    if not branch:
        return
    try:
        missing = await missing_branch(context.acumatica, branch)
    except (NoRights, RequestRefused) as fault:  # an endpoint of the tenant's own may lack CompaniesStructure
        context.remarks.add(f"Whether the branch {branch} exists could not be checked: {fault}")
        return
    if missing is not None:
        raise ConfigurationConflict(missing)


async def missing_branch(session: AcumaticaSession, branch: str) -> str | None:
    """Return what to say where Acumatica has no such branch; `None` where it has it, in any letter case."""
    found = {one.branch for one in await setup.branches(session)}
    if branch.strip().casefold() in {one.casefold() for one in found}:
        return None
    return (
        f"Acumatica has no branch {branch}; it has {', '.join(sorted(found))}. It logs in all the same, and works in "
        "the user's own branch. Correct A2M_ACUMATICA__BRANCH, or leave it empty."
    )
