"""The five stages as Prefect tasks: one task run per stage and chunk, never cached, never persisted."""

from __future__ import annotations

from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from tasks.compute import compute
from tasks.confirm import confirm
from tasks.push import FIRST_PAUSE, LONGEST_PAUSE, PushAgain, push
from tasks.queue import queue
from tasks.sync import Stages, pull


async def _is_worth_another_round(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether the push asked to be repeated. Any other fault fails the run at once."""
    return isinstance(await state.aresult(raise_on_failure=False), PushAgain)


def in_prefect(retry_count: int) -> Stages:
    """Return the stages as Prefect tasks. Retry Count includes the first attempt, so the push has one retry fewer."""
    retries = retry_count - 1
    pauses = [min(LONGEST_PAUSE, FIRST_PAUSE * 2**number) for number in range(min(retries, 50))]
    return Stages(
        pull=Task(pull, name="pull", cache_policy=NO_CACHE, persist_result=False),
        compute=Task(compute, name="compute", cache_policy=NO_CACHE, persist_result=False),
        queue=Task(queue, name="queue", cache_policy=NO_CACHE, persist_result=False),
        push=Task(
            push,
            name="push",
            retries=retries,
            retry_delay_seconds=pauses or None,
            retry_condition_fn=_is_worth_another_round,
            cache_policy=NO_CACHE,
            persist_result=False,
        ),
        confirm=Task(confirm, name="confirm", cache_policy=NO_CACHE, persist_result=False),
    )
