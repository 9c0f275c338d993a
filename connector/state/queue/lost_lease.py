"""What a run that lost its lease leaves to the run that works now: what it was sending is checked in Magento again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.state.coordination import lease
from connector.state.engine import State
from connector.state.queue.message import Message
from connector.state.sync import ledger, refresh_requests


def leave(state: State, entity: str, claimed: Sequence[Message], now: datetime, recheck_at: datetime) -> None:
    """Have the values of these messages read again in Magento at `doubt_until`, and their documents told again. Needs
    no lease.
    """
    values = [(one.key, one.source) for one in claimed if one.document is None]
    documents = [one for one in claimed if one.document is not None]
    with state.write() as connection:
        lease.lock_entity(connection, entity)
        ledger.doubt(connection, entity, values, recheck_at)
        if documents:
            ledger.forget(connection, entity, [one.key for one in documents])
            refresh_requests.add(connection, entity, [one.acumatica_key for one in documents], now)
