"""Link a document that was created in Magento by hand to its Acumatica record, so that it is not created again.

Both systems are queried before anything is stored (ADR 0054). A link to something that does not exist would never be
noticed, because its document counts as sent for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.clients import magento_access, operator_session
from app.record_keys import UnknownKey, did_you_mean, known_keys, resolve_keys
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
    """One side of the link does not exist or is linked already; the message says which. Nothing was stored."""


@dataclass(frozen=True)
class Linked:
    """The document's key, its name in Magento, and what the link did to waiting messages."""

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
    on_wait: Callable[[str], object] = lambda _message: None,
) -> Linked:
    """Find both sides and store the link.

    Args:
        typed: The document's key in Acumatica, in any spelling.
        magento_id: The entity id in Magento.
        on_wait: Called with a message about what is being waited for.

    Raises `UnknownKey`, `LinkRefused`, `NotPossibleByHand`, or a fault of one of the systems.
    """
    sides, magento_id = ENTITIES[entity].link_sides, magento_id.strip()
    if sides is None:
        raise LinkRefused(f"Records of {entity} have no link.")
    async with MagentoClient(magento_access(settings), clock=clock) as client:
        in_magento = await _in_magento(client, sides, entity, magento_id)
    record = await _acumatica_key(settings, state, sides, entity, typed, clock, on_wait)
    key = _document_key(state, sides, entity, record, typed)
    _refuse_linked(state, entity, record, magento_id)
    settled = actions.link(state, entity, key, record, magento_id, clock.now())
    return Linked(key, in_magento, settled)


async def _in_magento(client: MagentoClient, sides: LinkSides, entity: str, magento_id: str) -> str:
    """Return the document's name in Magento. Raises `LinkRefused` if there is none with this id."""
    if magento_id.isascii() and magento_id.isdigit():
        found = await sides.in_magento(client, magento_id)
        if found is not None:
            return found
    meant = await sides.id_of(client, magento_id)
    hint = "" if meant is None else f" It is what Magento shows of the {entity} with the id {meant}."
    raise LinkRefused(f"Magento has no {entity} with the id {magento_id}.{hint} Nothing was linked.")


async def _acumatica_key(
    settings: Settings,
    state: State,
    sides: LinkSides,
    entity: str,
    typed: str,
    clock: Clock,
    on_wait: Callable[[str], object],
) -> str:
    """Return the matching Acumatica key: of a stored record, or else of a record in Acumatica."""
    found = known_keys(state, entity, typed)
    if not found:
        keys = resolve_keys(state, settings, entity, typed)
        async with operator_session(settings, state, clock, "Link", on_wait) as session:
            found = sorted(await sides.in_acumatica(session, settings, keys))
    if not found:
        message = f"Acumatica has no {entity} {typed.strip()!r}. Nothing was linked."
        raise UnknownKey(message + did_you_mean(state, entity, typed))
    if len(found) > 1:
        raise LinkRefused(f"{typed.strip()!r} may be {' or '.join(found)}: give the whole key. Nothing was linked.")
    return found[0]


def _document_key(state: State, sides: LinkSides, entity: str, record: str, typed: str) -> str:
    """Return the key of the document. If a record becomes several documents, their keys have a part after a bar."""
    _record, bar, part = typed.strip().partition("|")
    with state.read() as connection:
        keys = {message.key for message in messages.of_records(connection, entity, [record])}
        keys |= links.of_records(connection, entity, [record]).keys()
    documents = sorted(key for key in keys if not any(is_note_on(key, other) for other in keys))
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


def _refuse_linked(state: State, entity: str, record: str, magento_id: str) -> None:
    with state.read() as connection:
        others = {row.acumatica_key for row in links.of_magento_id(connection, entity, magento_id)} - {record}
    if others:
        raise LinkRefused(
            f"The {entity} with the id {magento_id} in Magento is {' and '.join(sorted(others))} already. "
            "Nothing was linked."
        )
