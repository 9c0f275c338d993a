"""Messages whose answer was lost, and that Magento does not show: tried again while an attempt is left."""

from __future__ import annotations

from datetime import timedelta

from connector.state.queue.messages import Message, MessageOutcome
from connector.state.schema import FAILED, PENDING

LATE_WRITE = timedelta(seconds=60)
"""A request that arrived whole may be applied this long after we gave up: its values are read again then."""
STOPPED = "stopped during its last attempt: Magento does not show the value, and no attempt is left"


def tried_again(message: Message, retry_count: int) -> MessageOutcome:
    """Return the outcome of a message that Magento does not show."""
    if message.attempts < retry_count:
        return MessageOutcome(message, PENDING, message.cause, message.reason)
    return MessageOutcome(message, FAILED, message.cause or "stopped", message.reason or STOPPED)
