"""What becomes of a message by what became of its row in a request, and whether the whole connection is asked about."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from support.messages import message
from support.moment import NOW

from connector.magento.batches import RowResult
from connector.magento.errors import ConnectionFault, MagentoFault
from connector.model.failures import FailureCode
from connector.state.queue.desired import Computed, DesiredValue
from entities.base import ClaimOrder, QueueRule, RunContext
from tasks import push
from tasks.push import Push

Contexts = Callable[..., RunContext[Any]]
PAUSE = timedelta(seconds=4)
LATER = NOW + PAUSE


@pytest.mark.parametrize(
    ("row", "attempts", "stored", "left", "code", "not_before"),
    [
        (RowResult("accepted"), 1, "sent", 1, None, None),
        (RowResult("refused", "No."), 1, "failed", 1, FailureCode.REFUSED_BY_MAGENTO, None),
        (RowResult("refused", "No.", code=FailureCode.UNKNOWN_SKU), 1, "failed", 1, FailureCode.UNKNOWN_SKU, None),
        (RowResult("temporary", "503"), 1, "pending", 1, FailureCode.TEMPORARY, LATER),
        (RowResult("temporary", "503"), 2, "pending", 2, FailureCode.TEMPORARY, LATER),
        (RowResult("temporary", "503"), 3, "failed", 3, FailureCode.OUT_OF_ATTEMPTS, None),
        (RowResult("unknown", "time-out"), 1, "sending", 1, FailureCode.NO_ANSWER, None),
        (RowResult("unknown", "time-out"), 3, "sending", 3, FailureCode.NO_ANSWER, None),
        (RowResult("not_sent"), 3, "pending", 2, None, None),
    ],
)
def test_what_becomes_of_a_message(
    make_context: Contexts, row: RowResult, attempts: int, stored: str, left: int, code: str | None, not_before: Any
) -> None:
    """With three attempts in all: a fault that passes is tried again until none is left, a refusal is final at once, an
    answer that was lost is asked about, and what never left uses no attempt.
    """
    became = push._settled(make_context(), message(attempts=attempts), row, NOW, PAUSE, connection_lost=False)
    assert (became.state, became.attempts, became.cause, became.not_before) == (stored, left, code, not_before)


@pytest.mark.parametrize("kind", ["temporary", "unknown"])
@pytest.mark.parametrize("attempts", [1, 3])
def test_an_outage_uses_no_attempt(make_context: Contexts, kind: Any, attempts: int) -> None:
    """Where Magento as a whole is away, no message is at fault."""
    row = RowResult(kind, "gone")
    became = push._settled(make_context(), message(attempts=attempts), row, NOW, PAUSE, connection_lost=True)
    assert (became.state, became.attempts, became.not_before) == ("pending", attempts - 1, None)


def test_a_refusal_counts_in_an_outage(make_context: Contexts) -> None:
    """It came before the connection was lost."""
    row = RowResult("refused", "No.")
    assert push._settled(make_context(), message(), row, NOW, PAUSE, connection_lost=True).state == "failed"


@pytest.mark.parametrize(
    ("code", "skips", "stored"),
    [
        (FailureCode.UNKNOWN_SKU, True, "skipped"),
        (FailureCode.UNKNOWN_SKU, False, "failed"),
        (None, True, "failed"),
    ],
)
def test_a_product_that_magento_does_not_have(
    make_context: Contexts, code: FailureCode | None, skips: bool, stored: str
) -> None:
    """It is left out where the settings say so; any other refusal is a failure. What was confirmed of it is void."""
    context, row = (
        make_context(queue=QueueRule(25, 100, 3, skips_unknown_sku=skips)),
        RowResult("refused", "No such product", code=code),
    )
    became = push._settled(context, message(), row, NOW, PAUSE, connection_lost=False)
    assert (became.state, became.no_product) == (stored, code is not None)
    assert became.reason is not None and became.reason.startswith("No such product")


def test_a_refusal_without_words_has_a_reason(make_context: Contexts) -> None:
    """The reason says that Magento gave none."""
    became = push._settled(make_context(), message(), RowResult("refused"), NOW, PAUSE, connection_lost=False)
    assert became.reason is not None and "gave no reason" in became.reason


@pytest.mark.parametrize(
    ("kinds", "asks"),
    [
        (["accepted"], False),
        (["accepted", "refused"], False),
        (["waits"], False),
        (["accepted", "temporary"], True),
        (["unknown"], True),
        (["not_sent"], True),
    ],
)
@pytest.mark.parametrize("answers", [True, False])
async def test_whether_the_whole_connection_is_down(
    make_context: Contexts, monkeypatch: pytest.MonkeyPatch, kinds: list[Any], asks: bool, answers: bool
) -> None:
    """After a fault that may be everybody's Magento is asked something harmless: that decides whose fault it was."""
    asked = []

    async def probe(client: object) -> None:
        asked.append(client)
        if not answers:
            raise ConnectionFault("refused")

    monkeypatch.setattr(push, "probe", probe)
    client: Any = object()
    fault = await push._probe_fault(make_context(), Push(1), client, [RowResult(kind) for kind in kinds])
    assert asked == ([client] if asks else [])
    assert isinstance(fault, MagentoFault) == (asks and not answers)


