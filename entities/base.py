"""The interface between the stages and the entities: the `Entity` protocol, the context of a run, and the feeds.

The stages (`tasks`) know entities only by this protocol; `entities.registry` lists them. `entities.values` holds what
price and inventory share, `entities.documents` what customer, order and shipment share.
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
"""An entity's rule, made from its section of the settings."""
R_co = TypeVar("R_co", covariant=True)


class QueueRule(msgspec.Struct, frozen=True):
    """How the queue is divided into requests, and how often a message is attempted (Queue Processing Settings).

    `report_waits_after`: a message that waits for something else is reported after this time. `bulk_patience`: the
    seconds after which the values of an unprocessed bulk are sent another way; None if nothing is sent in bulks.
    `skips_unknown_sku`: a SKU that Magento does not have is skipped and is not a failure.
    """

    threshold_count: int
    batch_count: int
    retry_count: int
    report_waits_after: timedelta = timedelta(days=7)
    bulk_patience: int | None = None
    skips_unknown_sku: bool = False


class RunContext(msgspec.Struct, Generic[R]):
    """What one run of an entity works with: its state, both systems, and its rule.

    `today` returns the date in the tenant's zone. `ends_at`: when the run's time is over. `is_pulling`: Acumatica is
    being read. It is not a dataclass, because Prefect inspects the parameters of a task and would walk through all of
    it.
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
        """The entity's name, as it is stored in the state database."""
        return self.entity.name


@dataclass(frozen=True)
class FeedPage:
    """Parts of records by Acumatica key. `last_key`: where to continue; None if the feed cannot be continued from a
    key.

    `problems`: (Acumatica key, reason) of records that could not be read. `whole`: each part is everything that the
    feed has for its record, even if only changes were requested.
    """

    parts: dict[str, Any]
    last_key: str | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = False


def replaced(_before: Any, part: Any, *, whole: bool) -> Any:
    """Return the part, which is everything that the feed has for its record."""
    return part


def merged(before: Any, part: Any, *, whole: bool) -> Any:
    """Return the entries of both, where those of the part override. If the part is everything that the feed has, return
    it.
    """
    return part if whole else {**before, **part}


