"""From settings to a `RunContext`: the one place where Setup Parameters become rules, clients and limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from app.fingerprint import fingerprint_of
from app.keys import keys_of
from app.lease_holder import LONG_PATIENCE, lease_check, somebody
from app.run_request import Limits, RunEnvironment, RunRequest, RunResult
from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.session import AcumaticaSession, acumatica_session
from connector.clock import Clock
from connector.magento.auth import Bearer, OAuth
from connector.magento.client import MagentoAccess, MagentoClient
from connector.state.coordination.lease import Lease
from connector.state.coordination.quota import SharedLicence
from connector.state.engine import State
from connector.state.run_state import RunState
from entities.adaptive_batching import AdaptiveBatching
from entities.base import Entity, QueueRule, RunContext
from entities.counters import Counters
from entities.events import Events, Waiting
from entities.from_settings import item_rule
from entities.registry import ENTITIES
from entities.shop import Shop
from entities.throughput_search import ThroughputSearch
from settings import Settings
from tasks.stock_priority import allowed_requests


@dataclass(frozen=True)
class Run:
    """A run that has its lease: what is asked of it, with which settings, and where it leaves what it does."""

    request: RunRequest
    settings: Settings
    state: State
    lease: Lease
    environment: RunEnvironment
    limits: Limits
    active_since: datetime
    events: Events
    result: RunResult

    @property
    def entity(self) -> str:
        """The name of the entity that it works on."""
        return self.request.entity

    @property
    def clock(self) -> Clock:
        """The clock of all that it does."""
        return self.environment.clock

    def keys_of(self, typed: str) -> list[str]:
        """Return the Acumatica keys to ask for by what somebody typed."""
        return keys_of(self.state, self.settings, self.entity, typed)

    def fingerprint(self) -> str:
        """Changes when a setting changes that every value of the entity depends on."""
        return fingerprint_of(self.settings, self.entity, self.active_since)


@asynccontextmanager
async def run_context(run: Run) -> AsyncIterator[RunContext[Any]]:
    """Yield what the run works with; its Acumatica session is logged out at the end."""
    settings, clock, entity = run.settings, run.clock, ENTITIES[run.entity]
    access = acumatica_access(settings)
    acumatica = settings.acumatica
    licence = SharedLicence(
        run.environment.licence_state or run.state,
        clock,
        access.host,
        session_limit=acumatica.sessions,
        requests_per_minute=acumatica.requests_per_minute,
        holder=f"{run.entity}: {run.lease.holder}",
        report=lambda message: run.events.emit(Waiting(run.entity, message)),
    )
    zone = acumatica.zone()

    def today() -> date:
        return clock.now().astimezone(zone).date()

    async with acumatica_session(
        access,
        licence=licence,
        clock=clock,
        patience=run.limits.session_wait,
        ends_at=None if run.request.is_one_sync() else run.limits.ends_at,
    ) as session:
        context = RunContext(
            entity=entity,
            state=RunState(run.state, run.lease),
            clock=clock,
            acumatica=session,
            shop=shop(
                settings,
                run.result.counters,
                clock,
                connections=entity.connections(settings),
                before_write=lease_check(run.state, run.lease, clock),
                batching=_batching(settings, entity),
            ),
            queue=_queue_rule(settings),
            read=msgspec.structs.replace(
                entity.read_plan(settings, run.active_since), full_read_interval=acumatica.full_read_interval
            ),
            items=item_rule(settings),
            rule=entity.rule(settings),
            today=today,
            counters=run.result.counters,
            remarks=run.result.remarks,
            ends_at=run.limits.ends_at,
            events=run.events,
        )
        context.shop.limit.allowed = allowed_requests(context)
        yield context


def _queue_rule(settings: Settings) -> QueueRule:
    chosen = settings.queue
    return QueueRule(
        chosen.threshold_count,
        chosen.batch_count,
        chosen.retry_count,
        report_waits_after=timedelta(days=chosen.report_waits_after),
        bulk_patience=chosen.bulk_patience if chosen.price_transport == "async_bulk" else None,
        skips_unknown_sku=settings.items.unknown_sku == "skip",
    )


def _batching(settings: Settings, entity: Entity[Any]) -> AdaptiveBatching:
    if not settings.queue.self_tuning or not entity.is_tuned(settings):
        return AdaptiveBatching()
    return AdaptiveBatching(
        ThroughputSearch(most_records=settings.queue.batch_count, most_connections=settings.magento.concurrency)
    )


@asynccontextmanager
async def acumatica_by_hand(
    settings: Settings, state: State, clock: Clock, what: str, waits: Callable[[str], object]
) -> AsyncIterator[AcumaticaSession]:
    """Yield a session for what a person started, within the licence that all processes share; `what`: for others to
    read.
    """
    access, chosen = acumatica_access(settings), settings.acumatica
    licence = SharedLicence(
        state,
        clock,
        access.host,
        session_limit=chosen.sessions,
        requests_per_minute=chosen.requests_per_minute,
        by_hand=True,
        holder=f"{what}: {somebody()}",
        report=waits,
    )
    async with acumatica_session(access, licence=licence, clock=clock, patience=LONG_PATIENCE) as session:
        yield session


def acumatica_access(settings: Settings) -> AcumaticaAccess:
    """Return where Acumatica is, and as whom to log in."""
    chosen = settings.acumatica
    return AcumaticaAccess(
        url=chosen.url,
        tenant=chosen.tenant,
        username=chosen.username,
        password=chosen.password.get_secret_value() if chosen.password else "",
        branch=chosen.branch,
        client_id=chosen.client_id,
        client_secret=chosen.client_secret.get_secret_value() if chosen.client_secret else "",
        endpoint=chosen.endpoint,
        version=chosen.version,
        page_size=chosen.page_size,
        timeout=chosen.timeout,
        concurrency=chosen.concurrency,
    )


def magento_access(settings: Settings) -> MagentoAccess:
    """Return where Magento is, and how to be let in; OAuth goes before a bearer token."""
    chosen = settings.magento

    def secret(name: str) -> str:
        value = getattr(chosen, name)
        return str(value.get_secret_value()) if value else ""

    auth: Bearer | OAuth = Bearer(secret("bearer_token"))
    if chosen.consumer_key:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        auth = OAuth(*(secret(name) for name in names))
    return MagentoAccess(chosen.url, auth, chosen.store_code, chosen.timeout)


def shop(
    settings: Settings,
    counters: Counters,
    clock: Clock,
    *,
    connections: int | None = None,
    before_write: Callable[[], object] = lambda: None,
    batching: AdaptiveBatching | None = None,
) -> Shop:
    """Return the shop, with its requests counted; `connections`: how many, where fewer than the settings say."""
    access = magento_access(settings)
    return Shop(
        lambda limit: MagentoClient(access, clock=clock, before_write=before_write, limit=limit),
        counters,
        host=access.host,
        connections=settings.magento.concurrency if connections is None else connections,
        store_id=settings.magento.store_id,
        msi=None,
        batching=batching,
    )
