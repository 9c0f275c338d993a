"""Erase what the state database holds of one person, found by an e-mail.

Input: an e-mail. Output: how much there was. The customers with this e-mail, their orders, and orders that hold
the e-mail themselves lose all that was read from Acumatica and all that was sent to Magento. What stays holds no
personal data and is needed so that nothing is made twice: the Acumatica key, Magento's id (links), and the fingerprint
of what was sent (targets, requests), a hash. A link or a message without content means that what was sent is
unknown; every stage knows that case, because links by hand are stored so.

What waits to be sent is overtaken, and its record is asked for again: if Acumatica still has it, it goes after all.
Erased means erased: the file holds no trace afterwards (`leave_no_trace`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Select, Table, delete, or_, select, update

from connector.state.coordination import lease
from connector.state.engine import State
from connector.state.faults import explained_faults
from connector.state.queue import requests
from connector.state.rows import chunked, in_any
from connector.state.schema import (
    FAILED,
    PENDING,
    SENDING,
    SKIPPED,
    SUPERSEDED,
    attempted_documents,
    audit,
    entities,
    leases,
    links,
    micros,
    reconciled,
    records,
    targets,
)
from connector.state.schema import requests as request_table
from connector.state.sync import refresh_requests

ENTITIES = ("customer", "order")
"""The entities whose records hold personal data; a shipment holds order numbers, items and tracking numbers."""
IN_PLACE = "(erased)"
ERASED = f"{IN_PLACE} a2m forget erased what was kept of this record, and why it failed."
_OF_A_CUSTOMER = ("customer", "customer_id")
_ROWS_AT_ONCE = 1_000


class StillSending(Exception):
    """A message of the person is on its way to Magento; its content is needed until its outcome is known."""


@dataclass
class Kept:
    """What is kept of a person: Acumatica keys by entity, and how many rows of each kind."""

    keys: dict[str, list[str]] = field(default_factory=dict)
    messages: int = 0
    records: int = 0
    links: int = 0
    mentions: int = 0
    working: list[str] = field(default_factory=list)

    def is_nothing(self) -> bool:
        """Return whether nothing is kept."""
        return not (self.messages or self.records or self.links or self.mentions)


def kept_of(state: State, email: str, now: datetime) -> Kept:
    """Return what `forget` would erase."""
    with state.read() as connection:
        return _count(connection, email, _keys(connection, email), now)


def forget(state: State, email: str, now: datetime) -> Kept:
    """Erase it, whole or not at all; return what there was. Raises `StillSending`, and `StateError`."""
    with state.write() as connection:
        for entity in ENTITIES:
            lease.lock_entity(connection, entity)
        keys = _keys(connection, email)
        kept = _count(connection, email, keys, now)
        for entity, of_entity in keys.items():
            _refuse_sending(connection, entity, of_entity)
            _erase_messages(connection, entity, of_entity, now)
            for part in chunked(of_entity):
                these = (records.c.entity == entity) & in_any(connection, records.c.acumatica_key, part)
                connection.execute(delete(records).where(these))
                these = (links.c.entity == entity) & in_any(connection, links.c.acumatica_key, part)
                connection.execute(update(links).where(these).values(document=None))
        _erase_mentions(connection, email)
        # what differed of customers and orders is found again by the next comparison
        connection.execute(delete(reconciled).where(reconciled.c.entity.in_(ENTITIES)))
    return kept


def leave_no_trace(state: State) -> bool:
    """Write the database's file anew, without what was erased; false where somebody still reads the old one.

    Raises `StateError`.
    """
    if state.engine.dialect.name == "sqlite":
        return _write_sqlite_anew(state)
    with explained_faults(state.engine), state.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        for table in (targets, attempted_documents, request_table, records, links, entities, audit, reconciled):
            connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{table.name}"')
    return True


def _write_sqlite_anew(state: State) -> bool:
    """`secure_delete` fills the rest of each page with zeros; the checkpoint empties the file of what was written."""
    with explained_faults(state.engine):
        connection = state.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA secure_delete = ON")
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            connection.close()
    return not busy


def _keys(connection: Connection, email: str) -> dict[str, list[str]]:
    """Return the Acumatica keys of the person's customers and orders."""
    wanted = email.strip().casefold()
    customers = _naming(connection, "customer", wanted, ())
    return {"customer": sorted(customers), "order": sorted(_naming(connection, "order", wanted, customers))}


