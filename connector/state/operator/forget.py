"""Erase the personal data of one person, identified by an e-mail address, from the state database.

For the customers with this address, their orders, and other orders that contain it, everything that was read from
Acumatica or sent to Magento is erased. What stays holds no personal data and is needed so that nothing is created
twice: the Acumatica key, Magento's id (links), and the fingerprint of what was sent (targets, requests), a hash. A link
or a message without content means that the sent content is unknown. Every stage handles that case, because links by
hand are stored this way.

Pending messages become superseded, and their records are requested again: if Acumatica still has them, they are sent.
The database file holds no trace afterwards (`leave_no_trace`).
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
_CUSTOMER_FIELDS = ("customer", "customer_id")
_ROWS_AT_ONCE = 1_000


class StillSending(Exception):
    """A message of the person is being sent to Magento; its content is needed until the outcome is known."""


@dataclass
class PersonalData:
    """What is stored about a person: Acumatica keys by entity, and how many rows of each kind.

    `mentions`: texts of other records that contain the e-mail. `working`: entities on which a run works now.
    """

    keys: dict[str, list[str]] = field(default_factory=dict)
    messages: int = 0
    records: int = 0
    links: int = 0
    mentions: int = 0
    working: list[str] = field(default_factory=list)

    def is_nothing(self) -> bool:
        """Return whether nothing is stored."""
        return not (self.messages or self.records or self.links or self.mentions)


def find(state: State, email: str, now: datetime) -> PersonalData:
    """Return what `forget` would erase."""
    with state.read() as connection:
        return _count(connection, email, _keys(connection, email), now)


def forget(state: State, email: str, now: datetime) -> PersonalData:
    """Erase a person's data, all or nothing; return what was erased. Raises `StillSending` and `StateError`."""
    with state.write() as connection:
        for entity in ENTITIES:
            lease.lock_entity(connection, entity)
        keys = _keys(connection, email)
        data = _count(connection, email, keys, now)
        for entity, of_entity in keys.items():
            _refuse_sending(connection, entity, of_entity)
            _erase_messages(connection, entity, of_entity, now)
            for part in chunked(of_entity):
                erased = (records.c.entity == entity) & in_any(connection, records.c.acumatica_key, part)
                connection.execute(delete(records).where(erased))
                erased = (links.c.entity == entity) & in_any(connection, links.c.acumatica_key, part)
                connection.execute(update(links).where(erased).values(document=None))
        _erase_mentions(connection, email)
        # the next comparison finds the differences of customers and orders again
        connection.execute(delete(reconciled).where(reconciled.c.entity.in_(ENTITIES)))
    return data


def leave_no_trace(state: State) -> bool:
    """Rewrite the database's files without the erased data; return `False` if another process still reads the old
    content.

    Raises `StateError`.
    """
    if state.engine.dialect.name == "sqlite":
        return _rewrite_sqlite(state)
    with explained_faults(state.engine), state.engine.connect() as transactional:
        connection = transactional.execution_options(isolation_level="AUTOCOMMIT")
        for table in (targets, attempted_documents, request_table, records, links, entities, audit, reconciled):
            connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{table.name}"')
    return True


def _rewrite_sqlite(state: State) -> bool:
    """Rewrite the file and empty its write-ahead log; `secure_delete` fills the unused rest of each page with zeros."""
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
    address = email.strip().casefold()
    customers = _acumatica_keys(connection, "customer", address, ())
    return {"customer": sorted(customers), "order": sorted(_acumatica_keys(connection, "order", address, customers))}


def _acumatica_keys(connection: Connection, entity: str, email: str, customers: Collection[str]) -> set[str]:
    """Return the Acumatica keys of records that contain this e-mail or belong to one of these customers."""
    sought = [email, *(customer.casefold() for customer in customers)]
    acumatica_keys: set[str] = set()
    for key, content in _contents(connection, entity):
        text = content.decode().casefold()
        if any(name in text for name in sought) and _is_about(msgspec.json.decode(content), email, customers):
            acumatica_keys.add(key)
    return acumatica_keys


def _contents(connection: Connection, entity: str) -> Iterator[tuple[str, bytes]]:
    """Yield each stored content of the entity's records with its Acumatica key: as read from Acumatica, sent to
    Magento, or waiting to be sent.
    """
    for table, column in ((records, records.c.data), (links, links.c.document), (targets, targets.c.document)):
        yield from _column(connection, select(table.c.acumatica_key, column).where(table.c.entity == entity), column)
    attempted = select(targets.c.acumatica_key, attempted_documents.c.content).join(
        targets, targets.c.id == attempted_documents.c.target
    )
    yield from _column(connection, attempted.where(targets.c.entity == entity), attempted_documents.c.content)


def _column(
    connection: Connection, query: Select[tuple[str, bytes]], column: ColumnElement[Any]
) -> Iterator[tuple[str, bytes]]:
    with_content = query.where(column.is_not(None)).execution_options(yield_per=_ROWS_AT_ONCE)
    for key, content in connection.execute(with_content):
        yield key, bytes(content)


