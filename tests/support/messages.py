"""Messages as tests of decisions need them: claimed ones, unless told."""

from __future__ import annotations

from typing import Any

from support.moment import NOW

from connector.state.queue.message import Message


def message(**traits: Any) -> Message:
    """A claimed message of the price of A, in its first attempt."""
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
