"""What Magento must show, as a chunk of it enters the queue, and what became of the chunk."""

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
"""A key and a source."""


class DesiredValue(msgspec.Struct, frozen=True, gc=False):
    """What Magento must show for one key and source; with a `cause` it cannot be sent, and `reason` says why in words.

    `value`: price in 1/1,000,000, quantity in 1/10,000, or the fingerprint of `document`, the JSON that Magento is
    told. `skipped`: it is not failed but left out, by a setting.
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
        """Return the state of its message if it cannot be sent."""
        return SKIPPED if self.skipped else FAILED


@dataclass(frozen=True)
class Seen:
    """The records that a sweep of a feed saw; `column`: where the feed's sweeps are kept."""

    column: str
    sweep: int
    acumatica_keys: Sequence[str]


class Computed(msgspec.Struct, frozen=True):
    """Everything that one chunk changes in the state database.

    `withdrawn_value` is what a key without a value becomes: 0 for quantities, none for prices (nothing is sent).
    `asked_at` is when Magento was asked about `confirmed` and `read_again`.
    `read_again`: the rechecks that were due before anything was read for these values, by place, and since when. One
    that was asked for later stays: these values may be older than what it is about.
    `open_orders`: Magento's open orders with these records' SKUs, and what is added back for them from now on.
    `gone`: SKUs of which Magento has no product; what it confirmed of them is void, for quantities and prices alike.
    `unshown`: places where Magento shows nothing any more.
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
"""Return the place of a value or of a ledger row."""


@dataclass
class Queued:
    """What became of a chunk: how many messages were queued, superseded, and failed or skipped without being sent.

    pending, unsendable: the values that are queued, or failed or skipped, from now on.
    """

    queued: int = 0
    superseded: int = 0
    failed: int = 0
    skipped: int = 0
    pending: Sequence[DesiredValue] = field(default=(), compare=False)
    unsendable: Sequence[DesiredValue] = field(default=(), compare=False)

    def states(self) -> dict[Place, str]:
        """Return the state of each message that the chunk made or wrote anew, by its place."""
        pending = {(want.key, want.source): PENDING for want in self.pending}
        return pending | {(want.key, want.source): want.unsendable_state() for want in self.unsendable}
