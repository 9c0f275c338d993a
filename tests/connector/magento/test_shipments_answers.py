"""The recorded answers about orders and shipments, fed to the client: what is read of them, and what is sent."""

import json
from decimal import Decimal

import httpx
import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento import orders, shipments
from connector.magento.auth import Bearer
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import RequestRefused, Unauthorized
from connector.model.failures import Rejected
from connector.model.shipments import Track
from entities.shipment.fulfilment import fulfilment
from entities.shipment.types import ContentLine

ACCESS = MagentoAccess("https://shop.example.com", Bearer("token"))


@pytest.fixture(scope="module")
def recorded(shared):
    cases = {}
    for area in ("shipments", "nonsimple-shipments", "orders", "nonsimple-setup"):
        file = shared / "contracts" / "magento-2.4.7-recorded" / f"{area}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            cases[case["case"]] = case
    return cases


class Shop:
    """A Magento that gives these answers in turn, and remembers what was sent."""

    def __init__(self, *cases: dict) -> None:
        self.left = [case["response"] for case in cases]
        self.sent: list[httpx.Request] = []
        self.client = MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        message = self.left.pop(0)
        return httpx.Response(message["status"], json=message["body"])


async def order_in(case: dict) -> orders.MagentoOrder:
    order = await orders.order(Shop(case).client, "1")
    assert order is not None
    return order


def want(sku: str, quantity: int) -> ContentLine:
    return ContentLine(None, sku, sku, Decimal(quantity), Decimal(quantity), "PIECE")


@pytest.mark.recordings
async def test_lines_of_an_order_are_read(recorded):
    """A bundle and its children after one of three was shipped together."""
    order = await order_in(recorded["buntog_ship_parent_1_of_3_order_after"])
    assert [(one.item_id, one.parent_id, one.sku, one.product_type, one.to_ship) for one in order.items] == [
        (28, None, "BUN-TOG", "bundle", 2),
        (29, 28, "BA", "simple", 4),
        (30, 28, "BB", "simple", 2),
    ]
    assert (order.entity_id, order.items[0].product_id, order.items[0].fractions) == (21, 1036, False)


@pytest.mark.recordings
async def test_shipments_of_an_order_are_read(recorded):
    """Comments, tracking numbers, items and the source of each: by these ours is recognised."""
    shop = Shop(recorded["by_order_after_all"])
    made = await shipments.shipments_of(shop.client, 1)
    assert [(one.entity_id, one.source, one.comments, one.tracks) for one in made] == [
        ("1", "east", ("shipped by ERP",), ("1Z999",)),
        ("2", "east", (), ("2",)),
        ("4", "east", (), ("77",)),
        ("5", "east", (), ("4",)),
    ]
    assert made[1].items == ((1, Decimal(2)),)
    asked = dict(shop.sent[0].url.params)
    assert asked["searchCriteria[filterGroups][0][filters][0][field]"] == "order_id"


@pytest.mark.recordings
async def test_shipping_sends_what_was_recorded_to_work(recorded):
    """The recorded request, with our mark as a comment that customers do not see, and always a source."""
    case = recorded["ship_partial_track_source_ok"]
    shop = Shop(case)
    shipment_id = await shipments.ship(
        shop.client,
        1,
        [(1, Decimal(1))],
        mark="shipped by ERP",
        tracks=[Track("1Z999", "ups", "UPS")],
        source="east",
        notify=False,
    )
    assert shipment_id == "1"
    assert shop.sent[0].url.path == "/rest/all/V1/order/1/ship"
    assert json.loads(shop.sent[0].content) == {**case["request"]["body"], "appendComment": False}


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("case", "fault"),
    [
        ("ship_source_has_too_little", RequestRefused),
        ("ship_unknown_source", RequestRefused),
        ("ship_held_order", RequestRefused),
        ("ship_again_after_complete", RequestRefused),
        ("bunsep_ship_parent_only", RequestRefused),
        ("ship_acl_forbidden", Unauthorized),
    ],
)
async def test_what_magento_refuses(recorded, case, fault):
    """Its own words are kept; the stock's one answer is told from the others by its template."""
    with pytest.raises(fault) as raised:
        await shipments.ship(
            Shop(recorded[case]).client, 9, [(1, Decimal(1))], mark="x", tracks=[], source="east", notify=False
        )
    is_stock = getattr(raised.value, "template", "") == shipments.STOCK_FAULT
    assert is_stock is (case in ("ship_source_has_too_little", "ship_unknown_source"))


@pytest.mark.recordings
async def test_a_tracking_number_is_added(recorded):
    """To a shipment that is there; to one that is not, Magento's refusal comes back."""
    case = recorded["add_track_ok"]
    shop = Shop(case, recorded["add_track_unknown_shipment"])
    track = Track("EXTRA1", "custom", "DHL")
    await shipments.add_track(shop.client, 5, "8", track)
    assert json.loads(shop.sent[0].content) == {"entity": {**case["request"]["body"]["entity"], "weight": 0}}
    with pytest.raises(RequestRefused):
        await shipments.add_track(shop.client, 5, "99999", track)


@pytest.mark.recordings
@pytest.mark.parametrize(("case", "separately"), [("bundle_get_together", False), ("parent_in_stock_BUN-SEP", True)])
async def test_how_a_bundle_ships(recorded, case, separately):
    """`shipment_type` of the product: 0 together, 1 separately."""
    listed = {"response": {"status": 200, "body": {"items": [recorded[case]["response"]["body"]], "total_count": 1}}}
    assert await shipments.ships_separately(Shop(listed).client, 1036) is separately


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("before", "ships", "separately", "recording"),
    [
        ("buntog_ship_child_only_order_after", [("BUN-TOG", 1)], {28: False}, "buntog_ship_parent_1_of_3"),
        ("conf_ship_child_1_of_3_order_after", [("CONF-S", 1)], {}, "conf_ship_parent_1_of_3"),
        ("bunsep_ship_child_1_order_after", [("SKU-0021", 3)], {34: True}, "bunsep_ship_child_2_other_source"),
    ],
)
async def test_the_items_are_those_that_magento_took(recorded, before, ships, separately, recording):
    """What the rules choose on a recorded order is what Magento answered 200 to."""
    order = await order_in(recorded[before])
    parts = [want(sku, quantity) for sku, quantity in ships]
    found = fulfilment(order.items, parts, separately, order.increment_id)
    body = recorded[recording]["request"]["body"]
    assert [{"order_item_id": item_id, "qty": quantity} for item_id, quantity in found.items] == body["items"]
    assert recorded[recording]["response"]["status"] == 200


@pytest.mark.recordings
async def test_what_magento_clamped_is_never_asked(recorded):
    """It shipped 5 of 5 open where 99 were asked, without a word: the rules refuse with both numbers."""
    order = await order_in(recorded["bunsep_ship_child_1_order_after"])
    assert recorded["bunsep_ship_child_too_many"]["response"]["status"] == 200
    with pytest.raises(Rejected, match=r"ships 99 .* has 5 open"):
        fulfilment(order.items, [want("SKU-0020", 99)], {34: True}, order.increment_id)
