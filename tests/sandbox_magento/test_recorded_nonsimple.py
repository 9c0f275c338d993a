"""Orders and shipments of products that are not simple answer as the recorded shop did.

The order is the one in which the exchanges were made, as their ids tell; what an exchange that is not recorded had done
is done by `Checkout`, or stands between them with a comment.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sandbox_magento.documents import Documents
from sandbox_magento.exceptions import of
from sandbox_magento.nonsimple import make_all
from sandbox_magento.shop import Shop

Recordings = Callable[[str], dict[str, dict[str, Any]]]
EAST = {"extension_attributes": {"source_code": "east"}}
SIZE_S = {"configurable_item_options": [{"option_id": "137", "option_value": 4}]}


class Checkout:
    """Orders placed by guest carts; the steps that are not recorded are taken like those that are."""

    def __init__(self, shop: Shop, replay: Documents) -> None:
        self.shop = shop
        self.replay = replay
        cases = replay.cases.values()
        bodies = {re.sub(r".*/", "", case["request"]["path"]): case["request"]["body"] for case in cases}
        self.shipping, self.payment = bodies["shipping-information"], bodies["payment-information"]

    async def order(self, name: str, number: int, *items: dict[str, Any] | None, line: int | None = None) -> None:
        """Place an order; items are those not recorded (none: recorded), `line` is its first line's recorded id."""
        replay = self.replay
        steps = re.compile(rf"{name}_(item_\d|shipping_information|place)")
        paths = [case["request"]["path"] for one, case in replay.cases.items() if steps.fullmatch(one)]
        names = [found[1] for path in paths if (found := re.search(r"guest-carts/(\w{32})", path))]
        if f"{name}_cart" in replay.cases:
            await replay.play(f"{name}_cart")
            names.append(replay.cases[f"{name}_cart"]["response"]["body"])
        else:
            replay.know("cart name", names[0], await self.shop.post("guest-carts", None))
        cart = replay.ids["cart name", names[0]]
        for place, item in enumerate(items):
            if item is None:
                await replay.play(f"{name}_item_{place}")
            else:
                await self.shop.post(f"guest-carts/{cart}/items", {"cartItem": {**item, "quote_id": cart}})
        await self._finish(name, cart, number)
        if f"{name}_get_order" in replay.cases:
            await replay.play(f"{name}_get_order")
        elif line is not None:
            made = await self.shop.get(f"orders/{replay.ids['order', str(number)]}")
            for place, one in enumerate(made["items"]):
                replay.know("line", line + place, one["item_id"])

    async def _finish(self, name: str, cart: str, number: int) -> None:
        replay = self.replay
        if f"{name}_shipping_information" in replay.cases:
            await replay.play(f"{name}_shipping_information")
        else:
            await self.shop.post(f"guest-carts/{cart}/shipping-information", self.shipping)
        if f"{name}_place" in replay.cases:
            await replay.play(f"{name}_place")
        else:
            placed = await self.shop.post(f"guest-carts/{cart}/payment-information", self.payment)
            replay.know("order", number, placed)

    def id(self, kind: str, recorded: int) -> int:
        """The sandbox's id of a recorded one."""
        number: int = self.replay.ids[kind, str(recorded)]
        return number

    async def ship(self, order: int, items: dict[int, int] | None = None) -> None:
        """Ship lines (recorded ids) from east by an exchange that is not recorded."""
        rows = [{"order_item_id": self.id("line", line), "qty": number} for line, number in (items or {}).items()]
        await self.shop.post(f"order/{self.id('order', order)}/ship", {"items": rows, "arguments": EAST})


def item(sku: str, quantity: int, **options: Any) -> dict[str, Any]:
    """An item of a cart."""
    chosen = {"product_option": {"extension_attributes": options}} if options else {}
    return {"sku": sku, "qty": quantity, **chosen}


LATER = re.compile(
    r"(virt|mixed)_for_invoice|conf_no_source|virtual_(invoice|after_invoice|ship_after)|mixed2|conf_ship_"
    r"(without_source|partial)|conf_partial"
)


@pytest.fixture
async def stocked(recorded_shop: Shop, recordings: Recordings) -> Shop:
    """The recorded shop with products of all types."""
    await make_all(recorded_shop, recordings("nonsimple-setup"))
    return recorded_shop


