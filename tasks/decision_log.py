"""Log at DEBUG what was decided for each record and why. At any other level nothing is done.

A record is identified by its keys, a decision by its cause code, because the full reason may contain personal data.
"""

from __future__ import annotations

import logging
from typing import Any

from connector.state.queue.desired import Computed, Queued
from connector.state.queue.message import BatchResult
from entities.base import RunContext
from entities.pulled import Pulled

_LOG = logging.getLogger(__name__)


def log_pulled(context: RunContext[Any], pulled: Pulled) -> None:
    """Log which records a chunk holds, and whether they are computed again."""
    if not _LOG.isEnabledFor(logging.DEBUG):
        return
    for key in pulled.to_compute:
        _LOG.debug("%s %s: read; what Magento must show is computed again", context.name, key)
    for key in pulled.to_keep:
        _LOG.debug("%s %s: read and stored; computed once no other list can have news of it", context.name, key)
    for key, _reason in pulled.problems:
        _LOG.debug("%s %s: cannot be read", context.name, key)
    if pulled.missing:  # only their number, because a typed key may be an e-mail
        _LOG.debug("%s: %d of the keys that were asked for are not in Acumatica", context.name, len(pulled.missing))


def log_queued(context: RunContext[Any], computed: Computed, done: Queued) -> None:
    """Log the resulting state of each value of a chunk when it was queued."""
    if not _LOG.isEnabledFor(logging.DEBUG):
        return
    states = done.states()
    for want in computed.wanted:
        state = states.pop((want.key, want.source), None)
        why = f": {want.cause}" if want.cause else ""
        decided = f"{state}{why}" if state else "nothing to do: it is shown, on its way, or failed as before"
        _LOG.debug("%s %s: %s%s", context.name, _named(want.key, want.source), decided, _value(context, want.value))
    for (key, source), state in states.items():
        withdrawn = _value(context, computed.withdrawn_value)
        _LOG.debug("%s %s: %s: withdrawn%s", context.name, _named(key, source), state, withdrawn)


def log_outcomes(context: RunContext[Any], answered: BatchResult) -> None:
    """Log the outcome of each message of a request."""
    if not _LOG.isEnabledFor(logging.DEBUG):
        return
    for outcome in answered.every_outcome():
        message = outcome.message
        why = f": {outcome.cause}" if outcome.cause else ""
        wait = f" for {outcome.wait.code}" if outcome.wait is not None else ""
        again = f", not before {outcome.not_before:%H:%M:%S} UTC" if outcome.not_before is not None else ""
        _LOG.debug(
            "%s %s: %s%s%s%s (attempt %d)%s",
            context.name,
            _named(message.key, message.source),
            outcome.state,
            why,
            wait,
            again,
            message.attempts,
            _value(context, message.value),
        )


def _named(key: str, source: str) -> str:
    return f"{key} in {source}" if source else key


def _value(context: RunContext[Any], value: int | None) -> str:
    text = context.entity.value_text(value)
    return f", {text}" if text else ""
