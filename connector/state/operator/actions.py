"""Operator actions on single messages: send again, skip, link.

`send_again` does not send. It marks the failed messages and requests their records, whose newest state the next sync
reads from Acumatica first, so an old message never overwrites newer data. A value that is still desired becomes pending
again, with all its attempts; a value that Magento shows by now becomes superseded. An action on a message whose target
has a newer one changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select

from connector.model.failures import FailureCode
from connector.state.coordination import lease
from connector.state.engine import State
from connector.state.queue import messages, requests, waits
from connector.state.queue.message import Message
from connector.state.queue.notes import is_note_on
from connector.state.queue.transitions import Outcome, allowed_from
from connector.state.rows import chunked, in_any, tuples, update_tuples
from connector.state.schema import (
    FAILED,
    IS_FAILED,
    IS_PUT_ASIDE,
    SENDING,
    SENT,
    SKIPPED,
    SUPERSEDED,
    instant,
    micros,
    targets,
)
from connector.state.sync import ledger, links, refresh_requests
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.links import Link


class NotPossibleByHand(Exception):
    """The state of the message does not allow the action; the text says why."""


@dataclass(frozen=True)
class Group:
    """The failed messages of an entity with the same cause: how many, since when, and the reason of one of them."""

    entity: str
    cause: str
    how_many: int
    since: datetime
    example: str


def groups(connection: Connection, entity: str | None = None) -> list[Group]:
    """Return the failed messages grouped by cause, the largest group first; the example is the one that failed
    first.
    """
    query = (
        select(targets.c.entity, targets.c.cause, func.count(), func.min(targets.c.put_aside_at))
        .where(IS_FAILED, IS_PUT_ASIDE)
        .group_by(targets.c.entity, targets.c.cause)
        .order_by(func.count().desc(), targets.c.entity, targets.c.cause)
    )
    if entity is not None:
        query = query.where(targets.c.entity == entity)
    return [
        Group(name, cause or "", how_many, instant(since), _example(connection, name, cause))
        for name, cause, how_many, since in connection.execute(query).all()
    ]


def _example(connection: Connection, entity: str, cause: str | None) -> str:
    has_cause = targets.c.cause.is_(None) if cause is None else targets.c.cause == cause  # so that an index is used
    is_in_group = and_(targets.c.entity == entity, IS_FAILED, IS_PUT_ASIDE, has_cause)
    query = select(targets.c.reason).where(is_in_group).order_by(targets.c.put_aside_at).limit(1)
    return connection.execute(query).scalar() or ""


def send_again(state: State, chosen: Sequence[Message], now: datetime) -> int:
    """Mark failed or skipped messages to be sent again, request their records, and return how many were marked."""
    with state.write() as connection:
        marked = _mark(connection, chosen, now)
        by_entity: dict[str, set[str]] = {}
        for message in chosen:
            by_entity.setdefault(message.entity, set()).add(message.acumatica_key)
        for entity, keys in by_entity.items():
            refresh_requests.add(connection, entity, sorted(keys), now)
    return marked


def _mark(connection: Connection, chosen: Sequence[Message], now: datetime) -> int:
    ids = _unchanged(connection, chosen, allowed_from(Outcome.SENT_AGAIN))
    values = (FAILED, FailureCode.SEND_AGAIN.value, micros(now))
    update_tuples(connection, targets, ("state", "cause", "changed_at"), [(number, *values) for number in ids])
    return len(ids)


def _unchanged(connection: Connection, chosen: Sequence[Message], states: Collection[str]) -> list[int]:
    """Return the target ids of the messages that are still their target's newest and are in one of these states."""
    seqs = {message.target: message.seq for message in chosen}
    unchanged: list[int] = []
    for part in chunked(list(seqs)):
        query = select(targets.c.id, targets.c.seq, targets.c.state).where(in_any(connection, targets.c.id, part))
        rows = tuples(connection, query)
        unchanged += [number for number, seq, state in rows if seqs[number] == seq and state in states]
    return unchanged


