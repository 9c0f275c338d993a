"""How the connector stands, in figures for Prometheus: read from the state database when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.effective_settings import AppContext
from app.status.entity_status import Activity, Standing, standings
from connector.acumatica.access import host_of
from connector.state.coordination.quota import LicenceUse, licence_use
from connector.state.operator import comparisons, deliveries
from connector.state.operator.comparisons import Comparison
from connector.state.operator.deliveries import Answers, Delay
from connector.state.operator.overview import Overview
from entities.names import NAMES
from settings.acumatica import Acumatica


@dataclass(frozen=True)
class Seen:
    """What is measured beside the entities' standing: the last comparisons, how long deliveries and Magento's answers
    took, and what is used of Acumatica's licence.
    """

    compared: Mapping[str, Comparison]
    delays: Mapping[str, Delay]
    answers: Mapping[str, Answers]
    licence: LicenceUse
    allowed: Acumatica


Figure = Callable[[Standing], float]


class _Figures(Collector):
    def __init__(self, found: list[Standing], seen: Seen, now: datetime) -> None:
        self._found, self._seen, self._now = found, seen, now

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        yield self._of_each(
            "a2m_active", "1 where the entity is active.", lambda one: int(one.activity is not Activity.INACTIVE)
        )
        yield self._of_each("a2m_paused", "1 where the entity is paused.", lambda one: int(one.overview.paused))
        yield self._of_each(
            "a2m_working", "1 while a run works on it.", lambda one: int(one.activity is Activity.WORKING)
        )
        yield self._messages()
        yield self._failed_by_code()
        yield self._waiting()
        yield self._of_each(
            "a2m_oldest_pending_seconds",
            "How long the oldest message has waited for its turn; 0 where none waits.",
            lambda one: self._age(one.overview.oldest_pending) or 0.0,
        )
        yield self._since(
            "a2m_last_sync_timestamp_seconds", "When the last successful sync ended.", lambda one: one.last_sync_at
        )
        yield self._since(
            "a2m_last_full_sync_timestamp_seconds", "When the last full sync ended.", lambda one: one.last_full_sync_at
        )
        yield self._since(
            "a2m_watermark_timestamp_seconds", "How far Acumatica has been pulled.", lambda one: one.watermark
        )
        yield self._since(
            "a2m_fault_since_timestamp_seconds", "Since when its runs have failed.", lambda one: one.fault_since
        )

        yield self._delays()
        yield self._answers()
        yield from self._licence()
        yield from self._of_the_last_comparison()

    def _delays(self) -> Metric:
        help_text = "Seconds from a value's queueing to its acceptance, over the last 24 hours."
        family = GaugeMetricFamily("a2m_seconds_to_visible", help_text, labels=["entity", "quantile"])
        for entity, one in self._seen.delays.items():
            family.add_metric([entity, "0.5"], one.median)
            family.add_metric([entity, "0.95"], one.p95)
        return family

    def _answers(self) -> Metric:
        help_text = "Seconds that Magento took for a request, over the last 24 hours."
        family = GaugeMetricFamily("a2m_request_seconds", help_text, labels=["entity", "quantile"])
        for entity, one in self._seen.answers.items():
            for quantile, seconds in (("0.5", one.median), ("0.95", one.p95), ("0.99", one.p99)):
                family.add_metric([entity, quantile], seconds)
        return family

    def _licence(self) -> Iterator[Metric]:
        use, allowed = self._seen.licence, self._seen.allowed
        yield CounterMetricFamily("a2m_acumatica_requests", "Requests sent to Acumatica.", value=use.requests)
        yield GaugeMetricFamily(
            "a2m_acumatica_requests_per_minute_allowed",
            "Requests per minute that the settings allow; 0: no limit.",
            value=allowed.requests_per_minute,
        )
        yield GaugeMetricFamily("a2m_acumatica_sessions", "Sessions with Acumatica in use.", value=use.sessions)
        yield GaugeMetricFamily(
            "a2m_acumatica_sessions_waiting", "Processes that wait for a session.", value=use.waiting
        )
        yield GaugeMetricFamily(
            "a2m_acumatica_sessions_allowed", "Sessions that the settings allow.", value=allowed.sessions
        )

    def _of_the_last_comparison(self) -> Iterator[Metric]:
        places = GaugeMetricFamily("a2m_compared", "How much the last comparison compared.", labels=["entity"])
        differ = GaugeMetricFamily("a2m_differing", "How many of them differed.", labels=["entity"])
        at = GaugeMetricFamily(
            "a2m_compared_timestamp_seconds", "When the last comparison was made.", labels=["entity"]
        )
        for entity, one in self._seen.compared.items():
            if one.why_not is None:
                places.add_metric([entity], one.places)
                differ.add_metric([entity], one.differing)
                at.add_metric([entity], one.at.timestamp())
        yield from (places, differ, at)

    def _messages(self) -> Metric:
        family = GaugeMetricFamily("a2m_messages", "Messages by state.", labels=["entity", "state"])
        for one in self._found:
            for state, count in one.overview.counts.items():
                family.add_metric([one.entity, state], count)
        return family

    def _failed_by_code(self) -> Metric:
        family = GaugeMetricFamily("a2m_failed", "Failed messages by failure code.", labels=["entity", "code"])
        for one in self._found:
            for group in one.groups:
                family.add_metric([one.entity, group.cause], group.how_many)
        return family

    def _waiting(self) -> Metric:
        help_text = "Messages that wait for something outside the queue without having failed, by what they wait for."
        family = GaugeMetricFamily("a2m_waiting", help_text, labels=["entity", "reason"])
        for one in self._found:
            for reason, count in one.overview.waiting.items():
                family.add_metric([one.entity, reason], count)
        return family

    def _of_each(self, name: str, help_text: str, figure: Figure) -> Metric:
        family = GaugeMetricFamily(name, help_text, labels=["entity"])
        for one in self._found:
            family.add_metric([one.entity], figure(one))
        return family

    def _since(self, name: str, help_text: str, moment_of: Callable[[Overview], datetime | None]) -> Metric:
        family = GaugeMetricFamily(name, help_text, labels=["entity"])
        for one in self._found:
            moment = moment_of(one.overview)
            if moment is not None:
                family.add_metric([one.entity], moment.timestamp())
        return family

    def _age(self, moment: datetime | None) -> float | None:
        return None if moment is None else (self._now - moment).total_seconds()


def as_text(here: AppContext, now: datetime) -> bytes:
    """Return the figures in Prometheus's text format. Raises `StateError`."""
    with here.state.read() as connection:
        seen = Seen(
            comparisons.newest(connection),
            deliveries.delays(connection, NAMES, now),
            deliveries.answers(connection, NAMES, now),
            licence_use(connection, host_of(here.settings.acumatica.url), now),
            here.settings.acumatica,
        )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(standings(here, now), seen, now))
    return generate_latest(registry)
