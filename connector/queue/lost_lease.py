"""What a run that lost its lease leaves to whoever works now: what it was telling Magento is looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.queue import by_hand, ledger
from connector.queue.engine import State
from connector.queue.messages import Message


def leave(state: State, entity: str, claimed: Sequence[Message], now: datetime) -> None:
    """Have the values of these messages read again in Magento, and their documents told again. Needs no lease."""
    values = [(one.key, one.source) for one in claimed if one.document is None]
    documents = [one for one in claimed if one.document is not None]
    with state.write() as connection:
        ledger.doubt(connection, entity, values, now)
        if documents:
            ledger.forget(connection, entity, [one.key for one in documents])
            by_hand.ask_for(connection, entity, [one.acumatica_key for one in documents], now)
