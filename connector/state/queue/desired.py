"""The values that Magento must show, as a chunk of them enters the queue, and the result of queueing the chunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from connector.model.failures import FailureCode
from connector.state.schema import FAILED, PENDING, SKIPPED
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.open_orders import OpenOrder
from connector.state.sync.records import Stored
from connector.state.sync.watermarks import Watermark

Place = tuple[str, str]
"""A key and a source: where Magento shows one value of an entity."""


class DesiredValue(msgspec.Struct, frozen=True, gc=False):
    """What Magento must show for one key and source.

    value: a price in 1/1,000,000, a quantity in 1/10,000, or the fingerprint of `document`, the JSON that is sent.
    in_stock: the stock status, `None` if it is left alone. cause, reason: why it cannot be sent, as a code and for
    people. skipped: a setting leaves it out, so that it is skipped and not failed.
    """

    acumatica_key: str
    key: str
    source: str
    sku: str | None
    value: int | None
    in_stock: bool | None = None
    cause: FailureCode | None = None
    reason: str | None = None
    skipped: bool = False
    document: bytes | None = None

    def unsendable_state(self) -> str:
        """Return the state of a message that cannot be sent."""
        return SKIPPED if self.skipped else FAILED


@dataclass(frozen=True)
class Seen:
    """The records that a sweep of a feed saw. column: the column of `records` that stores the feed's sweeps."""

    column: str
    sweep: int
    acumatica_keys: Sequence[str]


class Computed(msgspec.Struct, frozen=True):
    """Everything that one chunk changes in the state database.

    acumatica_keys: all records of the chunk. wanted: their desired values. stored: the records as they were read.
    withdrawn_value: the desired value of a place that no value names any more: 0 for quantities, `None` for prices,
    for which nothing is sent.
    confirmed: what Magento shows, read at `asked_at`.
    read_again: the rechecks, by place with the time they were due in microseconds, that were due before anything was
    read for these values. A recheck that was requested later stays, because these values may be older than its cause.
    marks: the cursors of the feeds after this chunk.
    open_orders: Magento's open orders with SKUs of these records, and what is added back for them from now on.
    gone: SKUs without a product in Magento; what was confirmed of them is void, for quantities and prices alike.
    unshown: places where Magento no longer shows a value.
    """

    acumatica_keys: Sequence[str]
    wanted: Sequence[DesiredValue]
    withdrawn_value: int | None
    stored: Sequence[Stored] = ()
    seen: Sequence[Seen] = ()
    confirmed: Sequence[LedgerRow] = ()
    read_again: Mapping[Place, int] = msgspec.field(default_factory=dict)
    asked_at: datetime | None = None
    marks: Sequence[Watermark] = ()
    open_orders: Sequence[OpenOrder] = ()
    gone: Sequence[str] = ()
    unshown: Sequence[Place] = ()


PLACE_OF: Callable[[Any], Place] = attrgetter("key", "source")
"""Return the place of a desired value or of a ledger row."""


@dataclass
class Queued:
    """The result of queueing a chunk: how many messages were queued, superseded, failed and skipped.

    pending: the values that became pending. unsendable: the values that failed or were skipped without being sent.
    """

    queued: int = 0
    superseded: int = 0
    failed: int = 0
    skipped: int = 0
    pending: Sequence[DesiredValue] = field(default=(), compare=False)
    unsendable: Sequence[DesiredValue] = field(default=(), compare=False)

    def states(self) -> dict[Place, str]:
        """Return the state of each message that the chunk created or changed, by place."""
        pending = {(want.key, want.source): PENDING for want in self.pending}
        return pending | {(want.key, want.source): want.unsendable_state() for want in self.unsendable}
