"""Self-tuning finds the size of a request and the connections, and never leaves the administrator's bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entities.throughput_search import ThroughputSearch

Seconds = Callable[[int, int], float]


def two_cores(batch: int, connections: int) -> float:
    """Seconds of one request at a shop whose two cores do all the work: more connections only wait."""
    return (0.03 + 0.0001 * batch) * max(1.0, connections / 2)


def many_cores(batch: int, connections: int) -> float:
    return 0.03 + 0.001 * batch


def large_requests_are_slow(batch: int, connections: int) -> float:
    """From 200 records on a request costs more than two of half its size."""
    return (0.03 + 0.0001 * batch * max(1.0, batch / 100)) * max(1.0, connections / 2)


def after(pace: ThroughputSearch, seconds: Seconds, answers: int = 4_000) -> ThroughputSearch:
    for _answer in range(answers):
        pace.answered(pace.batch, seconds(pace.batch, pace.connections), is_fault=False)
    return pace


def rate(pace: ThroughputSearch, seconds: Seconds) -> float:
    return pace.batch * pace.connections / seconds(pace.batch, pace.connections)


@pytest.mark.parametrize("seconds", [two_cores, many_cores, large_requests_are_slow])
def test_it_comes_close_to_the_best_that_the_bounds_allow(seconds: Seconds):
    """Whatever the shop is like, after a while it takes at least 90 % of what it could at best."""
    possible = [(batch, connections) for batch in range(1, 1001) for connections in range(1, 9)]
    best = max(batch * connections / seconds(batch, connections) for batch, connections in possible)
    assert rate(after(ThroughputSearch(most_records=1000, most_connections=8), seconds), seconds) >= 0.9 * best


def test_a_shop_that_times_out_on_large_requests_gets_smaller_ones():
    """A fault that passes halves the request and gives up a connection at once."""
    pace = after(ThroughputSearch(most_records=1000, most_connections=8), many_cores)
    batch, connections = pace.batch, pace.connections
    pace.answered(batch, 30.0, is_fault=True)
    assert (pace.batch, pace.connections) == (batch // 2, connections - 1)
    for _fault in range(20):
        pace.answered(pace.batch, 30.0, is_fault=True)
    assert (pace.batch, pace.connections) == (1, 1)


def test_after_the_storm_it_climbs_again():
    """What a fault took away is tried again later."""
    pace = ThroughputSearch(most_records=400, most_connections=4)
    for _fault in range(20):
        pace.answered(pace.batch, 30.0, is_fault=True)
    assert rate(after(pace, two_cores), two_cores) >= 0.9 * 400 * 2 / two_cores(400, 2)


@given(
    most_records=st.integers(1, 1000),
    most_connections=st.integers(1, 16),
    answers=st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=300),
)
def test_it_stays_within_the_bounds(most_records: int, most_connections: int, answers: list[tuple[float, bool]]):
    """Whatever is answered: at least one record over one connection, at most what the administrator allows."""
    pace = ThroughputSearch(most_records=most_records, most_connections=most_connections)
    for seconds, is_fault in answers:
        pace.answered(pace.batch, seconds, is_fault=is_fault)
        assert 1 <= pace.batch <= most_records
        assert 1 <= pace.connections <= most_connections
