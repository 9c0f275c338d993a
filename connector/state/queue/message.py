"""A message, what is claimed of them for a request, and what the request brought."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import repeat

import msgspec

from connector.model.failures import label_of
from connector.state.queue.wait import Wait
from connector.state.schema import SENT
from connector.state.sync.compensations import Compensation
from connector.state.sync.links import Link


class Message(msgspec.Struct, frozen=True, gc=False):
    """What Magento must show at one place, as it was wanted at one time; instants are aware, in UTC; values as in the
    ledger.

    `seq` rises with each value that the target wants. `rejected`: it stands beside the place, for a record that cannot
    be sent there.
    """

    target: int
    seq: int
    entity: str
    key: str
    source: str
    acumatica_key: str
    sku: str | None
    value: int | None
    in_stock: bool | None
    state: str
    attempts: int
    cause: str | None
    reason: str | None
    changed_at: datetime
    document: bytes | None = None
    not_before: datetime | None = None
    wait: Wait | None = None
    request: int | None = None
    rejected: bool = False

    @property
    def id(self) -> str:
        """Its number for people: that of the target and of its value."""
        return f"{self.target}.{self.seq}"

    def has_id(self, ids: Collection[str]) -> bool:
        """Return whether one of the ids means it: its own, or its target's, whose newest message it is then."""
        return self.id in ids or str(self.target) in ids


class MessageOutcome(msgspec.Struct, frozen=True, gc=False):
    """How one claimed message came out of its request. `attempts`: those that count from now on; None: as they are.

    `partially_applied`: a document's attempt did not end well after something of it had left: what Magento knows of it
    is in doubt. `link`: what a document became. `taken`: places (SKU as Magento compares it, source) whose quantity a
    shipment changed in Magento: they are read again and put right by the next inventory look. `compensated`: what it
    took for an order that Magento never reserved. `wait`: what a pending one waits for; without it the message keeps
    the wait that it had until its state is final. `is_gone`: Magento has no product with its SKU any more.
    """

    message: Message
    state: str
    cause: str | None = None
    reason: str | None = None
    not_before: datetime | None = None
    attempts: int | None = None
    partially_applied: bool = False
    link: Link | None = None
    taken: tuple[tuple[str, str], ...] = ()
    compensated: tuple[Compensation, ...] = ()
    wait: Wait | None = None
    no_product: bool = False


class ClaimSpec(msgspec.Struct, frozen=True):
    """How much to claim: `size` messages that were never tried; of those that were, `size_after[n - 1]` with n attempts
    behind them (its last number for more), so that a record that spoils its request is found. Nothing while `host` is
    to be left alone. `whole`: full requests of new messages only, because more of them are on their way.
    `stock_outs_first`: new messages that say 0 go before all others.
    """

    host: str
    size: int
    size_after: Sequence[int]
    whole: bool = False
    stock_outs_first: bool = False


class BatchResult(msgspec.Struct, frozen=True):
    """What one request brought: the outcome of each of its messages, and what its sender claims `then`.

    `sent`: all of them, instead of outcomes, where Magento simply has each. With `recheck_at` Magento may have applied
    more than it accepted: the keys are read again there then.
    """

    outcomes: Sequence[MessageOutcome]
    recheck_at: datetime | None = None
    then: ClaimSpec | None = None
    sent: Sequence[Message] = ()

    def every_outcome(self) -> Sequence[MessageOutcome]:
        """Return the outcome of each message."""
        return [*self.outcomes, *map(MessageOutcome, self.sent, repeat(SENT))] if self.sent else self.outcomes


def is_about(message: Message, cause: str) -> bool:
    """Return whether a person who types this means the message: its code, its label, or a text of its reason."""
    return cause.strip().casefold() in f"{message.cause} {label_of(message.cause or '')} {message.reason}".casefold()
