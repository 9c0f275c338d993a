"""Messages for tests of decisions, without a database."""

from __future__ import annotations

from typing import Any

from support.moment import NOW

from connector.state.queue.message import Message


def message(**traits: Any) -> Message:
    """Return a claimed message for the price of A in its first attempt, with these fields changed."""
    usual = {
        "target": 1,
        "seq": 1,
        "entity": "price",
        "key": "A",
        "source": "",
        "acumatica_key": "A",
        "sku": "A",
        "value": 10,
        "in_stock": None,
        "state": "sending",
        "attempts": 1,
        "cause": None,
        "reason": None,
        "changed_at": NOW,
    }
    return Message(**{**usual, **traits})
