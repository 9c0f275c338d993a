"""From settings to a `RunContext`: here Setup Parameters become the rule, clients and limits of one run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from app.clients import acumatica_access, magento_access
from app.fingerprint import fingerprint_of
from app.record_keys import resolve_keys
from app.run.lease import lease_check
from app.run.request import Limits, RunEnvironment, RunRequest, RunResult
from connector.acumatica.session import acumatica_session
from connector.clock import Clock
from connector.magento.client import MagentoClient
from connector.state.coordination.lease import Lease
from connector.state.coordination.quota import SharedLicence
from connector.state.engine import State
from connector.state.run_state import RunState
from entities.adaptive_batching import AdaptiveBatching
from entities.base import Entity, QueueRule, RunContext
from entities.events import Events, Waiting
from entities.from_settings import item_rule
from entities.names import related_to
from entities.registry import ENTITIES
from entities.shop import Shop
from entities.throughput_search import ThroughputSearch
from settings import Settings
from tasks.stock_priority import allowed_requests


@dataclass(frozen=True)
class Run:
    """A run that holds its lease: its request, settings, state database, limits, and the result that it fills."""

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
        """The name of the entity that the run works on."""
        return self.request.entity

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        return self.environment.clock

    def resolve_keys(self, typed: str) -> list[str]:
        """Return the Acumatica keys to request for a key that a person typed."""
        return resolve_keys(self.state, self.settings, self.entity, typed)

    def fingerprint(self) -> str:
        """Return a text that changes when a setting changes on which every value of the entity depends."""
        return fingerprint_of(self.settings, self.entity, self.active_since)


@asynccontextmanager
async def run_context(run: Run) -> AsyncIterator[RunContext[Any]]:
    """Yield what the stages of the run work with. The Acumatica session is logged out at the end."""
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
            state=RunState(run.state, run.lease, related_to(run.entity)),
            clock=clock,
            acumatica=session,
            shop=_shop(run, entity),
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


def _shop(run: Run, entity: Entity[Any]) -> Shop:
    """Return the shop. Its requests are counted in the run's result, and each write checks the lease first."""
    settings, access = run.settings, magento_access(run.settings)
    before_write = lease_check(run.state, run.lease, run.clock)
    return Shop(
        lambda limit: MagentoClient(access, clock=run.clock, before_write=before_write, limit=limit),
        run.result.counters,
        host=access.host,
        connections=entity.connections(settings),
        store_id=settings.magento.store_id,
        msi=None,
        batching=_batching(settings, entity),
    )


def _queue_rule(settings: Settings) -> QueueRule:
    section = settings.queue
    return QueueRule(
        section.threshold_count,
        section.batch_count,
        section.retry_count,
        report_waits_after=timedelta(days=section.report_waits_after),
        bulk_patience=section.bulk_patience if section.price_transport == "async_bulk" else None,
        skips_unknown_sku=settings.items.unknown_sku == "skip",
    )


def _batching(settings: Settings, entity: Entity[Any]) -> AdaptiveBatching:
    if not settings.queue.self_tuning or not entity.is_tuned(settings):
        return AdaptiveBatching()
    return AdaptiveBatching(
        ThroughputSearch(most_records=settings.queue.batch_count, most_connections=settings.magento.concurrency)
    )
