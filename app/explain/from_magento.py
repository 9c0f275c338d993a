"""The part of explain that queries Magento, on request: what it shows for one record at this moment. It only reads."""

from __future__ import annotations

from typing import Any

from app.clients import magento_access
from app.record_keys import resolve_keys
from connector.clock import SystemClock
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key
from connector.state.engine import State
from connector.state.queue import messages
from connector.state.sync import ledger, links, records
from entities.explained import Known, Line
from entities.registry import ENTITIES
from settings import Settings


async def explain_now(settings: Settings, state: State, entity: str, typed: str) -> list[Line]:
    """Return lines of (what, text) about what Magento shows now, or that it has no such record.

    `typed` is a key in any spelling. Raises `MagentoFault`.
    """
    known = _known(settings, state, entity, typed)
    async with MagentoClient(magento_access(settings), clock=SystemClock()) as client:
        return await ENTITIES[entity].explain_now(client, settings, known)


def _known(settings: Settings, state: State, entity: str, typed: str) -> Known:
    keys = resolve_keys(state, settings, entity, typed)
    with state.read() as connection:
        stored = list(records.read(connection, entity, keys).values())
        queued = messages.of_records(connection, entity, keys)
        confirmed = ledger.of_records(connection, entity, keys, [])
        linked = links.of_records(connection, entity, keys)
    items: list[Any] = [row.record.facts for row in stored if row.record.facts is not None]
    with_sku: list[Any] = [*items, *queued, *confirmed.values()]
    skus = [str(row.sku) for row in with_sku if row.sku]
    documents = [row.record.document for row in stored if row.record.document is not None]
    by_key = {comparison_key(sku): sku for sku in reversed(skus or [typed.strip()])}
    return Known(typed, sorted(by_key.values()), documents, list(linked.values()))
