"""What a person decides about single messages: send again, skip, link.

Sending again does not send: it marks the failed messages, and asks for their records. The next sync reads the newest
state of these records from Acumatica first, so an old message never overwrites newer data: what is still wanted becomes
pending again with all its attempts, what Magento shows by now becomes superseded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from connector.model.failures import FailureCode
from connector.state.coordination import lease
from connector.state.engine import State
from connector.state.queue import messages, requests, waits
from connector.state.queue.message import Message
from connector.state.queue.notes import is_note_on
from connector.state.queue.transitions import Outcome, allowed_from
from connector.state.rows import chunked, in_any
from connector.state.schema import FAILED, IS_FAILED, SENDING, SENT, SKIPPED, instant, into, micros
from connector.state.schema import messages as message_table
from connector.state.sync import ledger, links, refresh_requests
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.links import Link


class NotPossibleByHand(Exception):
    """The message is not in a state in which this can be done; the text says why."""


@dataclass(frozen=True)
class Group:
    """Failed messages with one cause: how many, since when, and the reason of one of them in words."""

    entity: str
    cause: str
    how_many: int
    since: datetime
    example: str


def groups(connection: Connection, entity: str | None = None) -> list[Group]:
    """The failed messages grouped by cause, the largest group first."""
    query = (
        select(
            message_table.c.entity,
            message_table.c.cause,
            func.count().label("how_many"),
            func.min(message_table.c.changed_at).label("since"),
            func.min(message_table.c.reason).label("example"),
        )
        .where(IS_FAILED)
        .group_by(message_table.c.entity, message_table.c.cause)
        .order_by(func.count().desc(), message_table.c.entity, message_table.c.cause)
    )
    if entity is not None:
        query = query.where(message_table.c.entity == entity)
    return [
        Group(row.entity, row.cause or "", row.how_many, instant(row.since), row.example or "")
        for row in connection.execute(query)
    ]


def send_again(state: State, chosen: Sequence[Message], now: datetime) -> int:
    """Mark these failed or skipped messages to be sent again, and ask for their records; gives how many there were."""
    with state.write() as connection:
        done = _mark(connection, [message.id for message in chosen], now)
        by_entity: dict[str, set[str]] = {}
        for message in chosen:
            by_entity.setdefault(message.entity, set()).add(message.acumatica_key)
        for entity, keys in by_entity.items():
            refresh_requests.add(connection, entity, sorted(keys), now)
    return done


def _mark(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    done = 0
    for part in chunked(ids):
        these = in_any(connection, message_table.c.id, part) & message_table.c.state.in_(
            allowed_from(Outcome.SENT_AGAIN)
        )
        values = {**into(FAILED), "cause": FailureCode.SEND_AGAIN, "changed_at": micros(now)}
        done += connection.execute(update(message_table).where(these).values(values)).rowcount
    return done


def skip(state: State, message: Message, reason: str, now: datetime) -> None:
    """Leave one message out, with a reason; a newer value of its key is sent all the same.

    Raises `NotPossibleByHand`.
    """
    with state.write() as connection:
        lease.lock_entity(connection, message.entity)
        is_sending = message.id in requests.messages_in(connection, message.entity)
        here = (message_table.c.id == message.id) & message_table.c.state.in_(allowed_from(Outcome.SKIPPED_BY_HAND))
        values = {
            **into(SKIPPED),
            "cause": FailureCode.BY_HAND,
            "reason": FailureCode.BY_HAND.because(reason),
            "changed_at": micros(now),
        }
        if is_sending or not connection.execute(update(message_table).where(here).values(values)).rowcount:
            state_now = SENDING if is_sending else message.state
            raise NotPossibleByHand(f"Message {message.id} is {state_now}: only a failed or waiting one is skipped.")


def link(state: State, entity: str, key: str, acumatica_key: str, magento_id: str, now: datetime) -> str:
    """Say that a document is this one in Magento: it is not made again. Gives in words what that settled.

    What waits or failed for a shipment or an order counts as sent: it is what was made by hand. A customer's account is
    brought up to date by the next sync. An order that was edited after it was sent and is linked to the same id
    again was put right by hand: the next sync takes it as it is. Raises `NotPossibleByHand` while it is being sent.
    """
    with state.write() as connection:
        lease.lock_entity(connection, entity)
        waits.end_of(connection, entity, [acumatica_key])
        of_record = messages.live(connection, entity, [acumatica_key], [key])
        waiting = [one for one in of_record if one.key == key]
        notes = [one for one in of_record if is_note_on(one.key, key)]
        if any(one.state == SENDING for one in waiting):
            raise NotPossibleByHand(f"{key} is being sent just now; wait for the end of that sync.")
        if entity == "customer":
            links.write(connection, entity, [Link(key, acumatica_key, magento_id, None, "hand")], now)
            _mark(connection, [one.id for one in waiting], now)
            refresh_requests.add(connection, entity, [acumatica_key], now)
            return "the next sync brings the account up to date"
        before = links.of_keys(connection, entity, [key]).get(key)
        if notes and before is not None and before.magento_id == magento_id:
            links.write(connection, entity, [Link(key, acumatica_key, magento_id, None, "hand")], now)
            _linked(connection, notes, magento_id, now)
            refresh_requests.add(connection, entity, [acumatica_key], now)
            return "the next sync takes it as it is in Acumatica now"
        told = next((one for one in waiting if one.document is not None), None)
        document = None if told is None else told.document
        links.write(connection, entity, [Link(key, acumatica_key, magento_id, document, "hand")], now)
        if told is not None and told.value is not None:
            row = LedgerRow(key, "", told.acumatica_key, told.sku or key, told.value, None)
            ledger.confirm(connection, entity, [row], now)
        settled = [*waiting, *notes]
        _linked(connection, settled, magento_id, now)
    how_many = len(settled)
    return f"{how_many} waiting message{'' if how_many == 1 else 's'} settled" if settled else "nothing was waiting"


def _linked(connection: Connection, settled: Sequence[Message], magento_id: str, now: datetime) -> None:
    reason = FailureCode.BY_HAND.because(f"linked to {magento_id}")
    values = {**into(SENT), "cause": FailureCode.BY_HAND, "reason": reason, "changed_at": micros(now)}
    these = message_table.c.id.in_([one.id for one in settled])
    connection.execute(update(message_table).where(these).values(values))
