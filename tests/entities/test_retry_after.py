"""A shop that said when to come back is left alone until then."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento.errors import TemporaryFault
from connector.state.coordination.lease import Lease
from connector.state.engine import open_state
from connector.state.run_state import RunState
from entities import retry_after
from entities.counters import Remarks


@pytest.fixture
def context(new_database: Any) -> Any:
    """A run that ends in ten minutes."""
    state = open_state(new_database("sqlite"))
    yield SimpleNamespace(
        state=RunState(state, Lease("price", "the test", 1)),
        clock=ManualClock(NOW),
        shop=SimpleNamespace(host="shop"),
        remarks=Remarks(),
        ends_at=NOW + timedelta(minutes=10),
    )
    state.close()


@pytest.mark.parametrize(
    ("after", "may_ask", "slept"),
    [(None, True, []), (-1, True, []), (0, True, []), (30, True, [30]), (600, True, [600]), (601, False, [])],
)
async def test_whether_magento_may_be_asked(context: Any, after: int | None, may_ask: bool, slept: list[int]) -> None:
    """Within the run's life it is waited for; beyond it the run says so once, and ends."""
    if after is not None:
        context.state.block_host("shop", NOW + timedelta(seconds=after))
    assert await retry_after.may_ask(context) == may_ask
    assert context.clock.slept == slept
    assert len(context.remarks.waits) == (0 if may_ask else 1)


@pytest.mark.parametrize("seconds", [None, 30])
async def test_the_retry_after_of_the_shop_is_stored(context: Any, seconds: float | None) -> None:
    """For every run; a fault that says nothing keeps nothing."""
    assert retry_after.block_until_retry_after(context, TemporaryFault("429", seconds)) == (seconds is not None)
    await retry_after.may_ask(context)
    assert context.clock.slept == ([] if seconds is None else [30])
    assert len(context.remarks.waits) == (0 if seconds is None else 1)