@dataclass(frozen=True)
class Feed:
    """One list that is read in Acumatica.

    pages: reads what changed since a time (None: everything), after a key. of_keys: reads the records with these keys.
    reports_changes: whether only changes can be requested. nothing: the part of a record that the feed no longer has.
    attribute: the field of a `Record` with its part. seen: the column of `Stored` with the sweep that last saw it.
    merge: combines the stored part with the one that was read. kind: distinguishes feeds that share a column.
    of_records: it reads records and not only parts of them, so a full sync computes everything that it reads again.
    outlives_sweeps: a record that a sweep did not see may still exist, and is read by its key.
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
    """The order in which due messages are claimed."""

    BY_KEY = "by_key"
    ZEROS_FIRST = "zeros_first"


class RequestResult(msgspec.Struct, frozen=True):
    """The result of a request: the outcome of each message, and the document in Magento."""

    delivery: Delivery
    document: Any = None


class Entity(Protocol[R]):
    """One kind of record that goes from Acumatica to Magento.

    name: used in settings, tables and commands. urgency, claim_order: see the classes. is_batched: several messages go
    into one request. merges_feeds: what a feed reports of a record is computed only once no other feed of the sync can
    have news of it. has_daily_full_sync: Acumatica does not report every change, so everything is read again once a
    day. follows: the entities whose records must be in Magento first.
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
        """Return how both sides of a link are checked; None if records have no links."""

    @property
    def feeds(self) -> Mapping[str, Feed]:
        """Return the feeds that are read in Acumatica, by name."""

    def rule(self, settings: Settings) -> R:
        """Return this entity's rule."""

    def read_plan(self, settings: Settings, active_since: datetime | None) -> ReadPlan:
        """Return what is read in Acumatica; `active_since`: when the entity was first active."""

    def computed_with(self, settings: Settings) -> tuple[Any, ...]:
        """Return further settings whose change makes everything be computed again, besides the rule and the
        read plan.
        """

    def shown_in(self, settings: Settings) -> tuple[Any, ...] | None:
        """Return where in the shop values are shown; None for documents, each of which has its link."""

    def connections(self, settings: Settings) -> int:
        """Return the number of connections over which requests may be sent in parallel."""

    def is_tuned(self, settings: Settings) -> bool:
        """Return whether self-tuning, if it is on, may change the size of requests."""

    async def refuse_settings(self, context: RunContext[R], *, full: bool, changed: bool) -> None:
        """Raise `ConfigurationConflict` if one of the systems cannot do what the settings ask for.

        full: before a full sync. changed: the settings changed since the last sync.
        """

    async def before_pull(self, context: RunContext[R], *, full: bool) -> None:
        """Do what must happen before Acumatica is read."""

    def ask_ahead(self, context: RunContext[R], pulled: Sequence[Stored], shown: Shown) -> None:
        """Start reading from Magento what is needed to compute and compare the records of a page, before their chunk is
        complete.

        Whatever is not requested here is requested then.
        """

    async def compute(self, context: RunContext[R], pulled: Pulled) -> Computed:
        """Return what has to be stored and queued for one chunk of pulled records."""

    async def before_push(self, context: RunContext[R]) -> None:
        """Raise `ConfigurationConflict` if nothing of this sync may be sent."""

    def requests_at_once(self, context: RunContext[R], count: int, size: int) -> int:
        """Return for how many requests' worth of `count` due messages, `size` per request, one delivery is made."""

    async def deliver(
        self, context: RunContext[R], client: MagentoClient, claimed: Sequence[Message], size: int | None
    ) -> RequestResult:
        """Send the claimed messages. `size`: the number per request, if several requests are delivered together."""

    def may_be_applied(self, result: RowResult) -> bool:
        """Return whether Magento may show the value although it did not accept it."""

    def outcomes(self, outcomes: list[MessageOutcome], result: RequestResult) -> list[MessageOutcome]:
        """Return the outcomes of a request's messages, with what is stored of its delivery."""

    async def before_settle(self, context: RunContext[R]) -> None:
        """Wait for requests that may still be applied, before messages without an answer are settled."""

    async def settle(
        self, context: RunContext[R], client: MagentoClient, unknown: Sequence[Message]
    ) -> list[MessageOutcome]:
        """Return the outcomes of those messages without an answer that can be decided by asking Magento."""

    def decided_at(self, message: Message) -> datetime:
        """Return the latest time at which a message without an answer is decided."""

    def recheck_after(self) -> timedelta | None:
        """Return after what time a settled value is read again, because a late request may change it."""

    async def still_waiting(
        self, context: RunContext[R], client: MagentoClient, waiting: Sequence[Message]
    ) -> dict[str, NotYet]:
        """Return why messages still wait for something outside the queue, by message id. All are read together."""

    def currency(self, settings: Settings) -> str:
        """Return the currency of what is sent; empty if it is Acumatica's own, or there is none."""

    @property
    def routes(self) -> Sequence[Need]:
        """Return the routes of Magento that are called."""

    def conditions(self, settings: Settings) -> frozenset[When]:
        """Return the conditions of routes that the settings fulfil."""

    def fields_read(self, settings: Settings) -> Mapping[str, set[str]]:
        """Return the fields that are read of each entity of Acumatica's endpoint."""

    def checks_in_acumatica(self, settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
        """Return Test Connection's checks of this entity in Acumatica."""

    def checks_in_magento(self, settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
        """Return Test Connection's checks of this entity in Magento."""

    def checks_of_settings(self, settings: Settings) -> list[Check]:
        """Return Test Connection's checks of the settings alone."""

    def spellings(self, settings: Settings, typed: str) -> list[str]:
        """Return the Acumatica keys that a typed text may mean: `so000003` is `SO 000003`."""

    def value_text(self, value: int | None) -> str:
        """Return a message's value as people read it; empty for a document, whose value is a fingerprint."""

    def explained(self, settings: Settings, state: State, stored: Sequence[Stored]) -> Iterable[Line]:
        """Return what was last read of these records and the rule's result."""

    async def explain_now(self, client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
        """Return what Magento shows of a record at this moment."""

    async def differences(
        self, context: RunContext[R], waiting: Sequence[Message], began: datetime
    ) -> tuple[int, list[Difference]]:
        """Return the number of compared places, and those where Magento does not show what it must.

        Called after a full sync that sent nothing; `waiting`: the messages that it queued. The caller adds failed
        messages.
        """
