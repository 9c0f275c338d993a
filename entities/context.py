"""What one run works with: the state database, its lease, both systems, and the rules that the settings ask for.

`flows` makes a `RunContext` from the settings; the stages only use it. It is not a dataclass on purpose: Prefect looks
into the parameters of a task, and would walk through everything in here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from entities.adaptive_batching import Tuning
from entities.counters import Counters, Report
from entities.read_plan import ReadRule
from entities.shop import Shop
from entities.values.items import ItemRule

FIRST_CHUNK_RECORDS = 2_000
CHUNKS_GROW = 3
CHUNK_RECORDS = 50_000
"""The first chunk of a look is small, so that something is under way early; each next one is so many times larger, up
to the last number, because a record takes Magento longer than us, and fewer chunks cost less.
"""


class QueueRule(msgspec.Struct, frozen=True):
    """How the queue is cut into requests, how often a message is tried (Queue Processing Settings), and after how long
    a message that waits for something else is told of.
    """

    threshold_count: int
    batch_count: int
    retry_count: int
    wait_tell: timedelta = timedelta(days=7)


class RunContext(msgspec.Struct):
    """One run's tools. `today` gives the date in the tenant's zone; `ends_at` is the end of the run's life.

    `rule` is the entity's own, from `connector.rules`. `bulk_patience`: the seconds after which a bulk of prices that
    nobody works on goes another way; none where prices are not sent in bulks. `is_pulling`: Acumatica is being read.
    """

    entity: str
    state: State
    lease: Lease
    clock: Clock
    acumatica: AcumaticaSession
    shop: Shop
    queue: QueueRule
    read: ReadRule
    items: ItemRule
    rule: Any
    today: Callable[[], date]
    counters: Counters
    report: Report
    ends_at: datetime
    skips_unknown_sku: bool = False
    bulk_patience: int | None = None
    is_pulling: bool = False
    tuning: Tuning = msgspec.field(default_factory=Tuning)
    progress: Callable[[str], object] = lambda _said: None
