"""Messages whose answer was lost and whose value Magento does not show: they are sent again while attempts are left."""

from __future__ import annotations

from datetime import timedelta

from connector.model.failure_help import with_fix
from connector.model.failures import FailureCode
from connector.state.queue.message import Message, MessageOutcome
from connector.state.queue.transitions import AttemptLimits, MessageState, Outcome, stored_as, transition

LATE_WRITE = timedelta(seconds=60)
"""A request that arrived complete may be applied this long after its time-out. Its values are read again then."""
STOPPED = "stopped during its last attempt: Magento does not show the value, and no attempt is left"
"""The reason of a message whose last attempt has no known result."""
FAILED_AS: dict[str, FailureCode] = {
    FailureCode.NO_ANSWER: FailureCode.NO_ANSWER,
    FailureCode.TEMPORARY: FailureCode.OUT_OF_ATTEMPTS,
}
"""The failure of a message without a further attempt, by the result of its last known attempt."""


def tried_again(message: Message, retry_count: int) -> MessageOutcome:
    """Return the outcome of a message that Magento does not show."""
    limits = AttemptLimits(retry_count)
    next_state = transition(MessageState.IN_REQUEST, Outcome.NOT_SHOWN, attempts=message.attempts, limits=limits)
    state = stored_as(next_state, Outcome.NOT_SHOWN)
    if next_state.state is MessageState.OPEN:
        return MessageOutcome(message, state, message.cause, message.reason)
    code = FAILED_AS.get(message.cause or "", FailureCode.STOPPED)
    return MessageOutcome(message, state, code, with_fix(code, message.reason or STOPPED, message.attempts))