def _naming(connection: Connection, entity: str, email: str, customers: Collection[str]) -> set[str]:
    """Return the records of an entity that have this e-mail, or are of one of these customers."""
    sought = [email, *(one.casefold() for one in customers)]
    found: set[str] = set()
    for key, content in _contents(connection, entity):
        text = content.decode().casefold()
        if any(one in text for one in sought) and _is_of(msgspec.json.decode(content), email, customers):
            found.add(key)
    return found


def _contents(connection: Connection, entity: str) -> Iterator[tuple[str, bytes]]:
    """Yield all that is kept of an entity's records: as read from Acumatica, and as sent to Magento or still to be."""
    for table, column in ((records, records.c.data), (links, links.c.document), (targets, targets.c.document)):
        yield from _column(connection, select(table.c.acumatica_key, column).where(table.c.entity == entity), column)
    tried = select(targets.c.acumatica_key, attempted_documents.c.content).join(
        targets, targets.c.id == attempted_documents.c.target
    )
    yield from _column(connection, tried.where(targets.c.entity == entity), attempted_documents.c.content)


def _column(
    connection: Connection, chosen: Select[tuple[str, bytes]], column: ColumnElement[Any]
) -> Iterator[tuple[str, bytes]]:
    there = chosen.where(column.is_not(None)).execution_options(yield_per=_ROWS_AT_ONCE)
    for key, content in connection.execute(there):
        yield key, bytes(content)


def _is_of(content: Any, email: str, customers: Collection[str]) -> bool:
    if isinstance(content, list):
        return any(_is_of(one, email, customers) for one in content)
    if isinstance(content, dict):
        return any(
            (name in _OF_A_CUSTOMER and value in customers) or _is_of(value, email, customers)
            for name, value in content.items()
        )
    return isinstance(content, str) and content.strip().casefold() == email


def _count(connection: Connection, email: str, keys: dict[str, list[str]], now: datetime) -> Kept:
    kept = Kept(keys=keys)
    for entity, of_entity in keys.items():
        kept.messages += len(_messages_with_content(connection, entity, of_entity))
        kept.records += _rows(connection, records, records.c.data, entity, of_entity)
        kept.links += _rows(connection, links, links.c.document, entity, of_entity)
    kept.mentions = sum(1 for _mention in _mentions(connection, email, keys))
    held = select(leases.c.entity).where(leases.c.entity.in_(ENTITIES), leases.c.expires_at > micros(now))
    kept.working = sorted(connection.execute(held).scalars())
    return kept


def _rows(connection: Connection, table: Table, column: Column[Any], entity: str, keys: list[str]) -> int:
    found = 0
    for part in chunked(keys):
        these = in_any(connection, table.c.acumatica_key, part)
        chosen = select(table.c.acumatica_key).where(table.c.entity == entity, these, column.is_not(None))
        found += len(connection.execute(chosen).all())
    return found


def _messages_with_content(connection: Connection, entity: str, keys: list[str]) -> list[tuple[int, str]]:
    """Return the target and state of the messages of these records that hold anything of the person."""
    sending = requests.targets_in(connection, entity)
    tried = select(attempted_documents.c.target)
    found: list[tuple[int, str]] = []
    for part in chunked(keys):
        these = in_any(connection, targets.c.acumatica_key, part)
        says = or_(
            targets.c.document.is_not(None),
            targets.c.reason.is_not(None) & (targets.c.reason != ERASED),
            targets.c.id.in_(tried),
        )
        chosen = select(targets.c.id, targets.c.state).where(targets.c.entity == entity, these, says)
        found += [(row.id, SENDING if row.id in sending else row.state) for row in connection.execute(chosen)]
    return found


