"""Messages: how many to claim for a request, and the outcome of each message of a request."""

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
    """One desired value of a target, and its state. Times are aware and in UTC; values have the units of the ledger.

    target, seq: its id; `seq` rises with each desired value of the target. changed_at: when it got this state.
    not_before: no attempt before this time. request: the open request that carries it, else the last one. rejected: its
    record cannot be sent, and another record has the place.
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
        """The id that people see and type, such as "4711.3"."""
        return f"{self.target}.{self.seq}"

    def has_id(self, ids: Collection[str]) -> bool:
        """Return whether one of the ids is its own, or its target's, which stands for the target's newest message."""
        return self.id in ids or str(self.target) in ids


class MessageOutcome(msgspec.Struct, frozen=True, gc=False):
    """The outcome of one claimed message.

    attempts: the attempts that count from now on; `None` leaves them as they are.
    partially_applied: the attempt failed after part of the document was sent, so what Magento has of it is unknown.
    link: the record that a document became in Magento.
    taken: places whose quantity a shipment changed in Magento; the next inventory sync reads and corrects them.
    compensated: quantities that a shipment took for an order that Magento never reserved.
    wait: what a pending message waits for. Without it the message keeps its previous wait until its state is final.
    no_product: Magento has no product with its SKU any more.
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
    """How many messages to claim for the next request.

    host: nothing is claimed while this host asks for no requests.
    size: how many messages without an attempt go into one request.
    size_after: how many messages with 1, 2, … attempts go into one request; the last number holds for more attempts.
    Requests get smaller with each attempt, so that a record that makes its request fail is found.
    whole: claim only full requests of new messages, because more of them are being queued.
    stock_outs_first: claim new messages with the value 0 before all others.
    """

    host: str
    size: int
    size_after: Sequence[int]
    whole: bool = False
    stock_outs_first: bool = False


class BatchResult(msgspec.Struct, frozen=True):
    """The result of one request.

    outcomes: the outcome of each message. sent: all messages of the request, instead of outcomes, if Magento accepted
    each of them and nothing else is to be stored. recheck_at: when to read the keys in Magento again, because it may
    have applied more than it accepted. then: what the sender claims next.
    """

    outcomes: Sequence[MessageOutcome]
    recheck_at: datetime | None = None
    then: ClaimSpec | None = None
    sent: Sequence[Message] = ()

    def every_outcome(self) -> Sequence[MessageOutcome]:
        """Return the outcome of each message."""
        return [*self.outcomes, *map(MessageOutcome, self.sent, repeat(SENT))] if self.sent else self.outcomes


def is_about(message: Message, cause: str) -> bool:
    """Return whether the text a person typed is part of the message's cause, the cause's label, or its reason."""
    return cause.strip().casefold() in f"{message.cause} {label_of(message.cause or '')} {message.reason}".casefold()
