"""A run that is started again because it failed as a whole: it waits longer each time, says so, and gives up."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from connector.clock import ManualClock
from flows.entity import RERUNS, pause_before, run_entity
from flows.price import price

pytestmark = pytest.mark.usefixtures("prefect")


async def test_a_re_run_waits_and_says_that_it_is_one(make_world):
    """It waits before it looks; its state and its name say which re-run it is."""
    here = make_world(3)
    clock = ManualClock(datetime.now(UTC))

    @flow(name="price")
    async def price_again():
        return await run_entity("price", full=False, key=None, rerun=2, clock=clock)

    final = await price_again(return_state=True)
    assert clock.slept == [pause_before(2)]
    assert final.message == f"Re-run 2 of {RERUNS}. 3 changed, 3 sent in 3 requests"
    async with get_client() as client:
        run = await client.read_flow_run(final.state_details.flow_run_id)
    assert run.name == f"price: 3 changed, 3 sent in 3 requests (re-run 2 of {RERUNS})"
    here.assert_converged(entities=["price"])


async def test_it_gives_up(make_world):
    """After the last re-run nothing is tried, and the state's name is not Failed: that would start it again."""
    here = make_world(3)
    final = await price(rerun=RERUNS + 1, return_state=True)
    assert (final.name, final.type.value) == ("NeedsAttention", "FAILED")
    assert here.site_state()["requests"] == 0


def test_the_pauses_grow():
    """Each re-run waits longer than the one before."""
    pauses = [pause_before(number) for number in range(1, RERUNS + 1)]
    assert all(later > earlier > 0 for earlier, later in pairwise(pauses))