def _is_about(content: Any, email: str, customers: Collection[str]) -> bool:
    """Return whether decoded JSON contains the e-mail, or a reference to one of the customers, at any depth."""
    if isinstance(content, list):
        return any(_is_about(item, email, customers) for item in content)
    if isinstance(content, dict):
        return any(
            (name in _CUSTOMER_FIELDS and value in customers) or _is_about(value, email, customers)
            for name, value in content.items()
        )
    return isinstance(content, str) and content.strip().casefold() == email


def _count(connection: Connection, email: str, keys: dict[str, list[str]], now: datetime) -> PersonalData:
    data = PersonalData(keys=keys)
    for entity, of_entity in keys.items():
        data.messages += len(_messages_with_content(connection, entity, of_entity))
        data.records += _rows_with_content(connection, records, records.c.data, entity, of_entity)
        data.links += _rows_with_content(connection, links, links.c.document, entity, of_entity)
    data.mentions = sum(1 for _mention in _mentions(connection, email, keys))
    leased = select(leases.c.entity).where(leases.c.entity.in_(ENTITIES), leases.c.expires_at > micros(now))
    data.working = sorted(connection.execute(leased).scalars())
    return data


def _rows_with_content(connection: Connection, table: Table, column: Column[Any], entity: str, keys: list[str]) -> int:
    count = 0
    for part in chunked(keys):
        has_key = in_any(connection, table.c.acumatica_key, part)
        query = select(table.c.acumatica_key).where(table.c.entity == entity, has_key, column.is_not(None))
        count += len(connection.execute(query).all())
    return count


def _messages_with_content(connection: Connection, entity: str, keys: list[str]) -> list[tuple[int, str]]:
    """Return the target id and state of the messages of these records that may contain personal data."""
    sending = requests.targets_in(connection, entity)
    attempted = select(attempted_documents.c.target)
    messages: list[tuple[int, str]] = []
    for part in chunked(keys):
        has_key = in_any(connection, targets.c.acumatica_key, part)
        has_content = or_(
            targets.c.document.is_not(None),
            targets.c.reason.is_not(None) & (targets.c.reason != ERASED),
            targets.c.id.in_(attempted),
        )
        query = select(targets.c.id, targets.c.state).where(targets.c.entity == entity, has_key, has_content)
        messages += [(row.id, SENDING if row.id in sending else row.state) for row in connection.execute(query)]
    return messages


def _refuse_sending(connection: Connection, entity: str, keys: list[str]) -> None:
    messages = _messages_with_content(connection, entity, keys)
    sending = [number for number, state in messages if state == SENDING]
    if sending:
        raise StillSending(
            f"A message of {entity} (target {sending[0]}) is on its way to Magento, and its outcome is not known yet. "
            f"Nothing was erased. Settle it with: a2m sync {entity}, then run this again."
        )


def _erase_messages(connection: Connection, entity: str, keys: list[str], now: datetime) -> None:
    messages = _messages_with_content(connection, entity, keys)
    pending = [number for number, state in messages if state == PENDING]
    put_aside = [number for number, state in messages if state in (FAILED, SKIPPED)]
    closed = sorted({number for number, _state in messages} - set(pending) - set(put_aside))
    supersede = {"state": SUPERSEDED, "seq": targets.c.seq + 1, "changed_at": micros(now)}
    for numbers, values in (
        (pending, {"document": None, "reason": None, **supersede}),
        (put_aside, {"document": None, "reason": ERASED}),
        (closed, {"document": None, "reason": None}),
    ):
        for part in chunked(numbers):
            connection.execute(update(targets).where(in_any(connection, targets.c.id, part)).values(values))
            attempted = in_any(connection, attempted_documents.c.target, part)
            connection.execute(delete(attempted_documents).where(attempted))
    for part in chunked(pending):
        query = select(targets.c.acumatica_key).where(in_any(connection, targets.c.id, part))
        refresh_requests.add(connection, entity, sorted(connection.execute(query).scalars()), now)
    for part in chunked(sorted(number for number, _state in messages)):
        requests.forget_reasons(connection, entity, part)


def _mentions(
    connection: Connection, email: str, besides: dict[str, list[str]]
) -> Iterator[tuple[Column[str], Column[Any], Any, str]]:
    """Yield other texts that contain the e-mail, such as the reason of a record of somebody who shares it.

    Each is the column, the identifying column with the row's value in it, and the text. besides: records whose texts
    are left out, because they are erased anyway.
    """
    sought = email.strip().casefold()
    erased_anyway = {(entity, key) for entity, keys in besides.items() for key in keys}
    reasons = select(targets.c.id, targets.c.reason, targets.c.entity, targets.c.acumatica_key)
    for row in connection.execute(reasons.where(targets.c.reason.is_not(None))).all():
        if sought in row.reason.casefold() and (row.entity, row.acumatica_key) not in erased_anyway:
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
