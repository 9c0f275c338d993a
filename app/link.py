"""A person's link: a document was made in Magento by hand, and is not made a second time.

Both sides are asked before anything is stored, because a link that names nothing is never noticed: its document counts
as sent for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.clients import magento_access, operator_session
from app.record_keys import UnknownKey, did_you_mean, keys_of, known_keys
from connector.clock import Clock
from connector.errors import ConnectorError
from connector.magento.client import MagentoClient
from connector.state.engine import State
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.notes import is_note_on
from connector.state.sync import links
from entities.link_sides import LinkSides
from entities.registry import ENTITIES
from settings import Settings


class LinkRefused(ConnectorError):
    """One of both sides is not there, or is taken; the message says which. Nothing was stored."""


@dataclass(frozen=True)
class Linked:
    """The document's key, what Magento calls it there, and what the link settled."""

    key: str
    in_magento: str
    settled: str


async def link(
    settings: Settings,
    state: State,
    entity: str,
    typed: str,
    magento_id: str,
    clock: Clock,
    *,
    waits: Callable[[str], object] = lambda _message: None,
) -> Linked:
    """Store the link once both sides are found. Raises `UnknownKey`, `LinkRefused`, `NotPossibleByHand` or a fault of
    one of the systems.
    """
    sides, magento_id = ENTITIES[entity].link_sides, magento_id.strip()
    if sides is None:
        raise LinkRefused(f"Records of {entity} have no link.")
    async with MagentoClient(magento_access(settings), clock=clock) as client:
        in_magento = await _in_magento(client, sides, entity, magento_id)
    record = await _record(settings, state, sides, entity, typed, clock, waits)
    key = _document(state, sides, entity, record, typed)
    _refuse_taken(state, entity, record, magento_id)
    settled = actions.link(state, entity, key, record, magento_id, clock.now())
    return Linked(key, in_magento, settled)


async def _in_magento(client: MagentoClient, sides: LinkSides, entity: str, magento_id: str) -> str:
    if magento_id.isascii() and magento_id.isdigit():
        found = await sides.in_magento(client, magento_id)
        if found is not None:
            return found
    meant = await sides.id_of(client, magento_id)
    hint = "" if meant is None else f" It is what Magento shows of the {entity} with the id {meant}."
    raise LinkRefused(f"Magento has no {entity} with the id {magento_id}.{hint} Nothing was linked.")


async def _record(
    settings: Settings,
    state: State,
    sides: LinkSides,
    entity: str,
    typed: str,
    clock: Clock,
    waits: Callable[[str], object],
) -> str:
    """Return the one Acumatica key that is meant: of a stored record, or else of one that Acumatica has."""
    found = known_keys(state, entity, typed)
    if not found:
        keys = keys_of(state, settings, entity, typed)
        async with operator_session(settings, state, clock, "Link", waits) as session:
            found = sorted(await sides.in_acumatica(session, settings, keys))
    if not found:
        message = f"Acumatica has no {entity} {typed.strip()!r}. Nothing was linked."
        raise UnknownKey(message + did_you_mean(state, entity, typed))
    if len(found) > 1:
        raise LinkRefused(f"{typed.strip()!r} may be {' or '.join(found)}: give the whole key. Nothing was linked.")
    return found[0]


def _document(state: State, sides: LinkSides, entity: str, record: str, typed: str) -> str:
    """Return the key of the document: a record of Acumatica may become several, which say so behind a bar."""
    _record, bar, part = typed.strip().partition("|")
    with state.read() as connection:
        keys = {one.key for one in messages.of_records(connection, entity, [record])}
        keys |= links.of_records(connection, entity, [record]).keys()
    documents = sorted(one for one in keys if not any(is_note_on(one, other) for other in keys))
    chosen = f"{record}|{part.strip()}" if bar else record
    if not documents and sides.part and not bar:
        raise LinkRefused(
            f"What {record} becomes is not known yet. Name the {sides.part} too, behind a bar. Nothing was linked."
        )
    if chosen in documents or not documents:
        return chosen
    if bar or len(documents) > 1:
        raise LinkRefused(f"{record} became {' and '.join(documents)}: give one of these keys. Nothing was linked.")
    return documents[0]


def _refuse_taken(state: State, entity: str, record: str, magento_id: str) -> None:
    with state.read() as connection:
        others = {one.acumatica_key for one in links.of_magento_id(connection, entity, magento_id)} - {record}
    if others:
        raise LinkRefused(
            f"The {entity} with the id {magento_id} in Magento is {' and '.join(sorted(others))} already. "
            "Nothing was linked."
        )
