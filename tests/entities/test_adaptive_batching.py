"""Self-tuning as a push sees it: the size of a request, and which connections are to send."""

import asyncio

import pytest

from connector.magento.batches import ACCEPTED, Delivery, RowResult
from entities.adaptive_batching import AdaptiveBatching
from entities.throughput_search import FIRST_BATCH, FIRST_CONNECTIONS, ThroughputSearch

FAULT = Delivery([RowResult("temporary", "503")])


def tuned(most_records: int = 1000, most_connections: int = 4) -> AdaptiveBatching:
    return AdaptiveBatching(ThroughputSearch(most_records=most_records, most_connections=most_connections))


@pytest.mark.parametrize(
    ("batching", "cut", "size"),
    [
        (AdaptiveBatching(), 1000, 1000),
        (tuned(), 1000, FIRST_BATCH),
        (tuned(), 50, 50),
        (tuned(), 1, 1),
        (tuned(30), 1000, 30),
    ],
)
def test_the_size_of_a_request(batching: AdaptiveBatching, cut: int, size: int) -> None:
    """Never more than the queue was cut to; one by one stays one by one; untuned as the settings say."""
    assert batching.size(cut) == size


def test_which_connections_send() -> None:
    """So many as the pace wants; all of them where nothing is tuned, and at the end of a round."""
    batching = tuned()
    assert [batching.may_send(place) for place in range(4)] == [place < FIRST_CONNECTIONS for place in range(4)]
    batching.end()
    assert batching.may_send(3)
    batching.begin()
    assert not batching.may_send(3)
    assert AdaptiveBatching().may_send(3)


@pytest.mark.parametrize("kind", ["temporary", "unknown", "not_sent"])
def test_a_fault_that_passes_gives_way(kind: str) -> None:
    """The next request has half as many records and goes over a connection less."""
    batching = tuned()
    batching.learn(Delivery([ACCEPTED, RowResult(kind)]), 100, 1.0)  # type: ignore[arg-type]
    assert (batching.size(1000), batching.may_send(1)) == (FIRST_BATCH // 2, False)


def test_a_refusal_is_no_fault() -> None:
    """One record's own failure says nothing of how much Magento can take."""
    batching = tuned()
    batching.learn(Delivery([ACCEPTED, RowResult("refused", "No.")]), 100, 1.0)
    assert (batching.size(1000), batching.may_send(1)) == (FIRST_BATCH, True)


async def test_a_connection_waits_until_it_may_send() -> None:
    """And at the latest until the first one has sent all there was."""
    batching = tuned()
    batching.learn(FAULT, 100, 1.0)
    waiting = asyncio.create_task(batching.wait_until_needed(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    batching.end()
    await waiting


def test_what_it_came_to_is_reported() -> None:
    """Nothing where nothing is tuned."""
    assert AdaptiveBatching().summary() is None
    assert tuned().summary() == "Tuned to 100 records a request over 2 connections."
    assert tuned(5, 1).summary() == "Tuned to 5 records a request over 1 connection."
