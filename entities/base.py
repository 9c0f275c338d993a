"""What every entity is to the stages: the `Entity` protocol, the context of a run, and the feeds that are read.

The stages (`tasks`) know entities by this protocol alone; `entities.registry` lists them. What price and inventory
share is `entities.values`, what customer, order and shipment share is `entities.documents`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, IntEnum
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.magento.batches import Delivery, RowResult
from connector.magento.client import MagentoClient
from connector.magento.permissions import Need, When
from connector.model.difference import Difference
from connector.state.engine import State
from connector.state.queue.desired import Computed
from connector.state.queue.message import Message, MessageOutcome
from connector.state.sync.records import Stored
from entities.checks import Check, PlannedCheck
from entities.counters import Counters, Remarks
from entities.events import Events
from entities.explained import Known, Line
from entities.item_rule import ItemRule
from entities.link_sides import LinkSides
from entities.pulled import Pulled
from entities.read_plan import ReadPlan
from entities.run_state import RunState
from entities.shop import Shop
from entities.shown import Shown
from entities.waiting import NotYet
from settings import Settings

R = TypeVar("R")
"""An entity's rule: what its section of the settings becomes."""
R_co = TypeVar("R_co", covariant=True)


class QueueRule(msgspec.Struct, frozen=True):
    """How the queue is cut into requests, and how often a message is tried (Queue Processing Settings).

    `report_waits_after`: after how long a message that waits for something else is named. `bulk_patience`: the seconds
    after which a bulk that nobody works on goes another way; `None` where nothing is sent in bulks.
    `skips_unknown_sku`: a SKU that Magento does not have is left out, and is no failure.
    """

    threshold_count: int
    batch_count: int
    retry_count: int
    report_waits_after: timedelta = timedelta(days=7)
    bulk_patience: int | None = None
    skips_unknown_sku: bool = False


class RunContext(msgspec.Struct, Generic[R]):
    """What one run of an entity works with: its state, both systems, and its rule.

    `today` returns the date in the tenant's zone; `ends_at` is the end of the run's life; `is_pulling`: Acumatica is
    being read. Not a dataclass: Prefect inspects the parameters of a task, and would walk through everything in here.
    """

    entity: Entity[R]
    state: RunState
    clock: Clock
    acumatica: AcumaticaSession
    shop: Shop
    queue: QueueRule
    read: ReadPlan
    items: ItemRule
    rule: R
    today: Callable[[], date]
    counters: Counters
    remarks: Remarks
    ends_at: datetime
    is_pulling: bool = False
    events: Events = msgspec.field(default_factory=Events)

    @property
    def name(self) -> str:
        """The entity's name, as the state database keeps it."""
        return self.entity.name


@dataclass(frozen=True)
class FeedPage:
    """Parts of records by Acumatica key; `last_key` to continue behind, `None` where there is no continuing.

    `problems`: (Acumatica key, reason) of records that could not be read. `whole`: each part is all that the feed knows
    of its record, even where only changes were asked for.
    """

    parts: dict[str, Any]
    last_key: str | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = False


def replaced(_before: Any, part: Any, *, whole: bool) -> Any:
    """Return the part: it is all that the feed knows of its record."""
    return part


def merged(before: Any, part: Any, *, whole: bool) -> Any:
    """Return the entries of both, those of the part first; the part alone where it is all that the feed knows."""
    return part if whole else {**before, **part}


@dataclass(frozen=True)
class Feed:
    """One list that is read in Acumatica.

    pages: what changed since an instant (`None`: everything), behind a key. of_keys: the records with these keys.
    reports_changes: whether it can be asked for changes. nothing: the part of a record that the feed no longer has.
    attribute: where in a `Record` its part stands. seen: the column of `Stored` with the sweep that last saw it.
    merge: combines the stored part with the one that was read. kind: narrows feeds that share a column.
    of_records: it reads records and not only parts of them, so a full sync computes all that it reads again.
    outlives_sweeps: a record that a sweep did not see may still be there, and is asked for by its key.
    """

    pages: Callable[[RunContext[Any], datetime | None, str | None], AsyncIterator[FeedPage]]
    of_keys: Callable[[RunContext[Any], list[str]], Awaitable[FeedPage]]
    nothing: Callable[[], Any]
    attribute: str
    seen: str
    reports_changes: Callable[[RunContext[Any]], bool] = lambda _context: True
    merge: Callable[..., Any] = replaced
    kind: str | None = None
    of_records: bool = False
    outlives_sweeps: bool = False


class Urgency(IntEnum):
    """Whose requests go first while several entities have something to send (ADR 0012)."""

    FIRST = 0
    USUAL = 1
    YIELDS = 2


class ClaimOrder(Enum):
    """Which of the due messages go first."""

    BY_KEY = "by_key"
    ZEROS_FIRST = "zeros_first"


class RequestResult(msgspec.Struct, frozen=True):
    """What a request brought: a result for each message, and what a document became in Magento."""

    delivery: Delivery
    document: Any = None


