"""What was tried to be told of documents: Magento may know of every version of them, whatever became of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, delete, or_

from connector.state.queue.message import Message
from connector.state.rows import upsert
from connector.state.schema import attempted_documents


def keep_attempts(connection: Connection, claimed: Sequence[Message]) -> None:
    """Keep that these documents are about to be told; of a version that was tried before, the first attempt stays."""
    rows = [
        {"target": one.target, "fingerprint": one.value, "request": one.request, "content": one.document}
        for one in claimed
        if one.document is not None and one.value is not None
    ]
    upsert(connection, attempted_documents, rows, only_new=True)


def forget_attempts(connection: Connection, never_tried: Sequence[Message]) -> None:
    """Forget the attempts of documents of which nothing left, such as those that wait for something else."""
    these = [
        and_(
            attempted_documents.c.target == one.target,
            attempted_documents.c.fingerprint == one.value,
            attempted_documents.c.request == one.request,
        )
        for one in never_tried
        if one.document is not None
    ]
    if these:
        connection.execute(delete(attempted_documents).where(or_(*these)))