def _refuse_sending(connection: Connection, entity: str, keys: list[str]) -> None:
    of_them = _messages_with_content(connection, entity, keys)
    sending = [number for number, state in of_them if state == SENDING]
    if sending:
        raise StillSending(
            f"A message of {entity} (target {sending[0]}) is on its way to Magento, and its outcome is not known yet. "
            f"Nothing was erased. Settle it with: a2m sync {entity}, then run this again."
        )


def _erase_messages(connection: Connection, entity: str, keys: list[str], now: datetime) -> None:
    of_them = _messages_with_content(connection, entity, keys)
    waiting = [number for number, state in of_them if state == PENDING]
    unsent = [number for number, state in of_them if state in (FAILED, SKIPPED)]
    over = sorted({number for number, _state in of_them} - set(waiting) - set(unsent))
    overtaken = {"state": SUPERSEDED, "seq": targets.c.seq + 1, "changed_at": micros(now)}
    for numbers, values in (
        (waiting, {"document": None, "reason": None, **overtaken}),
        (unsent, {"document": None, "reason": ERASED}),
        (over, {"document": None, "reason": None}),
    ):
        for part in chunked(numbers):
            connection.execute(update(targets).where(in_any(connection, targets.c.id, part)).values(values))
            tried = in_any(connection, attempted_documents.c.target, part)
            connection.execute(delete(attempted_documents).where(tried))
    for part in chunked(waiting):
        chosen = select(targets.c.acumatica_key).where(in_any(connection, targets.c.id, part))
        refresh_requests.add(connection, entity, sorted(connection.execute(chosen).scalars()), now)
    for part in chunked(sorted(number for number, _state in of_them)):
        requests.forget_reasons(connection, entity, part)


def _mentions(
    connection: Connection, email: str, besides: dict[str, list[str]]
) -> Iterator[tuple[Column[str], Column[Any], Any, str]]:
    """Yield texts of other records that name the e-mail, such as that of somebody else who shares it: where, and the
    text.
    """
    sought = email.strip().casefold()
    own = {(entity, key) for entity, keys in besides.items() for key in keys}
    reasons = select(targets.c.id, targets.c.reason, targets.c.entity, targets.c.acumatica_key)
    for row in connection.execute(reasons.where(targets.c.reason.is_not(None))).all():
        if sought in row.reason.casefold() and (row.entity, row.acumatica_key) not in own:
            yield targets.c.reason, targets.c.id, row.id, row.reason
    results = select(entities.c.entity, entities.c.last_look).where(entities.c.last_look.is_not(None))
    for row in connection.execute(results).all():
        if sought in row.last_look.casefold():
            yield entities.c.last_look, entities.c.entity, row.entity, row.last_look
    for row in connection.execute(select(audit.c.id, audit.c.said)).all():
        if sought in row.said.casefold():
            yield audit.c.said, audit.c.id, row.id, row.said


def _erase_mentions(connection: Connection, email: str) -> None:
    pattern = re.compile(re.escape(email.strip()), re.IGNORECASE)
    for column, identity, of_row, text in list(_mentions(connection, email, {})):
        changed = update(column.table).where(identity == of_row)
        connection.execute(changed.values({column.name: pattern.sub(IN_PLACE, text)}))
    logged = select(request_table.c.id, request_table.c.not_sent).where(request_table.c.not_sent.is_not(None))
    for row in connection.execute(logged).all():
        if pattern.search(row.not_sent):
            changed = update(request_table).where(request_table.c.id == row.id)
            connection.execute(changed.values(not_sent=pattern.sub(IN_PLACE, row.not_sent)))