def cases_of(recordings: Recordings, *, later: bool) -> dict[str, Any]:
    """The cases before the shop was reset, or those after that."""
    both = {**recordings("nonsimple-orders"), **recordings("nonsimple-shipments")}
    return {name: case for name, case in both.items() if bool(LATER.match(name)) is later}


async def test_products_of_all_types(stocked: Shop, recordings: Recordings) -> None:
    """Carts, orders and shipments of configurable, bundle, virtual, downloadable and grouped products."""
    replay = Documents(stocked, cases_of(recordings, later=False))
    checkout = Checkout(stocked, replay)
    await orders(checkout, replay)
    await configurable(replay)
    await together(replay)
    await separately(replay)
    await virtual_and_mixed(checkout, replay)
    await lines_and_sources(checkout, replay)
    replay.done(without={"setup_conf_attr"}, differing={"conf2_shipping_information"})


async def orders(checkout: Checkout, replay: Documents) -> None:
    """Place all orders."""
    for sku in ("BUN-SEP", "BUN-TOG", "BUN-FIX"):
        await replay.play(f"bundle_options_{sku}")
    await replay.play("custom_options_OPT")
    await checkout.order("conf", 18, None, None, line=20)
    await checkout.order("conf2", 19, None)
    await checkout.order("conf3", 20, None)
    await replay.play("conf_no_option_cart", "conf_no_option_item_0", "conf_no_option_shipping_information")
    await checkout.order("bun_tog", 21, None, line=28)
    await checkout.order("bun_tog2", 22, None)
    await checkout.order("bun_sep", 23, None)
    await checkout.order("bun_sep2", 24, None)
    await checkout.order("bun_fix", 25, None)
    await checkout.order("virt", 26, None)
    await checkout.order("virt_shipinfo", 27, None)
    await checkout.order("down", 28, None)
    await checkout.order("mixed", 29, None, None, line=46)
    bob = [{"option_id": "1", "option_value": "Bob"}]
    await checkout.order("twolines", 30, None, item("OPT", 1, custom_options=bob), None)
    await checkout.order("same_twice", 31, item("SKU-0031", 2), None)
    await checkout.order("multi_source", 32, None)
    await checkout.order("conf_child_direct", 33, None)
    await checkout.order("grouped", 34, None, line=54)


async def configurable(replay: Documents) -> None:
    """Ship configurable products by parent, by child, by both."""
    for step in ("parent_1_of_3", "child_1_of_3", "parent_and_child"):
        await replay.play(f"conf_ship_{step}", f"conf_ship_{step}_order_after", f"conf_ship_{step}_shipments_after")
    await replay.play("conf_ship_second_pair_too_many", "conf_ship_second_pair_too_many_order_after")
    for step in ("all_no_items", "child_all"):
        await replay.play(f"conf_ship_{step}", f"conf_ship_{step}_order_after", f"conf_ship_{step}_shipments_after")
    await replay.play("conf_ship_child_first_order_after", "conf_ship_child_of_other_order")
    await replay.play("conf_ship_child_of_other_order_shipments_after")


async def together(replay: Documents) -> None:
    """Ship bundles as a whole."""
    for step in ("child_only", "parent_1_of_3"):
        await replay.play(f"buntog_ship_{step}", f"buntog_ship_{step}_order_after")
        await replay.play(f"buntog_ship_{step}_shipments_after")
    await replay.play("buntog_ship_both_children", "buntog_ship_both_children_shipments_after")
    await replay.play("buntog_ship_parent_and_children", "buntog_ship_parent_and_children_order_after")
    await replay.play("buntog_ship_parent_and_children_shipments_after", "buntog_ship_rest_no_items")
    await replay.play("buntog_ship_rest_no_items_order_after", "buntog_ship_all_no_items")
    await replay.play("buntog_ship_all_no_items_order_after", "buntog_ship_all_no_items_shipments_after")


