"""What a shipment does to quantities: its source holds what it takes, and inventory puts it right afterwards."""

import pytest
from support.trade import WAREHOUSES, Trade

from connector import failpoints
from connector.magento import shipments as magento
from connector.state.sync import compensations, ledger, links
from entities.inventory import entity as inventory
from sandbox.catalogue import Product

TEN = {"MAIN": 100_000}


@pytest.fixture
def trade(make_world):
    def make() -> Trade:
        return Trade(make_world([Product(sku, f"Product {sku}", 1_000_000, TEN) for sku in ("A", "B")]))

    return make


@pytest.mark.over_both
async def test_the_last_piece_ships_and_the_figure_is_right_afterwards(trade):
    """Source at 0, one ordered, one shipped: raised to exactly one, shipped, and inventory shows the rule's 0."""
    here = trade()
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "1", "on_hand": "1"}})
    order = here.sold("000001", {"A": 1})
    await here.sync("inventory")
    assert here.quantity("A") is None, "0 is not sent where Magento has no row"
    here.ship("000001")
    await here.sync()
    assert len(here.shipped(order)) == 1
    await here.sync("inventory")
    assert here.quantity("A") == 0


async def test_what_a_shipment_took_is_put_back_to_the_rules_figure(trade):
    """Case 17: 10 published, 2 shipped by us, Acumatica's figure unchanged: Magento ends at 10."""
    here = trade()
    here.sold("000001", {"A": 2})
    ten = {"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "10"}}
    here.here.change(ten)
    await here.sync("inventory")
    assert here.quantity("A") == 10
    here.ship("000001")
    here.here.change(ten)
    await here.sync()
    assert here.quantity("A") == 8
    await here.sync("inventory")
    assert here.quantity("A") == 10
    assert (await here.sync("inventory")).counters.requests == 0


async def test_what_ships_of_an_order_of_ours_is_compensated(trade):
    """Magento never reserved it: what left is kept, once, whatever is added to the shipment later."""
    here = trade()
    here.entered("000001", {"A": 2})
    here.ordered({"A": 2}, increment_id="SO-000001", ext_order_id="SO 000001")
    number = here.ship("000001")
    await here.sync()
    here.here.change({"add_tracking": {"shipment_nbr": number, "tracking": "1Z2"}})
    await here.sync()
    with here.here.state.read() as connection:
        kept = compensations.of_keys(connection, ["A"], None)
    assert kept == {("A", "default"): 20_000}


@pytest.mark.over_both
async def test_a_product_whose_pieces_are_all_used_up_by_reservations_is_named(trade):
    """10, of which 4 shipped of an order of ours; 6 are left, then 4: Magento shows 0 and sells none of the 4, and the
    run says what to do.
    """
    here = trade()
    here.entered("000001", {"A": 4})
    here.ordered({"A": 4}, increment_id="SO-000001", ext_order_id="SO 000001")
    here.ship("000001")
    await here.sync()
    assert (await here.sync("inventory")).remarks.notes == []
    assert here.quantity("A") == 2
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "4", "on_hand": "4"}})
    [(sku, note)] = (await here.sync("inventory")).remarks.notes
    assert (sku, here.quantity("A")) == ("A", 0)
    assert "left as much in Magento's reservations as there is" in note
    assert "create-compensations" in note


async def test_a_shipment_while_its_quantities_are_computed_is_compensated_by_the_next_sync(trade, monkeypatch):
    """Figures that were made without what the shipment took do not count as read again, however late Magento was asked
    for them.
    """
    here = trade()
    unfollowed = {"inventory": {**WAREHOUSES, "add_back_open_orders": False}}  # an order that changes has it computed
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "1", "on_hand": "1"}})
    await here.sync("inventory", **unfollowed)
    here.entered("000001", {"A": 2})
    here.ordered({"A": 2}, increment_id="SO-000001", ext_order_id="SO 000001")
    here.ship("000001")
    ten = {"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "10", "on_hand": "10"}}
    here.here.change(ten)
    less_compensations = inventory.less_compensations

    async def and_then_ship(context, wanted):
        values = await less_compensations(context, wanted)
        monkeypatch.setattr(inventory, "less_compensations", less_compensations)
        assert (await here.sync()).counters.sent == 1
        return values

    monkeypatch.setattr(inventory, "less_compensations", and_then_ship)
    await here.sync("inventory", **unfollowed)
    here.here.clock.advance(60)
    await here.sync("inventory", **unfollowed)
    assert here.quantity("A") == 8


async def test_inventory_between_the_raise_and_the_shipment(trade, monkeypatch):
    """It puts the source back, so Magento refuses the shipment: an attempt is used, and the next one ships."""
    here = trade()
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "1", "on_hand": "1"}})
    order = here.sold("000001", {"A": 1})
    await here.sync("inventory")
    number = here.ship("000001")
    row = {"sku": "A", "source_code": "default", "quantity": 0, "status": 0}
    put_back = []

    def reached(step: str) -> None:
        if step == "raised" and not put_back:
            put_back.append(here.http.post("inventory/source-items", json={"sourceItems": [row]}).raise_for_status())

    monkeypatch.setattr(failpoints, "hit", reached)
    outcome = await here.sync()
    assert (outcome.counters.sent, outcome.counters.failed, len(put_back)) == (1, 0, 1)
    assert len(here.shipped(order)) == 1
    with here.here.state.read() as connection:
        assert links.of_records(connection, "shipment", [number])
    await here.sync("inventory")
    assert here.quantity("A") == 0


async def test_inventory_before_the_raise_does_not_settle_it(trade, monkeypatch):
    """It reads the source before it is raised, and the shipment is put off: the next inventory sync reads it again."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "1", "on_hand": "1"}})
    await here.sync("inventory")
    before = here.quantity("A")
    here.ship("000001")
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "1", "on_hand": "1"}})
    raise_sources = magento.raise_sources

    async def after_inventory(*given):
        await here.sync("inventory")
        await raise_sources(*given)
        hold = {"increment_id": here.http.get(f"orders/{order}").json()["increment_id"], "state": "holded"}
        here.here.change_shop({"set_order": {**hold, "status": "holded"}})

    monkeypatch.setattr(magento, "raise_sources", after_inventory)
    assert (await here.sync()).counters.sent == 0
    assert here.quantity("A") == 2
    await here.sync("inventory")
    assert here.quantity("A") == before


@pytest.mark.over_both
async def test_a_source_that_is_not_used_any_more_goes_back_to_0_when_a_shipment_raised_it(trade):
    """0 is what Magento confirmed there, and in doubt it may be something else."""
    here = trade()
    both = {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "default", "EAST": "east"}}
    east = {"inventory_id": "A", "warehouse": "EAST", "available": "3", "on_hand": "3"}
    here.here.change({"set_quantity": east})
    await here.sync("inventory", inventory=both)
    assert here.quantity("A", "east") == 3
    here.here.clock.advance(60)
    assert (await here.here.sync("inventory", here.settings(inventory=WAREHOUSES), full=True)).fault is None
    assert here.quantity("A", "east") == 0
    row = {"sku": "A", "source_code": "east", "quantity": 5, "status": 1}
    here.http.post("inventory/source-items", json={"sourceItems": [row]}).raise_for_status()
    with here.here.state.write() as connection:
        ledger.schedule_rechecks(connection, "inventory", [("A", "east")], here.here.clock.now())
    await here.sync("inventory")
    assert here.quantity("A", "east") == 0
