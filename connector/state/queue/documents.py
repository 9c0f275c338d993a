"""The versions of documents that were sent: Magento may have any of them, whatever the outcome was."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, delete, or_

from connector.state.queue.message import Message
from connector.state.rows import upsert
from connector.state.schema import attempted_documents


def keep_attempts(connection: Connection, claimed: Sequence[Message]) -> None:
    """Record that these documents are about to be sent; a version that was recorded before keeps its first attempt."""
    rows = [
        {
            "target": message.target,
            "fingerprint": message.value,
            "request": message.request,
            "content": message.document,
        }
        for message in claimed
        if message.document is not None and message.value is not None
    ]
    upsert(connection, attempted_documents, rows, only_new=True)


def forget_attempts(connection: Connection, never_sent: Sequence[Message]) -> None:
    """Delete the attempts of documents that were claimed but never sent, such as those that wait."""
    attempts = [
        and_(
            attempted_documents.c.target == message.target,
            attempted_documents.c.fingerprint == message.value,
            attempted_documents.c.request == message.request,
        )
        for message in never_sent
        if message.document is not None
    ]
    if attempts:
        connection.execute(delete(attempted_documents).where(or_(*attempts)))
