"""Outcomes of several connections are kept together, and each connection gets what is its own."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest
from support.moment import NOW

from connector.state.coordination import lease
from connector.state.coordination.lease import LeaseLost
from connector.state.engine import State
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import BatchResult, ClaimSpec, MessageOutcome
from entities.base import RunContext
from tasks.outcome_writer import OutcomeWriter

WISH = ClaimSpec("shop", 2, [1])


@pytest.fixture
def context(make_context: Callable[..., RunContext[Any]]) -> RunContext[Any]:
    """A context with nine messages in its queue."""
    made = make_context()
    wanted = [DesiredValue(key, key, "", key, 10) for key in "ABCDEFGHI"]
    made.state.commit(Computed(list("ABCDEFGHI"), wanted, None), NOW)
    return made


async def test_each_connection_gets_a_claim_of_its_own(context: RunContext[Any]) -> None:
    """Of the size that it asked for, and no message is given to two."""
    kept = OutcomeWriter()
    claims = await asyncio.gather(*(kept.write(context, BatchResult([], then=WISH)) for _connection in range(3)))
    assert [[one.key for one in claimed] for claimed in claims] == [["A", "B"], ["C", "D"], ["E", "F"]]


async def test_what_comes_while_one_commit_is_written_goes_into_the_next(
    context: RunContext[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three answers take two commits, not three."""
    commits: list[int] = []
    began, others_are_there, settle = threading.Event(), threading.Event(), context.state.settle

    def counted(answers: Any, now: Any) -> Any:
        commits.append(len(answers))
        began.set()
        assert others_are_there.wait(60)
        return settle(answers, now)

    monkeypatch.setattr(context.state, "settle", counted)
    kept = OutcomeWriter()
    first = asyncio.create_task(kept.write(context, BatchResult([], then=WISH)))
    await asyncio.to_thread(began.wait, 60)
    others = [asyncio.create_task(kept.write(context, BatchResult([], then=WISH))) for _connection in range(2)]
    await asyncio.sleep(0)
    others_are_there.set()
    claims = await asyncio.gather(first, *others)
    assert (commits, [len(claimed) for claimed in claims]) == ([1, 2], [2, 2, 2])