async def separately(replay: Documents) -> None:
    """Ship bundles by their children."""
    await replay.play("bunsep_ship_parent_only", "bunsep_ship_parent_only_shipments_after")
    for step in ("child_1", "child_2_other_source"):
        await replay.play(f"bunsep_ship_{step}", f"bunsep_ship_{step}_order_after")
        await replay.play(f"bunsep_ship_{step}_shipments_after")
    await replay.play("bunsep_ship_parent_and_child", "bunsep_ship_parent_and_child_shipments_after")
    await replay.play("bunsep_ship_child_too_many", "bunsep_ship_child_too_many_order_after")
    await replay.play(
        "bunsep_ship_child_too_many_shipments_after", "bunsep_ship_again", "bunsep_ship_again_order_after"
    )
    await replay.play("bunsep_ship_all_no_items", "bunsep_ship_all_no_items_shipments_after")
    await replay.play("bunfix_ship_parent", "bunfix_ship_parent_order_after", "bunfix_ship_parent_shipments_after")


async def virtual_and_mixed(checkout: Checkout, replay: Documents) -> None:
    """Ship orders with lines that are not shipped."""
    await replay.play("virtual_ship", "virtual_ship_shipments_after", "virtual_ship_no_items")
    await replay.play("virtual_ship_no_items_order_after", "downloadable_ship_shipments_after")
    for step in ("virtual_line", "both_lines"):
        await replay.play(f"mixed_ship_{step}", f"mixed_ship_{step}_order_after", f"mixed_ship_{step}_shipments_after")
    await checkout.ship(29)
    await replay.play("mixed_ship_no_items_order_after", "mixed_ship_no_items_shipments_after", "mixed_ship_again")
    await replay.play("mixed_ship_again_shipments_after")


async def lines_and_sources(checkout: Checkout, replay: Documents) -> None:
    """Ship one SKU on several lines, one line from several sources, and grouped products."""
    await checkout.ship(30, {49: 1})
    await replay.play("twolines_ship_line2_only_order_after", "twolines_ship_no_items")
    await replay.play("twolines_ship_no_items_shipments_after")
    for step in ("150_from_east", "ship_100_east", "ship_rest_west"):
        await replay.play(f"multi_source_{step}", f"multi_source_{step}_order_after")
        await replay.play(f"multi_source_{step}_shipments_after")
    await replay.play("grouped_ship_one", "grouped_ship_one_order_after", "grouped_ship_all")
    await replay.play("grouped_ship_all_order_after", "grouped_ship_all_shipments_after")


async def test_invoiced_and_canceled_orders(stocked: Shop, recordings: Recordings) -> None:
    """Virtual orders are complete by the invoice; a canceled rest gives back what was reserved."""
    replay = Documents(stocked, cases_of(recordings, later=True))
    checkout = Checkout(stocked, replay)
    # prices of another area: what is cheap is so for this year only
    await stocked.prices(("CONF-S", 34), ("VIRT", 16))
    year = {"price_from": "2026-01-01 00:00:00", "price_to": "2027-01-01 00:00:00"}
    cheap = [{"sku": sku, "price": 5, "store_id": 0, **year} for sku in ("CONF-S", "VIRT")]
    assert await stocked.post("products/special-price", {"prices": cheap}) == []
    await checkout.order("virt_for_invoice", 48, item("VIRT", 2))
    await replay.play("virtual_invoice", "virtual_after_invoice", "virtual_ship_after_complete")
    await checkout.order("mixed_for_invoice", 49, item("VIRT", 1), None)
    await checkout.ship(49)
    await replay.play("mixed2_invoice", "mixed2_after")
    before = await stocked.get("inventory/get-product-salable-quantity/CONF-S/2")
    await checkout.order("conf_no_source", 50, None)
    assert await stocked.get("inventory/get-product-salable-quantity/CONF-S/2") == before - 2
    await replay.play("conf_ship_without_source", "conf_ship_partial_parent_then_cancel", "conf_partial_cancel")
    replay.done(differing={"conf_no_source_shipping_information"})
    assert of("nonsimple-orders") == {
        "setup_conf_attr",
        *(f"{one}_shipping_information" for one in ("conf2", "conf_no_source")),
    }
    assert await stocked.get("inventory/get-product-salable-quantity/CONF-S/2") == before - 1
    assert not [one for one in (await stocked.state())["reservations"] if one["sku"] == "CONF-S"]