class Entity(Protocol[R]):
    """One kind of record that goes from Acumatica to Magento.

    name: as settings, tables and commands call it. urgency, claim_order: see there. is_batched: several messages go in
    one request. merges_feeds: what a feed reports of a record is computed once no other feed of the sync can have news
    of it. has_daily_full_sync: Acumatica does not report every change, so everything is read again once a day.
    follows: the entities whose records have to be in Magento first.
    """

    name: str
    urgency: Urgency
    claim_order: ClaimOrder
    is_batched: bool
    merges_feeds: bool
    has_daily_full_sync: bool
    follows: tuple[str, ...]

    @property
    def link_sides(self) -> LinkSides | None:
        """Return how both sides of a link are asked; None where records have none."""

    @property
    def feeds(self) -> Mapping[str, Feed]:
        """Return what is read in Acumatica, by name."""

    def rule(self, settings: Settings) -> R:
        """Return what the settings become for this entity."""

    def read_plan(self, settings: Settings, active_since: datetime | None) -> ReadPlan:
        """Return what is read in Acumatica; `active_since`: when the entity was first made active."""

    def computed_with(self, settings: Settings) -> tuple[Any, ...]:
        """Return what beside its rule and its plan makes everything be computed again when it changes."""

    def shown_in(self, settings: Settings) -> tuple[Any, ...] | None:
        """Return where in the shop values are shown; None of documents, each of which has its link."""

    def connections(self, settings: Settings) -> int:
        """Return over how many connections requests may go at once."""

    def is_tuned(self, settings: Settings) -> bool:
        """Return whether the answers' times may change the size of requests, where self-tuning is on."""

    async def refuse_settings(self, context: RunContext[R], *, full: bool, changed: bool) -> None:
        """Raise `ConfigurationConflict` where one of the systems cannot do what the settings ask for.

        full: before a full sync; changed: the settings changed since the last sync.
        """

    async def before_pull(self, context: RunContext[R], *, full: bool) -> None:
        """Do what has to come before Acumatica is read."""

    def ask_ahead(self, context: RunContext[R], pulled: Sequence[Stored], shown: Shown) -> None:
        """Begin to ask Magento about records of a page, which are computed and compared with the rest of their chunk.

        What is not asked here is asked then.
        """

    async def compute(self, context: RunContext[R], pulled: Pulled) -> Computed:
        """Return what has to be stored and queued for one chunk of pulled records."""

    async def before_push(self, context: RunContext[R]) -> None:
        """Raise `ConfigurationConflict` where nothing of this sync may be sent."""

    def requests_at_once(self, context: RunContext[R], count: int, size: int) -> int:
        """Return how many requests' worth of `count` due messages, `size` a request, is delivered together."""

    async def deliver(
        self, context: RunContext[R], client: MagentoClient, claimed: Sequence[Message], size: int | None
    ) -> RequestResult:
        """Send the claimed messages. `size`: how many go into one request, where several are delivered together."""

    def may_be_applied(self, result: RowResult) -> bool:
        """Return whether Magento may show the value though it did not accept it."""

    def outcomes(self, outcomes: list[MessageOutcome], result: RequestResult) -> list[MessageOutcome]:
        """Return the outcomes of a request's messages with what is stored of its delivery."""

    async def before_settle(self, context: RunContext[R]) -> None:
        """Wait for what was sent and may still be applied later, before messages without an answer are settled."""

    async def settle(
        self, context: RunContext[R], client: MagentoClient, unknown: Sequence[Message]
    ) -> list[MessageOutcome]:
        """Return the outcomes of messages without an answer, of those that can be decided: Magento is asked."""

    def decided_at(self, message: Message) -> datetime:
        """Return when a message without an answer is decided at the latest."""

    def recheck_after(self) -> timedelta | None:
        """Return after how long a value that was settled is read again, because a late request may change it."""

    async def still_waiting(
        self, context: RunContext[R], client: MagentoClient, waiting: Sequence[Message]
    ) -> dict[str, NotYet]:
        """Return why messages still wait for something outside the queue, by id; read together."""

    def currency(self, settings: Settings) -> str:
        """Return the currency of what is sent; empty where it is Acumatica's own, or nothing has one."""

    @property
    def routes(self) -> Sequence[Need]:
        """Return the routes of Magento that are called."""

    def conditions(self, settings: Settings) -> frozenset[When]:
        """Return the conditions of routes that the settings fulfil."""

    def fields_read(self, settings: Settings) -> Mapping[str, set[str]]:
        """Return the fields of Acumatica's endpoint that are read, by its entity."""

    def checks_in_acumatica(self, settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
        """Return what Test Connection asks Acumatica about this entity."""

    def checks_in_magento(self, settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
        """Return what Test Connection asks Magento about this entity."""

    def checks_of_settings(self, settings: Settings) -> list[Check]:
        """Return what Test Connection finds in the settings themselves."""

    def spellings(self, settings: Settings, typed: str) -> list[str]:
        """Return the Acumatica keys that somebody may mean by what they typed: `so000003` is `SO 000003`."""

    def value_text(self, value: int | None) -> str:
        """Return a message's value as people read it; empty for a document, whose value is a fingerprint."""

    def explained(self, settings: Settings, state: State, stored: Sequence[Stored]) -> Iterable[Line]:
        """Return what was last read of these records and the rule's result."""

    async def explain_now(self, client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
        """Return what Magento shows at this moment of a record."""

    async def differences(
        self, context: RunContext[R], waiting: Sequence[Message], began: datetime
    ) -> tuple[int, list[Difference]]:
        """Return how many places were compared, and those where Magento does not show what it must, after a full sync
        that sent nothing; `waiting`: what it queued. Failed messages are named by the caller.
        """
