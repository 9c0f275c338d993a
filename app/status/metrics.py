"""Metrics for Prometheus, read from the state database at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.effective_settings import AppContext
from app.status.entity_status import Activity, EntityStatus, entity_statuses
from connector.acumatica.access import host_of
from connector.state.coordination.quota import LicenceUse, licence_use
from connector.state.operator import comparisons, deliveries
from connector.state.operator.comparisons import Comparison
from connector.state.operator.deliveries import Answers, Delay
from connector.state.operator.overview import Overview
from entities.names import NAMES
from settings.acumatica import Acumatica


@dataclass(frozen=True)
class _Measured:
    """What is measured in addition to the entities' status: the last comparisons by entity, the delays of deliveries,
    the response times of Magento, and the use of the Acumatica licence with its limits.
    """

    compared: Mapping[str, Comparison]
    delays: Mapping[str, Delay]
    answers: Mapping[str, Answers]
    licence: LicenceUse
    limits: Acumatica


class _Collector(Collector):
    def __init__(self, statuses: list[EntityStatus], measured: _Measured, now: datetime) -> None:
        self._statuses, self._measured, self._now = statuses, measured, now

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield self._by_entity(
            "a2m_active", "1 where the entity is active.", lambda one: int(one.activity is not Activity.INACTIVE)
        )
        yield self._by_entity("a2m_paused", "1 where the entity is paused.", lambda one: int(one.overview.paused))
        yield self._by_entity(
            "a2m_working", "1 while a run works on it.", lambda one: int(one.activity is Activity.WORKING)
        )
        yield self._messages()
        yield self._failed_by_code()
        yield self._waiting()
        yield self._by_entity(
            "a2m_oldest_pending_seconds",
            "How long the oldest message has waited for its turn; 0 where none waits.",
            lambda one: self._age(one.overview.oldest_pending) or 0.0,
        )
        yield self._timestamp(
            "a2m_last_sync_timestamp_seconds", "When the last successful sync ended.", lambda one: one.last_sync_at
        )
        yield self._timestamp(
            "a2m_last_full_sync_timestamp_seconds", "When the last full sync ended.", lambda one: one.last_full_sync_at
        )
        yield self._timestamp(
            "a2m_watermark_timestamp_seconds", "How far Acumatica has been pulled.", lambda one: one.watermark
        )
        yield self._timestamp(
            "a2m_fault_since_timestamp_seconds", "Since when its runs have failed.", lambda one: one.fault_since
        )

        yield self._delays()
        yield self._answers()
        yield from self._licence()
        yield from self._last_comparison()

    def _delays(self) -> Metric:
        help_text = "Seconds from a value's queueing to its acceptance, over the last 24 hours."
        family = GaugeMetricFamily("a2m_seconds_to_visible", help_text, labels=["entity", "quantile"])
        for entity, delay in self._measured.delays.items():
            family.add_metric([entity, "0.5"], delay.median)
            family.add_metric([entity, "0.95"], delay.p95)
        return family

    def _answers(self) -> Metric:
        help_text = "Seconds that Magento took for a request, over the last 24 hours."
        family = GaugeMetricFamily("a2m_request_seconds", help_text, labels=["entity", "quantile"])
        for entity, times in self._measured.answers.items():
            for quantile, seconds in (("0.5", times.median), ("0.95", times.p95), ("0.99", times.p99)):
                family.add_metric([entity, quantile], seconds)
        return family

    def _licence(self) -> Iterator[Metric]:
        use, limits = self._measured.licence, self._measured.limits
        yield CounterMetricFamily("a2m_acumatica_requests", "Requests sent to Acumatica.", value=use.requests)
        yield GaugeMetricFamily(
            "a2m_acumatica_requests_per_minute_allowed",
            "Requests per minute that the settings allow; 0: no limit.",
            value=limits.requests_per_minute,
        )
        yield GaugeMetricFamily("a2m_acumatica_sessions", "Sessions with Acumatica in use.", value=use.sessions)
        yield GaugeMetricFamily(
            "a2m_acumatica_sessions_waiting", "Processes that wait for a session.", value=use.waiting
        )
        yield GaugeMetricFamily(
            "a2m_acumatica_sessions_allowed", "Sessions that the settings allow.", value=limits.sessions
        )

    def _last_comparison(self) -> Iterator[Metric]:
        places = GaugeMetricFamily("a2m_compared", "How much the last comparison compared.", labels=["entity"])
        differ = GaugeMetricFamily("a2m_differing", "How many of them differed.", labels=["entity"])
        at = GaugeMetricFamily(
            "a2m_compared_timestamp_seconds", "When the last comparison was made.", labels=["entity"]
        )
        for entity, comparison in self._measured.compared.items():
            if comparison.why_not is None:
                places.add_metric([entity], comparison.places)
                differ.add_metric([entity], comparison.differing)
                at.add_metric([entity], comparison.at.timestamp())
        yield from (places, differ, at)

    def _messages(self) -> Metric:
        family = GaugeMetricFamily("a2m_messages", "Messages by state.", labels=["entity", "state"])
        for status in self._statuses:
            for state, count in status.overview.counts.items():
                family.add_metric([status.entity, state], count)
        return family

    def _failed_by_code(self) -> Metric:
        family = GaugeMetricFamily("a2m_failed", "Failed messages by failure code.", labels=["entity", "code"])
        for status in self._statuses:
            for group in status.groups:
                family.add_metric([status.entity, group.cause], group.how_many)
        return family

    def _waiting(self) -> Metric:
        help_text = "Messages that wait for something outside the queue without having failed, by what they wait for."
        family = GaugeMetricFamily("a2m_waiting", help_text, labels=["entity", "reason"])
        for status in self._statuses:
            for reason, count in status.overview.waiting.items():
                family.add_metric([status.entity, reason], count)
        return family

    def _by_entity(self, name: str, help_text: str, value_of: Callable[[EntityStatus], float]) -> Metric:
        family = GaugeMetricFamily(name, help_text, labels=["entity"])
        for status in self._statuses:
            family.add_metric([status.entity], value_of(status))
        return family

    def _timestamp(self, name: str, help_text: str, moment_of: Callable[[Overview], datetime | None]) -> Metric:
        family = GaugeMetricFamily(name, help_text, labels=["entity"])
        for status in self._statuses:
            moment = moment_of(status.overview)
            if moment is not None:
                family.add_metric([status.entity], moment.timestamp())
        return family

    def _age(self, moment: datetime | None) -> float | None:
        return None if moment is None else (self._now - moment).total_seconds()


def metrics_text(context: AppContext, now: datetime) -> bytes:
    """Return the metrics in Prometheus's text format. Raises `StateError`."""
    with context.state.read() as connection:
        measured = _Measured(
            comparisons.newest(connection),
            deliveries.delays(connection, NAMES, now),
            deliveries.answers(connection, NAMES, now),
            licence_use(connection, host_of(context.settings.acumatica.url), now),
            context.settings.acumatica,
        )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(entity_statuses(context, now), measured, now))
    return generate_latest(registry)
