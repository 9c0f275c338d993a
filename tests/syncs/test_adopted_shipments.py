"""A shipment that somebody else made in Magento becomes Acumatica's: by its tracking number and its lines, once."""

import pytest
from support.trade import Trade

from connector import failpoints
from connector.state.queue import messages
from connector.state.sync import compensations, links
from sandbox.catalogue import Product


class Died(BaseException):
    """The process ends here."""


@pytest.fixture
def trade(make_world):
    def make() -> Trade:
        return Trade(make_world([Product(sku, sku, 1_000_000, {"MAIN": 1_000_000}) for sku in ("A", "B")]))

    return make


def by_hand(here: Trade, order: int, lines: dict[str, int] | None = None, *tracks: str, source: str = "default") -> str:
    """Somebody ships these lines in Magento's admin, or all that is open."""
    items = here.http.get(f"orders/{order}").json()["items"]
    for sku in lines or {item["sku"]: 1 for item in items}:
        row = {"sku": sku, "source_code": source, "quantity": 50, "status": 1}
        here.http.post("inventory/source-items", json={"sourceItems": [row]}).raise_for_status()
    chosen = [{"order_item_id": i["item_id"], "qty": lines[i["sku"]]} for i in items if i["sku"] in (lines or {})]
    body = {
        "items": chosen,
        "tracks": [{"track_number": one, "title": "UPS", "carrier_code": "ups"} for one in tracks],
        "arguments": {"extension_attributes": {"source_code": source}},
    }
    return str(here.http.post(f"order/{order}/ship", json=body).raise_for_status().json())


def reasons(here: Trade) -> str:
    return " ".join(message.reason or "" for message in here.here.failed("shipment"))


def numbers(made: dict) -> list[str]:
    return [one["track_number"] for one in made["tracks"]]


@pytest.mark.parametrize("lines", [None, {"A": 2, "B": 1}], ids=["all that is open", "line by line"])
@pytest.mark.over_both
async def test_a_shipment_made_by_hand_is_adopted(trade, lines):
    """It is marked, linked and reported; no second one is made, and the inventory sync corrects the source."""
    here = trade()
    order = here.sold("000001", {"A": 2, "B": 1})
    await here.sync("inventory")
    made = by_hand(here, order, lines, "1z1 ")
    number = here.ship("000001")
    outcome = await here.sync()
    [current] = here.shipped(order)
    assert (str(current["entity_id"]), numbers(current), reasons(here)) == (made, ["1z1 "], "")
    assert here.marks(order) == [f"Acumatica shipment {number}, order SO 000001"]
    with here.here.state.read() as connection:
        [link] = links.of_records(connection, "shipment", [number]).values()
        [message] = messages.of_records(connection, "shipment", [number])
    assert (link.magento_id, link.made_by) == (made, "adopted")
    assert "somebody else made" in (message.reason or "")
    assert outcome.remarks.notes
    whole = [{"inventory_id": sku, "warehouse": "MAIN", "available": "100", "on_hand": "100"} for sku in ("A", "B")]
    here.here.change(*({"set_quantity": one} for one in whole))
    await here.sync("inventory")
    assert (here.quantity("A"), here.quantity("B")) == (100, 100)
    assert (await here.sync()).counters.requests == 0


async def test_a_drop_shipment_made_by_hand_is_adopted(trade):
    """By the vendor's tracking number, on the source where it was booked, which is said where it is another one."""
    here = trade()
    order = here.sold("000001", {"B": 3}, drop_ship=True)
    made = by_hand(here, order, None, "1ZV", source="east")
    here.here.change({"add_purchase_order": {"order_nbr": "000001", "vendor_ref": "1ZV"}})
    here.here.change({"add_purchase_receipt": {"purchase_order": "000001", "receipt_nbr": "000077", "release": True}})
    outcome = await here.sync()
    assert [str(one["entity_id"]) for one in here.shipped(order)] == [made]
    assert here.marks(order) == ["Acumatica receipt 000077, order SO 000001"]
    assert "booked on the source east, not on vendor" in outcome.remarks.notes[0][1]


async def test_a_part_that_was_shipped_by_hand_is_adopted_and_the_rest_is_made(trade):
    """Each Acumatica shipment is one of Magento's, though both have one tracking number."""
    here = trade()
    order = here.sold("000001", {"A": 5})
    by_hand(here, order, {"A": 2}, "1Z1")
    here.ship(lines=[{"order_nbr": "000001", "line_nbr": 1, "quantity": "2"}])
    here.ship(lines=[{"order_nbr": "000001", "line_nbr": 1, "quantity": "3"}])
    await here.sync()
    assert [[item["qty"] for item in made["items"]] for made in here.shipped(order)] == [[2], [3]]
    assert (len(set(here.marks(order))), reasons(here)) == (2, "")


