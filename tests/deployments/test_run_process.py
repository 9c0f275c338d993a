"""What a run's process does before and around its flow, without a Prefect server."""

import asyncio
import os
import signal
import threading

import pytest
from prefect import flow
from prefect.client.schemas.objects import StateType

from deployments import run_process
from deployments.catalogue import BY_HAND, ENTITY_FLOWS
from deployments.run_process import Ending, take_over
from flows.administer import full_sync
from flows.setup_parameters import setup_parameters


@pytest.fixture
def unblocked():
    """A flow's end holds SIGTERM back until the process has ended, which this one does not."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


async def test_parameters_are_checked_as_in_any_other_run():
    """A flow that can be ended knows the types of its parameters, which its own module names."""
    ending = Ending()
    for one in (*ENTITY_FLOWS, *BY_HAND, full_sync, setup_parameters):
        assert ending.wrap(one).parameters == one.parameters
    assert ending.wrap(full_sync).validate_parameters({"entity": "price"}) == {"entity": "price"}
    with pytest.raises(Exception, match="entity"):
        ending.wrap(full_sync).validate_parameters({"entity": "nothing"})


async def test_sigterm_ends_a_flow_that_works(unblocked):
    """The flow cleans up, and its state is Cancelled. A SIGTERM that came before it began is heard once it has."""
    cleaned = []

    @flow
    async def works():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    ending = Ending()
    state = await ending.wrap(works).fn()
    assert (state.type, cleaned) == (StateType.CANCELLED, [True])

    ending = Ending()
    ending.block_sigterm()
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    assert (await ending.wrap(works).fn()).type == StateType.CANCELLED


def test_prefects_settings_are_read_anew_only_where_they_differ(monkeypatch):
    """An environment with the same settings costs nothing; one with others is what counts from then on."""
    rebuilt = []
    monkeypatch.setattr(run_process, "refresh_global_settings_context", lambda: rebuilt.append("settings"))
    monkeypatch.setattr(run_process, "setup_logging", lambda: rebuilt.append("logging"))
    monkeypatch.setattr(run_process, "SETTINGS", {"PREFECT_API_URL": "http://here/api"})
    for name in ("PREFECT_API_URL", "PREFECT__FLOW_RUN_ID", "OF_THE_RUN", "PREFECT_LOGGING_LEVEL"):
        monkeypatch.setenv(name, "")
    same = {"PREFECT_API_URL": "http://here/api", "PREFECT__FLOW_RUN_ID": "1", "OF_THE_RUN": "2"}
    assert not take_over(same)
    assert (os.environ["OF_THE_RUN"], rebuilt) == ("2", [])
    assert take_over({**same, "PREFECT_LOGGING_LEVEL": "DEBUG"})
    assert rebuilt == ["settings", "logging"]
