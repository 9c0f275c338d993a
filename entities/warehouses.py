"""Check that Acumatica has the warehouses and the branch that the settings name.

A mistyped warehouse would set everything to 0; as the key of a map it would send its stock to the default source. And
Acumatica logs a user in even with a branch that does not exist. Input: the names in the read plan. Output: nothing, or
`ConfigurationConflict`. The in-transit warehouse is in no list of Acumatica's forms, so it is refused here too (spec,
*Inventory Sync Preferences*).
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
        existing = await setup.warehouses(context.acumatica)
    except NoRights as fault:
        context.remarks.waits.append(f"Whether the warehouses exist could not be checked: {fault}")
        return
    missing = not_among(context.read.warehouses, existing)
    if missing:
        raise ConfigurationConflict(
            f"Acumatica has no warehouse {', '.join(missing)}; it has {', '.join(sorted(existing))}. "
            "Correct Inventory Sync Preferences (the in-transit warehouse cannot be chosen)."
        )
    missing = not_among(context.read.mapped, existing)
    if missing:
        raise ConfigurationConflict(
            f"Acumatica has no warehouse {', '.join(missing)}; it has {', '.join(sorted(existing))}. "
            "Correct A2M_INVENTORY__SOURCES: what it maps would go to the default source."
        )


async def refuse_unknown_branch(context: RunContext[Any]) -> None:
    """Raise `ConfigurationConflict` if the branch to log in to does not exist. Without a named branch
    nothing is read.
    """
    branch = context.acumatica.access.branch
    if not branch:
        return
    try:
        missing = await missing_branch(context.acumatica, branch)
    except (NoRights, RequestRefused) as fault:  # a custom endpoint may lack CompaniesStructure
        context.remarks.add(f"Whether the branch {branch} exists could not be checked: {fault}")
        return
    if missing is not None:
        raise ConfigurationConflict(missing)


async def missing_branch(session: AcumaticaSession, branch: str) -> str | None:
    """Return a message if Acumatica has no such branch in any letter case; None if it has."""
    existing = {row.branch for row in await setup.branches(session)}
    if branch.strip().casefold() in {name.casefold() for name in existing}:
        return None
    return (
        f"Acumatica has no branch {branch}; it has {', '.join(sorted(existing))}. It logs in all the same, and works "
        "in the user's own branch. Correct A2M_ACUMATICA__BRANCH, or leave it empty."
    )
