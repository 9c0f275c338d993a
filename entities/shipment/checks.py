"""Test Connection for shipments: whether everything that the settings of shipments and drop-shipments name exists.

Input: both systems and the rule from the settings. Output: the checks to run. Nothing is written in either system.
"""

from __future__ import annotations

from functools import partial

from connector.acumatica import setup
from connector.acumatica.session import AcumaticaSession
from connector.magento import queries
from connector.magento.client import MagentoClient
from entities.checks import Check, PlannedCheck
from entities.shipment.types import ShipmentRule

SHIP_VIAS, DROP_SHIP, SOURCES = "ShipVias of shipments", "Drop-shipments", "Sources of shipments"


def shipments_in_acumatica(session: AcumaticaSession, rule: ShipmentRule) -> list[PlannedCheck]:
    """Return the check of the ShipVias in the map and of the one for drop-shipments."""
    return [PlannedCheck(SHIP_VIAS, partial(_ship_vias, session, rule))]


def shipments_in_magento(client: MagentoClient, rule: ShipmentRule) -> list[PlannedCheck]:
    """Return the check of the sources that shipments are booked on."""
    return [PlannedCheck(SOURCES, partial(_sources, client, rule))]


async def _ship_vias(session: AcumaticaSession, rule: ShipmentRule) -> Check:
    named = sorted({*(rule.ship_vias or {}), rule.dropship_via} - {""})
    existing = await setup.ship_vias(session)
    known = {one.casefold() for one in existing}
    missing = [one for one in named if one.casefold() not in known]
    if missing:
        message = (
            f"Acumatica has no ShipVia {', '.join(missing)}; it has {', '.join(sorted(existing))}. "
            "Correct A2M_SHIPMENT__SHIP_VIAS and A2M_DROPSHIP__SHIP_VIA."
        )
        return Check(SHIP_VIAS, "failed", message)
    if not named:
        message = "none is mapped: a shipment with a ShipVia fails. Map them in A2M_SHIPMENT__SHIP_VIAS."
        return Check(SHIP_VIAS, "failed", message)
    return Check(SHIP_VIAS, "passed", ", ".join(named))


def drop_shipments(rule: ShipmentRule) -> Check:
    """Check that both settings of drop-shipments are set or neither. Without them only drop-shipments fail. No system
    is called.
    """
    if not rule.dropship_via and not rule.dropship_source:
        return Check(DROP_SHIP, "passed", "none are configured; if one arrives, it fails and says so")
    if not rule.dropship_via or not rule.dropship_source:
        name = "A2M_DROPSHIP__SOURCE" if rule.dropship_via else "A2M_DROPSHIP__SHIP_VIA"
        return Check(DROP_SHIP, "failed", f"{name} is missing: drop-shipments fail. Enter it.")
    if rule.dropship_via.casefold() not in {code.casefold() for code in rule.ship_vias or {}}:
        message = f"{rule.dropship_via} has no Magento carrier: drop-shipments fail. Map it in A2M_SHIPMENT__SHIP_VIAS."
        return Check(DROP_SHIP, "failed", message)
    return Check(DROP_SHIP, "passed", f"{rule.dropship_via}, booked on {rule.dropship_source}")


async def _sources(client: MagentoClient, rule: ShipmentRule) -> Check:
    if not queries.has_msi(await queries.modules(client)):
        return Check(SOURCES, "passed", "Magento keeps no sources (MSI is off): none is sent")
    named = sorted({*(rule.sources or {}).values(), rule.default_source, rule.dropship_source} - {""})
    existing = {source.source_code.casefold() for source in await queries.sources(client)}
    missing = [one for one in named if one.casefold() not in existing]
    if missing:
        message = f"Magento has no source {', '.join(missing)}; it has {', '.join(sorted(existing))}. Create or map it."
        return Check(SOURCES, "failed", message)
    return Check(SOURCES, "passed", ", ".join(named))
