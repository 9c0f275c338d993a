"""Base, special and tier prices answer as the recorded shop did.

The recordings are sorted by name; the order here is the one in which they were made, as their values tell. What an
earlier call that is not recorded had set is set by a change, with a comment.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from sandbox_magento.replay import Replay
from sandbox_magento.shop import Shop

AS_JSON = {"Content_Type": "application/json", "token": "sandbox-magento-token"}
Recordings = Callable[[str], dict[str, dict[str, Any]]]


async def test_base_prices(recorded_shop: Shop, recordings: Recordings) -> None:
    """Every recorded base-prices call is answered as recorded, and what is read back is what was recorded."""
    shop = recorded_shop
    replay = Replay(shop, recordings("base-prices"))
    await replay.play("items_21_no_limits", "items_25_no_limits", "items_500_no_limits")
    await shop.setting(array_limit=20)
    await replay.play("items_20_limit_20", "limit20_async_25_in_one")
    await replay.play("info_after_limit_refusal")
    await shop.setting(array_limit=None, input_limits=True)
    await replay.play("items_25_limits_on_no_value", "items_500_limits_on_no_value")
    await shop.setting(input_limits=False)
    await replay.play("items_25_limits_off_again")
    # the shop was reset between the limits and these
    await shop.prices(("SKU-0002", 12))
    await replay.play("ok_one", "info_after_ok", "ok_three", "zero_price", "empty_list", "empty_object", "no_body")
    await replay.play("top_level_list", "missing_price", "missing_sku", "missing_store", "null_price")
    await replay.play("unknown_sku", "unknown_sku_mixed", "info_after_mixed", "info_unknown_sku", "info_all_unknown")
    await replay.play("negative_price", "negative_mixed", "bad_store", "bad_store_mixed")
    await replay.play("several_faults_one_row", "several_faults_rows", "price_bool", "price_string_text")
    await replay.play("price_string_comma", "price_string_numeric", "info_after_comma")
    await replay.play("price_many_decimals", "info_many_decimals", "price_huge", "info_huge")
    await replay.play("sku_lowercase", "info_after_lowercase", "sku_trailing_space", "info_after_trailing_space")
    await replay.play("duplicate_sku_in_request", "info_after_duplicate", "unknown_extra_field")
    await replay.play("unknown_extra_toplevel", "camelCase_field", "sku_slash", "sku_number", "row_not_object")
    await replay.play("prices_object_not_list", "store_1_global_scope", "info_store_1_global")
    # a price that another call had set
    await shop.prices(("SKU-0103", 88.5), ("SKU-0901", 23.99))
    await replay.play("info_lowercase_sku")
    await shop.setting(price_scope="website")
    await replay.play("website_scope_store_1", "info_website_scope_store_1")
    await shop.prices(("SKU-0901", 90.9))
    await replay.play("info_website_scope_store_0", "website_scope_both", "info_website_scope_both")
    await shop.setting(price_scope="global")
    await replay.play("info_back_to_global_scope")
    await shop.setting(deadlocks=1)
    await replay.play("parallel_deadlock", raw=json.dumps(replay.cases["ok_three"]["request"]["body"]), **AS_JSON)
    replay.done()
    assert await shop.post("products/base-prices", replay.cases["ok_three"]["request"]["body"]) == []


async def test_special_and_tier_prices(recorded_shop: Shop, recordings: Recordings) -> None:
    """The first round of special and tier prices is answered as recorded."""
    shop = recorded_shop
    await shop.change({"set_customer_group": {"id": 4, "code": "Wholesale B2B 2"}})
    replay = Replay(shop, recordings("special-and-tier-prices"))
    await replay.play("special_ok", "special_info", "special_faults", "tier_ok")
    await replay.play("tier_unknown_group", "tier_group_case", "tier_all_groups")
    await replay.play("tier_info", unordered=True)  # the optimizer's order
    await replay.play("tier_info_after_known_and_unknown")
    # a PUT that is not recorded had left these
    tier = {"price_type": "fixed", "website_id": 0, "customer_group": "Wholesale B2B 2", "quantity": 10}
    row = {"sku": "SKU-0101", "price": 6, **tier}
    assert await shop.post("products/tier-prices", {"prices": [row]}, "PUT") == []
    await replay.play("tier_info_after_put", "tier_delete_wrong_price", "tier_delete")
    replay.done()
    left = await shop.post("products/tier-prices-information", {"skus": ["SKU-0101", "SKU-0102"]})
    assert [one["sku"] for one in left] == ["SKU-0102"]


async def test_special_prices_of_part_two(recorded_shop: Shop, recordings: Recordings) -> None:
    """Periods replace one another, dates not sent stay, a deletion compares nothing but SKU and store."""
    cases = {name: case for name, case in recordings("prices2").items() if name.startswith("sp_")}
    replay = Replay(recorded_shop, cases)
    rows = {"sku": "SKU-0050", "price": 80, "store_id": 0}
    period = {"price_from": "2026-12-01 00:00:00", "price_to": "2026-12-31 23:59:59"}
    await replay.play("sp_base", "sp_info_none", "sp_info_unknown")
    assert await recorded_shop.post("products/special-price", {"prices": [{**rows, **period}]}) == []
    await replay.play("sp_info_1", "sp_set_same_again", "sp_info_1b")
    # an overlapping period, which is not recorded
    overlap = {"price": 70, "price_from": "2026-12-15 00:00:00", "price_to": "2027-01-15 00:00:00"}
    assert await recorded_shop.post("products/special-price", {"prices": [{**rows, **overlap}]}) == []
    await replay.play("sp_info_2", "sp_later", "sp_info_3", "sp_two_in_one_request", "sp_info_4", "sp_end_now")
    await replay.play("sp_open_end", "sp_info_6", "sp_no_dates", "sp_info_7", "sp_bad_date", "sp_info_8")
    await replay.play("sp_date_only", "sp_info_9")
    # a price above the base price, which is not recorded
    above = {"price": 500, "price_from": "2026-12-01 00:00:00", "price_to": "2026-12-31 00:00:00"}
    assert await recorded_shop.post("products/special-price", {"prices": [{**rows, **above}]}) == []
    await replay.play("sp_info_10", "sp_zero", "sp_info_11", "sp_negative", "sp_unknown_sku", "sp_info_12")
    await replay.play("sp_delete_wrong_price", "sp_info_13", "sp_delete_exact", "sp_info_14", "sp_info_15")
    replay.done()


async def test_tier_prices_of_part_two(recorded_shop: Shop, recordings: Recordings) -> None:
    """Keys, groups by name, replacing and deleting tier prices."""
    shop = recorded_shop
    await shop.prices(("SKU-0050", 100))
    # the group "Wholesale B2B" of the set-up had been renamed
    await shop.change({"set_customer_group": {"id": 4, "code": "Wholesale B2B 2"}})
    cases = {name: case for name, case in recordings("prices2").items() if re.match("tp[bc]?_", name)}
    replay = Replay(shop, cases)
    await replay.play("tp_info_none", "tp_add", "tp_info_1", "tp_add_changed", "tp_info_2", "tp_add_other_type")
    await replay.play("tp_info_3", "tp_put_replace", "tp_info_4", "tp_put_empty", "tp_info_5")
    await replay.play(
        "tp_put_two_skus_one_listed", "tp_info_6", "tp_delete", "tp_delete_again", "tp_delete_wrong_price"
    )
    await replay.play("tp_group_lowercase", "tp_group_all_lower", "tp_group_id", "tp_not_logged_in")
    await replay.play("tp_info_8", unordered=True)
    await replay.play("tp_dup_in_request", "tp_qty_decimal", "tp_qty_0", "tp_qty_1", "tp_price_negative")
    # a price of 0, which is not recorded
    zero = {"sku": "SKU-0050", "price": 0, "price_type": "fixed", "website_id": 0, "customer_group": "General"}
    assert await shop.post("products/tier-prices", {"prices": [{**zero, "quantity": 20}]}) == []
    await replay.play("tp_discount_150", "tp_discount_100", "tp_type_bad", "tp_website_unknown")
    await replay.play("tp_website_1_global_scope")
    await replay.play("tp_info_9", "tp_info_unknown", "tp_info_10", unordered=True)
    await replay.play("tpb_add", "tpb_info_1", "tpb_unknown_sku")
    # a row that another call had added
    more = {"sku": "SKU-0060", "price": 84, "price_type": "fixed", "website_id": 0, "quantity": 6}
    rows = {"prices": [{**more, "customer_group": "Wholesale B2B 2"}]}
    assert await shop.post("products/tier-prices", rows) == []
    await replay.play("tpb_info_2", "tpb_put_replace", "tpb_info_3", "tpb_put_with_bad_row", "tpb_put_only_bad_row")
    await replay.play("tpb_info_5", "tpb_delete")
    assert await shop.post("products/tier-prices-information", {"skus": ["SKU-0060"]}) == []
    await replay.play("tpb_delete_same", "tpb_delete_other_price")
    # the shop had been reset before these
    assert await shop.post("products/tier-prices", {"prices": [{**zero, "quantity": 20}]}, "PUT") == []
    assert await shop.post("products/tier-prices-delete", {"prices": [{**zero, "quantity": 20}]}) == []
    await replay.play("tpb_info_7", "tpb_info_8")
    await replay.play("tpc_add", "tpc_delete_other_price", "tpc_info_1", "tpc_add2", "tpc_delete_other_qty")
    await replay.play("tpc_info_2")
    replay.done()


TYPES = (
    ("CONF-S", "simple", 30, {}, []),
    ("OPT", "simple", 10, {}, []),
    ("VIRT", "virtual", 15, {}, []),
    ("DOWN", "downloadable", 9, {}, []),
    ("CONF", "configurable", 0, {}, ["CONF-S"]),
    ("BUN-SEP", "bundle", 0, {"price_type": "0", "shipment_type": "1"}, ["SKU-0020"]),
    ("BUN-TOG", "bundle", 0, {"price_type": "0", "shipment_type": "0"}, ["SKU-0021"]),
    ("BUN-FIX", "bundle", 40, {"price_type": "1", "shipment_type": "1"}, ["SKU-0022"]),
    ("GRP", "grouped", 0, {}, ["SKU-0023"]),
)


def products_of_all_types() -> list[dict[str, Any]]:
    """Changes that add one product of each type, as the area nonsimple-setup made them."""
    names = ("sku", "type_id", "price", "attributes", "children")
    return [{"add_product": dict(zip(names, row, strict=True))} for row in TYPES]


async def test_prices_by_product_type(recorded_shop: Shop, recordings: Recordings) -> None:
    """Which types of product take which prices."""
    await recorded_shop.change(*products_of_all_types())
    cases = {name: case for name, case in recordings("prices2").items() if name.startswith("type_")}
    replay = Replay(recorded_shop, cases)
    for group in ("info_before", "base_price", "info_after"):
        await replay.play(*(name for name in cases if name.startswith(f"type_{group}_")))
    await replay.play("type_mixed_batch", "type_special_all", "type_tier_all")
    await replay.play("type_special_info", "type_tier_info", unordered=True)  # products have other ids here
    replay.done()


async def test_website_scope_with_two_websites(recorded_shop: Shop, recordings: Recordings) -> None:
    """Prices of the stores of a second website, and what a product shows in each of them."""
    shop = recorded_shop
    stores = {"code": "second", "name": "Second Website", "stores": ["second_en", "second_de"]}
    await shop.change({"add_website": stores})
    # prices and quantity of before
    await shop.prices(("SKU-0050", 100), ("SKU-0051", 87.98), ("SKU-0052", 87.99))
    await shop.stock(("SKU-0051", "default", 251, 1))
    for website, group, quantity, price, kind in (
        (0, "ALL GROUPS", 10, 15, "discount"),
        (0, "ALL GROUPS", 7, 60, "fixed"),
        (0, "NOT LOGGED IN", 7, 60, "fixed"),
        (0, "General", 1.5, 60, "fixed"),
        (0, "General", 1, 60, "fixed"),
        (0, "General", 20, 0, "fixed"),
        (0, "General", 23, 100, "discount"),
        (1, "General", 26, 5, "fixed"),
    ):
        row = {"sku": "SKU-0050", "price": price, "price_type": kind, "website_id": website}
        await shop.post("products/tier-prices", {"prices": [{**row, "customer_group": group, "quantity": quantity}]})
    tier = {"sku": "SKU-0051", "price": 70, "price_type": "fixed", "website_id": 0, "customer_group": "General"}
    await shop.post("products/tier-prices", {"prices": [{**tier, "quantity": 3}]})
    cases = {name: case for name, case in recordings("prices2").items() if re.match("ws_|global_again", name)}
    replay = Replay(shop, cases)
    await replay.play("ws_assign_SKU-0050", "ws_assign_SKU-0051")
    await shop.setting(price_scope="website")
    await replay.play("ws_store_0", "ws_info_0", "ws_store_2", "ws_info_2", "ws_store_3_same_website", "ws_info_3")
    # prices of the other two scopes, which are not recorded
    rows = [{"sku": "SKU-0050", "price": 101, "store_id": 0}, {"sku": "SKU-0050", "price": 105, "store_id": 1}]
    assert await shop.post("products/base-prices", {"prices": rows}) == []
    await replay.play("ws_info_4", "ws_product_not_in_website", "ws_info_5", "ws_price_null_reset", "ws_info_6")
    special = {"sku": "SKU-0050", "price": 92, "store_id": 0, "price_from": "2026-12-01 00:00:00"}
    special["price_to"] = "2026-12-31 00:00:00"
    assert await shop.post("products/special-price", {"prices": [special]}) == []
    await replay.play("ws_special_store2", "ws_special_store3", "ws_special_info", "ws_tier_website2")
    await replay.play("ws_tier_info", unordered=True)
    await replay.play("ws_product_get_all", "ws_product_get_default", "ws_product_get_second")
    second = {"prices": [{"sku": "SKU-0050", "price": 111, "store_id": 2}]}
    assert await shop.post("products/base-prices", second) == []
    await replay.play("ws_info_7", "ws_put_product_price_all", "ws_info_8", "ws_put_product_price_noscope")
    await replay.play("ws_info_9")
    await shop.setting(price_scope="global")
    await replay.play("ws_info_back_to_global", "global_again_store_2")
    replay.done()
    stored = await shop.post("products/base-prices-information", {"skus": ["SKU-0050"]})
    assert stored[0] == {"price": 77, "store_id": 0, "sku": "SKU-0050"}
