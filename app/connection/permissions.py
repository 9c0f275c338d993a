"""Test Connection, permissions: try every permission that an active entity needs, without writing anything (ADR 0029).

The result is one check for each entity. An entity's package lists the routes that it calls (`routes.py`);
`connector.magento.permissions` knows how to try each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from connector.magento import permissions, queries
from connector.magento.client import MagentoClient
from connector.magento.errors import MagentoFault, NoSuchRoute, Unauthorized
from connector.magento.permissions import Need, When
from entities.base import Entity
from entities.checks import Check, PlannedCheck
from settings import Settings

HOW_TO_GIVE = "Grant it in System, Integrations, API, and reauthorize the integration if Magento asks for it."
NOT_ADDED_BACK = (
    "open web orders cannot be read, so what Magento reserves of them is not added back to the quantities of "
    "Acumatica, and the shop offers less than there is"
)


def permission_checks(client: MagentoClient, settings: Settings, active: Sequence[Entity[Any]]) -> list[PlannedCheck]:
    """Return one check for each active entity."""
    answers: dict[Need, MagentoFault | None] = {}
    return [
        PlannedCheck(name_of(entity.name), partial(_entity, client, entity, entity.conditions(settings), answers))
        for entity in active
    ]


def name_of(entity: str) -> str:
    """Return what the check of an entity's permissions is called."""
    return f"Permissions of {entity}"


async def _entity(
    client: MagentoClient, entity: Entity[Any], switched_on: frozenset[When], answers: dict[Need, MagentoFault | None]
) -> Check:
    try:
        msi = queries.has_msi(await queries.modules(client))
    except MagentoFault:
        return Check(name_of(entity.name), "could not be checked", "the modules are not known")
    conditions = {"", "msi" if msi else "no msi", *switched_on}
    needs = [need for need in entity.routes if need.when in conditions]
    for need in needs:
        if need.tried and need not in answers:
            answers[need] = await _answer(client, need)
    faults = {need: answers[need] for need in needs if answers.get(need) is not None}
    missing = [need for need, fault in faults.items() if isinstance(fault, Unauthorized)]
    if missing:
        return Check(name_of(entity.name), "failed", _missing(missing, needs))
    if faults:
        need, fault = next(iter(faults.items()))
        return Check(name_of(entity.name), "could not be checked", f"{need.why}: {fault}")
    given = sorted({need.resource for need in needs})
    return Check(name_of(entity.name), "passed", f"the integration has all {len(given)} permissions that it needs")


async def _answer(client: MagentoClient, need: Need) -> MagentoFault | None:
    try:
        await permissions.try_out(client, need)
    except NoSuchRoute:
        return None  # its module is off, which other checks report
    except MagentoFault as fault:
        return fault
    return None


def _missing(missing: Sequence[Need], needs: Sequence[Need]) -> str:
    """Return a message that lists each missing permission once, with what it is needed for."""
    parts = []
    for resource in dict.fromkeys(need.resource for need in missing):
        uses = ", ".join(dict.fromkeys(need.why for need in needs if need.resource == resource))
        without = (
            NOT_ADDED_BACK
            if any(need.when == "open orders" for need in missing if need.resource == resource)
            else f"needed for: {uses}"
        )
        parts.append(f"{permissions.named(resource)}; {without}")
    return f"The integration lacks {'. It lacks '.join(parts)}. {HOW_TO_GIVE}"
