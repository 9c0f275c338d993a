"""What Magento shows at this moment for one record: the part of `explain` that asks, on demand.

Input: an entity and a key as somebody types it. Output: lines of (what, text). Reads only. Raises a
`MagentoFault`.
"""

from __future__ import annotations

from typing import Any

from app.clients import magento_access
from app.record_keys import keys_of
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
    """Return what Magento shows now, or that it has nothing of the kind."""
    known = _known(settings, state, entity, typed)
    async with MagentoClient(magento_access(settings), clock=SystemClock()) as client:
        return await ENTITIES[entity].explain_now(client, settings, known)


def _known(settings: Settings, state: State, entity: str, typed: str) -> Known:
    keys = keys_of(state, settings, entity, typed)
    with state.read() as connection:
        stored = list(records.read(connection, entity, keys).values())
        queued = messages.of_records(connection, entity, keys)
        confirmed = ledger.of_records(connection, entity, keys, [])
        linked = links.of_records(connection, entity, keys)
    of_items: list[Any] = [one.record.facts for one in stored if one.record.facts is not None]
    of_messages: list[Any] = [*queued, *confirmed.values()]
    skus = [str(one.sku) for one in (*of_items, *of_messages) if one.sku]
    documents = [one.record.document for one in stored if one.record.document is not None]
    by_key = {comparison_key(sku): sku for sku in reversed(skus or [typed.strip()])}
    return Known(typed, sorted(by_key.values()), documents, list(linked.values()))
