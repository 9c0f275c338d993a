"""Hand over what a run was sending when it lost its lease, so that the run that holds it checks it in Magento."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.state.coordination import lease
from connector.state.engine import State
from connector.state.queue.message import Message
from connector.state.sync import ledger, refresh_requests


def leave(state: State, entity: str, claimed: Sequence[Message], now: datetime, recheck_at: datetime) -> None:
    """Have the values of these messages read in Magento again at `recheck_at`, and their documents sent again. Needs no
    lease.
    """
    values = [(message.key, message.source) for message in claimed if message.document is None]
    documents = [message for message in claimed if message.document is not None]
    with state.write() as connection:
        lease.lock_entity(connection, entity)
        ledger.schedule_rechecks(connection, entity, values, recheck_at)
        if documents:
            ledger.forget(connection, entity, [message.key for message in documents])
            refresh_requests.add(connection, entity, [message.acumatica_key for message in documents], now)