async def test_one_shipment_is_adopted_once(trade):
    """Two equal shipments of Acumatica with one tracking number, one of them made by hand: the other one is made."""
    here = trade()
    order = here.sold("000001", {"A": 4})
    by_hand(here, order, {"A": 2}, "1Z1")
    for _ in range(2):
        here.ship(lines=[{"order_nbr": "000001", "line_nbr": 1, "quantity": "2"}])
    await here.sync(magento={"concurrency": 4})
    assert [len(made["comments"]) for made in here.shipped(order)] == [1, 1]
    assert (len(set(here.marks(order))), reasons(here)) == (2, "")


async def test_shipments_of_one_order_go_one_after_the_other(trade):
    """Six shipments over several connections: each ships what it says, none is clamped."""
    here = trade()
    order = here.sold("000001", {"A": 6})
    for _ in range(6):
        here.ship(lines=[{"order_nbr": "000001", "line_nbr": 1, "quantity": "1"}])
    await here.sync(magento={"concurrency": 4})
    assert [[item["qty"] for item in made["items"]] for made in here.shipped(order)] == [[1]] * 6
    assert (len(set(here.marks(order))), reasons(here)) == (6, "")


async def test_the_same_tracking_number_with_other_lines_fails_and_names_both(trade):
    """Linked by hand afterwards, it is that one."""
    here = trade()
    order = here.sold("000001", {"A": 2, "B": 1})
    made = by_hand(here, order, {"A": 2}, "1Z1")
    number = here.ship("000001")
    await here.sync()
    assert len(here.shipped(order)) == 1
    message = reasons(here)
    assert "it ships 2 of 'A', and Acumatica's ships 2 of 'A', 1 of 'B'" in message
    assert f"a2m link shipment '{number}|SO 000001' {made}" in message


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("TBD", "tbd"), ("0", "0"), ("n/a", "N/A"), ("", ""), ("1Z1", ""), ("", "1Z1"), ("1Z1", "1Z2"), ("-", "--")],
)
async def test_without_a_real_tracking_number_nothing_is_adopted(trade, theirs, ours):
    """It would be guesswork: the reason names the shipment that it may be, and how to link it."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    made = by_hand(here, order, None, *([theirs] if theirs else []))
    number = here.ship("000001", packages=[{"tracking": ours}])
    await here.sync()
    assert here.marks(order) == []
    assert "has 0 open" in reasons(here)
    assert f"a2m link shipment '{number}|SO 000001' {made}" in reasons(here)


async def test_what_somebody_shipped_of_an_order_of_ours_is_compensated(trade):
    """Magento wrote off what it never reserved, whoever shipped."""
    here = trade()
    here.entered("000001", {"A": 2})
    order = here.ordered({"A": 2}, increment_id="SO-000001", ext_order_id="SO 000001")
    by_hand(here, order, None, "1Z1")
    here.ship("000001")
    await here.sync()
    with here.here.state.read() as connection:
        kept = compensations.of_keys(connection, ["A"], None)
    assert kept == {("A", "default"): 20_000}


@pytest.mark.parametrize("items", [{}, {"SAMPLE": 1}], ids=["alone", "with a line that Magento does not know"])
async def test_an_item_with_an_option_is_adopted_too(trade, items):
    """The lines are laid out as for a shipment of ours, whichever of equal items somebody chose."""
    here = trade()
    here.here.change({"add_item": {"inventory_id": "SAMPLE"}})
    here.entered("000001", {"A": 2, **items}, external_ref="100000001")
    product = here.http.get("products/A").json()["id"]
    row = {"name": "A", "product_type": "simple", "product_id": product, "qty_ordered": 2, "price": 1, "base_price": 1}
    both = [{**row, "sku": sku} for sku in ("A-RED", "A-BLUE")]
    order = here.ordered({}, increment_id="100000001", items=both)
    here.http.post(
        "inventory/source-items",
        json={"sourceItems": [{"sku": "A", "source_code": "default", "quantity": 9, "status": 1}]},
    )
    blue = here.http.get(f"orders/{order}").json()["items"][1]["item_id"]
    body = {
        "items": [{"order_item_id": blue, "qty": 2}],
        "tracks": [{"track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}],
        "arguments": {"extension_attributes": {"source_code": "default"}},
    }
    here.http.post(f"order/{order}/ship", json=body).raise_for_status()
    here.ship("000001")
    await here.sync()
    assert [[item["sku"] for item in made["items"]] for made in here.shipped(order)] == [["A-BLUE"]]
    assert (len(here.marks(order)), reasons(here)) == (1, "")


@pytest.mark.parametrize("fault", ["cut=after", "status=503", "cut=before"])
@pytest.mark.over_both
async def test_a_lost_answer_adopts_once(trade, fault):
    """The mark may be on it or not: afterwards it is there once, and no shipment was made."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    by_hand(here, order, None, "1Z1")
    number = here.ship("000001", packages=[{"tracking": "1Z1"}, {"tracking": "1Z2"}])
    here.here.faults.replace(f"magento POST path=*/shipment/*/comments: {fault} times=1")
    for _ in range(3):
        await here.sync()
    [made] = here.shipped(order)
    assert (here.marks(order), numbers(made)) == ([f"Acumatica shipment {number}, order SO 000001"], ["1Z1", "1Z2"])
    assert reasons(here) == ""


