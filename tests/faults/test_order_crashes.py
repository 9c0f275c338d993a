"""Whatever instant a look of orders dies at: each order, invoice and comment is there once."""

import pytest
from support.crashes import Death, look_in_process
from support.sales import SECTIONS, Sales

from connector.queue import messages
from connector.queue.lease import LEASE_SECONDS
from connector.queue.tables import PENDING, SENDING
from connector.steps import ORDER_STEPS, STEPS
from sandbox.catalogue import Product

TEN = {"MAIN": 100_000}


@pytest.fixture
def story(make_world, tmp_path):
    """One order is made and invoiced, one of the shop's is held; a look dies somewhere; the next looks mend it."""

    def tell(death: Death | None = None) -> tuple[Sales, dict]:
        here = Sales(make_world([Product("A", "A", 1_000_000, TEN)]))
        world = here.here
        order = {**SECTIONS["order"], "invoice": "offline"}
        sections = world.sections(**{**SECTIONS, "order": order})
        world.state.close()
        here.entered("000001", {"A": 2})
        here.invoiced("000001")
        here.sold("000002", {"A": 1}, status="On Hold")

        def look(death: Death | None = None) -> dict:
            world.clock.advance(LEASE_SECONDS + 1)
            told = tmp_path / "reached.json"
            return look_in_process("order", world.database_url, sections, world.clock.now(), told, death)

        reached = look(death)
        for _look in range(3):
            look()
        return here, reached

    return tell


def assert_right(here: Sales) -> None:
    """Two orders, one invoice, one comment on each; nothing waits and nothing failed."""
    assert sorted(one["increment_id"] for one in here.orders()) == ["100000002", "SO-000001"]
    assert [len(here.invoices(number)) for number in ("000001", "100000002")] == [1, 0]
    assert here.order("100000002")["state"] == "holded"
    assert here.comments("000001") == ["Acumatica SO 000001: Open"]
    assert here.comments("100000002") == ["Acumatica SO 000002: On Hold"]
    with here.here.state.read() as connection:
        left = messages.live(connection, "order", ["SO 000001", "SO 000002"], [])
    assert not [message for message in left if message.state in (PENDING, SENDING, "failed")]


def test_a_look_that_dies_at_any_step_is_carried_on(story):
    """A process dies at each step that a clean look reaches, also between the calls of one order."""
    here, reached = story()
    assert_right(here)
    assert set(reached) == {*STEPS, *ORDER_STEPS}, "a step that no look reaches proves nothing"
    for step in (*STEPS, *ORDER_STEPS):
        for time in range(1, min(reached[step], 3) + 1):
            here, _reached = story(Death(step, time))
            assert_right(here)