async def test_a_host_that_says_when_to_come_back_is_there(
    make_context: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked for that it answers."""
    monkeypatch.setattr(push, "probe", None)
    client: Any = object()
    rows = [RowResult("temporary", "429", 30.0), RowResult("temporary", "503")]
    assert await push._probe_fault(make_context(), Push(1), client, rows) is None


async def test_several_faults_in_a_row_ask_once(make_context: Contexts, monkeypatch: pytest.MonkeyPatch) -> None:
    """For five seconds one answer holds."""
    asked = []

    async def probe(_client: object) -> None:
        asked.append(context.clock.now())

    monkeypatch.setattr(push, "probe", probe)
    context, cut = make_context(), Push(1)
    client: Any = object()
    for pause in (0, 4, 1):
        await context.clock.sleep(pause)
        await push._probe_fault(context, cut, client, [RowResult("temporary", "503")])
    assert [(at - NOW).total_seconds() for at in asked] == [0, 5]


@pytest.mark.parametrize(
    ("array_limit", "operations", "size", "operation_size"),
    [(None, 1, 100, None), (20, 1, 20, None), (500, 4, 100, 100)],
)
def test_a_request_keeps_to_the_shops_own_limit(
    make_context: Contexts, array_limit: int | None, operations: int, size: int, operation_size: int | None
) -> None:
    """Once a shop has said how many entries it takes, no further request has more; only bulks have operations."""
    cut, context = Push(100, operations, array_limit=array_limit), make_context()
    assert (cut.request_size(context), cut.operation_size(context)) == (size, operation_size)


def test_stock_outs_are_searched_for_until_none_is_left() -> None:
    """A request without one says so, until more is queued."""
    cut = Push(10)
    cut.learn([message(value=0), message(value=5)], cut.news)
    assert cut.stock_outs
    cut.learn([message(value=5)], cut.news)
    assert not cut.stock_outs
    cut.report_progress(more_to_come=True)
    assert cut.stock_outs


async def test_a_claim_says_nothing_of_what_is_queued_meanwhile(
    make_context: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stock-out of a chunk that is queued while a claim without one is written goes first all the same."""
    context = make_context(claim_order=ClaimOrder.ZEROS_FIRST)
    context.state.commit(Computed(["A"], [DesiredValue("A", "A", "", "A", 5)], None), NOW)
    cut, loop, settle = Push(1, more_to_come=True), asyncio.get_running_loop(), context.state.settle

    def written_while_more_is_queued(answers: Any, now: Any) -> Any:
        claims = settle(answers, now)
        loop.call_soon_threadsafe(partial(cut.report_progress, more_to_come=True))
        return claims

    monkeypatch.setattr(context.state, "settle", written_while_more_is_queued)
    assert [one.key for one in await push._claim(context, cut, 0)] == ["A"]
    await cut.outcomes.close(context)
    assert cut.stock_outs