async def test_a_run_that_dies_after_the_mark_finds_it_again(trade, monkeypatch):
    """The mark is there, the link is not: the next run knows its own, and lacks nothing."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    made = by_hand(here, order, None, "1Z1")
    number = here.ship("000001", packages=[{"tracking": "1Z1"}, {"tracking": "1Z2"}])
    died = []

    def reached(step: str) -> None:
        if step == "adopted" and not died:
            died.append(step)
            raise Died

    monkeypatch.setattr(failpoints, "hit", reached)
    with pytest.raises(Died):
        await here.sync()
    here.here.clock.advance(3600)
    await here.sync()
    [current] = here.shipped(order)
    assert (str(current["entity_id"]), numbers(current), len(here.marks(order))) == (made, ["1Z1", "1Z2"], 1)
    with here.here.state.read() as connection:
        assert links.of_records(connection, "shipment", [number])


async def test_a_tracking_number_that_acumatica_replaced_is_replaced(trade):
    """The wrong label is taken off the shipment; what somebody entered in Magento stays."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    number = here.ship("000001")
    await here.sync()
    [made] = here.shipped(order)
    own = {"order_id": order, "parent_id": made["entity_id"], "track_number": "SHOP", "title": "x", "carrier_code": "x"}
    here.http.post("shipment/track", json={"entity": own}).raise_for_status()
    here.here.change({"add_tracking": {"shipment_nbr": number, "package": 1, "tracking": "1Z2"}})
    await here.sync()
    assert [numbers(one) for one in here.shipped(order)] == [["SHOP", "1Z2"]]
    assert (await here.sync()).counters.requests == 0
    here.here.change({"add_tracking": {"shipment_nbr": number, "package": 1, "tracking": ""}})
    await here.sync()
    assert [numbers(one) for one in here.shipped(order)] == [["SHOP", "1Z2"]]


async def test_a_replaced_tracking_number_that_magento_keeps_is_named(trade):
    """Magento does not remove the old number: the new one is added, and the record names the old one."""
    here = trade()
    here.sold("000001", {"A": 2})
    number = here.ship("000001")
    await here.sync()
    here.here.change({"add_tracking": {"shipment_nbr": number, "package": 1, "tracking": "1Z2"}})
    here.here.faults.replace("magento DELETE path=*/shipment/track/*: status=400 times=9")
    outcome = await here.sync()
    assert outcome.counters.sent == 1
    assert "1Z1 was replaced in Acumatica and stays" in outcome.remarks.notes[0][1]


@pytest.mark.parametrize("cut", ["POST path=*/shipment/track", "DELETE path=*/shipment/track/*"])
async def test_a_lost_answer_replaces_once(trade, cut):
    """Added and removed exactly once, whichever answer was lost."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    number = here.ship("000001")
    await here.sync()
    here.here.change({"add_tracking": {"shipment_nbr": number, "package": 1, "tracking": "1Z2"}})
    here.here.faults.replace(f"magento {cut}: cut=after times=1")
    for _ in range(3):
        await here.sync()
    assert [numbers(one) for one in here.shipped(order)] == [["1Z2"]]
    assert reasons(here) == ""


async def test_a_vendors_tracking_number_that_comes_later_or_is_replaced_goes_to_the_shipment(trade):
    """The number is a field of the purchase order; the receipt was released long ago and does not change."""
    here = trade()
    order = here.sold("000001", {"B": 3}, drop_ship=True)
    here.here.change({"add_purchase_order": {"order_nbr": "000001", "purchase_order": "000500"}})
    here.here.change({"add_purchase_receipt": {"purchase_order": "000500", "receipt_nbr": "000077", "release": True}})
    await here.sync()
    assert [numbers(one) for one in here.shipped(order)] == [[]]
    here.here.clock.advance(3600)
    here.here.change({"set_purchase_order": {"purchase_order": "000500", "vendor_ref": "1ZV"}})
    await here.sync()
    assert [numbers(one) for one in here.shipped(order)] == [["1ZV"]]
    here.here.clock.advance(3600)
    here.here.change({"set_purchase_order": {"purchase_order": "000500", "vendor_ref": "1ZW"}})
    await here.sync()
    assert [numbers(one) for one in here.shipped(order)] == [["1ZW"]]
    assert (await here.sync()).counters.requests == 0