def skip(state: State, message: Message, reason: str, now: datetime) -> None:
    """Skip one message, with a reason. A newer value of its key is sent all the same. Raises `NotPossibleByHand`."""
    with state.write() as connection:
        lease.lock_entity(connection, message.entity)
        sent = requests.targets_in(connection, message.entity).get(message.target)
        is_sending = sent is not None and sent.seq == message.seq
        ids = [] if is_sending else _unchanged(connection, [message], allowed_from(Outcome.SKIPPED_BY_HAND))
        if not ids:
            raise NotPossibleByHand(_why_not(connection, message, is_sending=is_sending))
        values = (SKIPPED, FailureCode.BY_HAND.value, FailureCode.BY_HAND.because(reason), micros(now))
        update_tuples(connection, targets, ("state", "cause", "reason", "changed_at"), [(ids[0], *values)])


def _why_not(connection: Connection, message: Message, *, is_sending: bool) -> str:
    newest = next(iter(messages.by_ids(connection, [message.id])), None)
    state = SENDING if is_sending else SUPERSEDED if newest is None else newest.state
    overtaken = f" {newest.reason}" if newest is not None and newest.state == SUPERSEDED and newest.reason else ""
    return f"Message {message.id} is {state}: only a failed or waiting one is skipped.{overtaken}"


def link(state: State, entity: str, key: str, acumatica_key: str, magento_id: str, now: datetime) -> str:
    """Link a record to its document in Magento, so that it is not created again; return a message about the effect.

    Waiting and failed messages of a shipment or an order count as sent, because the document was made by hand. The
    account of a customer is updated by the next sync. An order that was edited after it was sent and is linked to the
    same id again was corrected by hand: the next sync accepts it as it is. Raises `NotPossibleByHand` while the
    document is being sent.
    """
    with state.write() as connection:
        lease.lock_entity(connection, entity)
        waits.end_of(connection, entity, [acumatica_key])
        of_record = messages.live(connection, entity, [acumatica_key], [key])
        waiting = [message for message in of_record if message.key == key]
        notes = [message for message in of_record if is_note_on(message.key, key)]
        if any(message.state == SENDING for message in waiting):
            raise NotPossibleByHand(f"{key} is being sent just now; wait for the end of that sync.")
        if entity == "customer":
            links.write(connection, entity, [Link(key, acumatica_key, magento_id, document=None, made_by="hand")], now)
            _mark(connection, waiting, now)
            refresh_requests.add(connection, entity, [acumatica_key], now)
            return "the next sync brings the account up to date"
        before = links.of_keys(connection, entity, [key]).get(key)
        if notes and before is not None and before.magento_id == magento_id:
            links.write(connection, entity, [Link(key, acumatica_key, magento_id, document=None, made_by="hand")], now)
            _settle_as_linked(connection, notes, magento_id, now)
            refresh_requests.add(connection, entity, [acumatica_key], now)
            return "the next sync takes it as it is in Acumatica now"
        sent = next((message for message in waiting if message.document is not None), None)
        document = None if sent is None else sent.document
        links.write(connection, entity, [Link(key, acumatica_key, magento_id, document, made_by="hand")], now)
        if sent is not None and sent.value is not None:
            row = LedgerRow(
                key, source="", acumatica_key=sent.acumatica_key, sku=sent.sku or key, value=sent.value, in_stock=None
            )
            ledger.confirm(connection, entity, [row], now)
        settled = [*waiting, *notes]
        _settle_as_linked(connection, settled, magento_id, now)
    how_many = len(settled)
    return f"{how_many} waiting message{'' if how_many == 1 else 's'} settled" if settled else "nothing was waiting"


def _settle_as_linked(connection: Connection, settled: Sequence[Message], magento_id: str, now: datetime) -> None:
    """Mark the messages as sent by hand, and delete those of rejected records."""
    values = (SENT, FailureCode.BY_HAND.value, FailureCode.BY_HAND.because(f"linked to {magento_id}"), micros(now))
    rows = [(message.target, *values) for message in settled if not message.rejected]
    update_tuples(connection, targets, ("state", "cause", "reason", "changed_at"), rows)
    for part in chunked([message.target for message in settled if message.rejected]):
        connection.execute(delete(targets).where(in_any(connection, targets.c.id, part)))
