"""The log tab of a run in Prefect shows what the connector logs, whatever Prefect's own level is."""

import logging

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.logging.handlers import APILogHandler

from flows.price import price

pytestmark = pytest.mark.usefixtures("prefect")


async def lines_of(final) -> list[tuple[int, str, str]]:
    """What the run's log tab shows: level, logger, message."""
    await APILogHandler.aflush()
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[final.state_details.flow_run_id]))
    async with get_client() as client:
        return [(one.level, one.name, one.message) for one in await client.read_logs(wanted, limit=200)]


async def test_a_run_shows_the_lines_of_its_syncs(make_world, monkeypatch):
    """Also where Prefect itself is told to be quiet, as in the demo; at INFO nothing is told of single records."""
    make_world(4)
    monkeypatch.setattr(logging.getLogger("prefect"), "level", logging.WARNING)
    final = await price(return_state=True)
    assert final.name == "Completed", final.message
    ours = [(level, message) for level, name, message in await lines_of(final) if name.startswith(("app", "tasks"))]
    ((level, message),) = ours
    assert level == logging.INFO
    assert message.startswith("price: 4 changed, 4 sent in ")


async def test_at_debug_a_run_shows_what_was_decided_for_a_record(make_world, monkeypatch):
    """In the log of the task that decided it."""
    here = make_world(2)
    monkeypatch.setenv("A2M_LOG_LEVEL", "DEBUG")
    lines = await lines_of(await price(return_state=True))
    sku = min(here.prices())
    assert any(message.startswith(f"price {sku}: sent") for _level, _name, message in lines)


async def test_a_bad_level_fails_the_run(make_world, monkeypatch):
    """With what it must be."""
    make_world(2)
    monkeypatch.setenv("A2M_LOG_LEVEL", "LOUD")
    final = await price(return_state=True)
    assert (final.name, final.message) == (
        "Failed",
        "A2M_LOG_LEVEL = LOUD: it must be one of DEBUG, INFO, WARNING, ERROR.",
    )
