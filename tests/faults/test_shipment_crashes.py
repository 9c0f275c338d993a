"""Whatever instant a look of shipments dies at: each shipment is made once, and its source shows the rule's figure."""

import pytest
from support.crashes import Death, look_in_process
from support.trade import SECTIONS, Trade

from connector.queue import messages
from connector.queue.lease import LEASE_SECONDS
from connector.queue.tables import PENDING, SENDING
from connector.steps import SHIPMENT_STEPS, STEPS
from sandbox.catalogue import Product

WAREHOUSES = {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}
ONE = {"available": "1", "on_hand": "1", "available_for_shipping": "1"}


@pytest.fixture
def story(make_world, tmp_path):
    """The last pieces of two products are ordered and shipped; a look dies somewhere; the next looks mend it."""

    def tell(
        death: Death | None = None, then: tuple[str, ...] = ("inventory", "shipment", "inventory")
    ) -> tuple[Trade, list[int], dict]:
        products = [Product(sku, sku, 1_000_000, {"MAIN": 10_000}) for sku in ("A", "B")]
        here = Trade(make_world(products))
        world = here.here
        sections = world.sections(inventory=WAREHOUSES, **SECTIONS)
        world.state.close()

        def look(entity: str = "shipment", death: Death | None = None) -> dict:
            world.clock.advance(LEASE_SECONDS + 1)
            told = tmp_path / "reached.json"
            return look_in_process(entity, world.database_url, sections, world.clock.now(), told, death)

        world.change(*({"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", **ONE}} for sku in ("A", "B")))
        orders = [here.sold("000001", {"A": 1}), here.sold("000002", {"B": 1})]
        look("inventory")
        for number in ("000001", "000002"):
            here.ship(number)
        reached = look(death=death)
        for entity in then:
            look(entity)
        return here, orders, reached

    return tell


def assert_right(here: Trade, orders: list[int]) -> None:
    """Each order has one shipment with one track; both sources show 0, as Acumatica says; nothing waits or failed."""
    made = here.shipped(*orders)
    assert sorted(one["order_id"] for one in made) == sorted(orders)
    assert [[track["track_number"] for track in one["tracks"]] for one in made] == [["1Z1"], ["1Z1"]]
    assert [here.quantity(sku) for sku in ("A", "B")] == [0, 0]
    with here.here.state.read() as connection:
        keys = [f"00000{number}" for number in (1, 2)]
        left = messages.live(connection, "shipment", keys, [])
        assert not [message for message in left if message.state in (PENDING, SENDING, "failed")]


def test_a_look_that_dies_at_any_step_is_carried_on(story):
    """A process dies at each step that a clean look reaches, also between raising the source and shipping."""
    here, orders, reached = story()
    assert_right(here, orders)
    assert set(reached) == {*STEPS, *SHIPMENT_STEPS}, "a step that no look reaches proves nothing"
    for step in (*STEPS, *SHIPMENT_STEPS):
        for time in range(1, min(reached[step], 2) + 1):
            here, orders, _reached = story(Death(step, time))
            assert_right(here, orders)


def test_a_source_raised_for_a_shipment_that_never_left_is_put_back(story):
    """The doubt was kept before the raise, so the next inventory look mends it though nothing was shipped."""
    here, orders, _reached = story(Death("raised", 1), then=())
    assert sorted(here.quantity(sku) for sku in ("A", "B")) == [0, 1]
    assert here.shipped(*orders) == []
    here, orders, _reached = story(Death("raised", 1), then=("inventory",))
    assert [here.quantity(sku) for sku in ("A", "B")] == [0, 0]
    assert here.shipped(*orders) == []