async def test_what_comes_shortly_after_goes_into_the_same_commit(
    context: RunContext[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that another connection brings a few turns of the event loop later takes no commit of its own."""
    commits, settle = [], context.state.settle

    def counted(answers: Any, now: Any) -> Any:
        commits.append(len(answers))
        return settle(answers, now)

    monkeypatch.setattr(context.state, "settle", counted)
    kept = OutcomeWriter()
    first = asyncio.create_task(kept.write(context, BatchResult([], then=WISH)))
    for _turn in range(3):
        await asyncio.sleep(0)
    await asyncio.gather(first, kept.write(context, BatchResult([], then=WISH)))
    assert commits == [2]


async def test_a_fault_is_raised_to_all_who_wait_for_the_commit(state: State, context: RunContext[Any]) -> None:
    """Nobody goes on as if its outcomes were kept."""
    kept = OutcomeWriter()
    later = NOW + timedelta(hours=1)
    lease.acquire(state, "price", "another run", later)
    ends = await asyncio.gather(
        *(kept.write(context, BatchResult([], then=WISH)) for _connection in range(3)), return_exceptions=True
    )
    assert [type(end) for end in ends] == [LeaseLost] * 3


async def test_a_thread_is_there_from_the_first_outcome_to_the_end(
    context: RunContext[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written in it knows the context variables of the run, and what comes after the end is written too."""
    run: ContextVar[str] = ContextVar("run")
    run.set("of this test")
    seen, settle = [], context.state.settle

    def noted(answers: Any, now: Any) -> Any:
        seen.append((threading.current_thread(), run.get(None)))
        return settle(answers, now)

    monkeypatch.setattr(context.state, "settle", noted)
    kept = OutcomeWriter()
    for _round in range(2):
        for _request in range(2):
            await kept.write(context, BatchResult([], then=WISH))
        await kept.close(context)
    await kept.close(context)
    threads = [thread for thread, _run in seen]
    assert threads[0] is threads[1] and threads[2] is threads[3] and threads[0] is not threads[2]
    assert not any(thread.is_alive() for thread in threads)
    assert {of for _thread, of in seen} == {"of this test"}


async def test_the_end_waits_for_what_is_written(context: RunContext[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody waits for the outcome any more."""
    began, settle, ended = threading.Event(), context.state.settle, []

    def slow(answers: Any, now: Any) -> Any:
        began.set()
        time.sleep(0.05)
        ended.append(settle(answers, now))
        return ended[0]

    monkeypatch.setattr(context.state, "settle", slow)
    kept = OutcomeWriter()
    waiting = asyncio.create_task(kept.write(context, BatchResult([], then=WISH)))
    await asyncio.to_thread(began.wait, 60)
    waiting.cancel()
    await kept.close(context)
    assert len(ended) == 1


async def test_the_end_waits_for_what_is_to_be_written_next(
    context: RunContext[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a cancelled connection brought while another's was written is kept too, nothing is claimed for it, and no
    thread is left.
    """
    kept = OutcomeWriter()
    sent = await kept.write(context, BatchResult([], then=WISH))
    began, may_end, settle, threads = threading.Event(), threading.Event(), context.state.settle, []

    def slow(answers: Any, now: Any) -> Any:
        threads.append(threading.current_thread())
        began.set()
        may_end.wait(60)
        return settle(answers, now)

    monkeypatch.setattr(context.state, "settle", slow)
    first = asyncio.create_task(kept.write(context, BatchResult([], then=WISH)))
    await asyncio.to_thread(began.wait, 60)
    second = asyncio.create_task(kept.write(context, BatchResult([], then=WISH, sent=sent)))
    await asyncio.sleep(0)
    second.cancel()
    ends = asyncio.create_task(kept.close(context))
    await asyncio.sleep(0)
    may_end.set()
    await ends
    under_way = {one.key for one in context.state.in_doubt()}
    assert {one.key for one in await first} == under_way == {"C", "D"}
    assert len(threads) == 2 and not any(thread.is_alive() for thread in threads)


async def test_the_end_waits_for_the_thread_alone(context: RunContext[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's signal raises wherever the event loop is, also where it hands claims out: the end comes even then."""
    monkeypatch.setattr(context.state, "settle", lambda _answers, _now: [])  # so that nothing can be handed out
    kept = OutcomeWriter()
    waiting = asyncio.create_task(kept.write(context, BatchResult([], then=WISH)))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.wait_for(kept.close(context), 5)


async def test_without_a_thread_the_outcomes_are_not_waited_for(
    context: RunContext[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine gives no thread the error is raised, and the next outcome tries again."""

    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    kept = OutcomeWriter()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError, match="new thread"):
            await asyncio.wait_for(kept.write(context, BatchResult([], then=WISH)), 5)
    assert len(await kept.write(context, BatchResult([], then=WISH))) == 2
    await kept.close(context)


async def test_reasons_are_stored_in_the_words_of_the_screen(context: RunContext[Any]) -> None:
    """A setting is called as the form calls it, with its name behind."""
    kept = OutcomeWriter()
    (first, second) = await kept.write(context, BatchResult([], then=WISH))
    reasons = ("Not as A2M_QUEUE__RETRY_COUNT says.", "Magento said no.")
    outcomes = [
        MessageOutcome(one, "failed", "refused", why) for one, why in zip((first, second), reasons, strict=True)
    ]
    await kept.write(context, BatchResult(outcomes))
    kept_reasons = [one.reason for one in context.state.failed()]
    assert kept_reasons[0] != reasons[0] and "Retry Count" in (kept_reasons[0] or "")
    assert kept_reasons[1] == reasons[1]
