"""Sources, stocks, quantities and what may be sold answer as the recorded shop did.

The recordings are sorted by name; the order here is the one in which they were made, as their values tell.
"""

from collections.abc import Callable
from typing import Any

from sandbox_magento.replay import Replay
from sandbox_magento.shop import Shop
from sandbox_magento.test_recorded_prices import products_of_all_types

Recordings = Callable[[str], dict[str, dict[str, Any]]]


async def test_source_items(recorded_shop: Shop, recordings: Recordings) -> None:
    """Every recorded call of source items is answered and leaves behind what was recorded."""
    shop = recorded_shop
    replay = Replay(shop, recordings("source-items"))
    await replay.play("ok_one", "get_after_ok", "ok_many", "ok_again_same", "unknown_sku", "get_unknown_sku_row")
    await replay.play("unknown_source", "unknown_sku_and_unknown_source", "get_after_unknown_source_mixed")
    await replay.play("fractional_quantity", "get_after_fraction", "quantity_many_decimals")
    await replay.play("get_after_many_decimals", "zero_qty_status_in", "zero_qty_status_out")
    # a negative quantity, which is not recorded
    await shop.stock(("SKU-0003", "east", -5, 1))
    await replay.play("get_after_negative", "duplicate_entries", "get_after_duplicate", "missing_sku", "missing_source")
    await replay.play("missing_quantity", "get_after_missing_quantity", "get_after_missing_status", "empty_sku")
    await replay.play("empty_list", "empty_object", "qty_null", "status_bool", "qty_string", "qty_huge")
    await replay.play("get_after_huge")
    # another letter case, which is not recorded: a row of its own spelling
    await shop.stock(("sku-0007", "east", 77, 1))
    await replay.play("get_after_lowercase", "sku_trailing_space", "get_after_trailing_space", "source_uppercase")
    await replay.play("get_after_source_uppercase", "delete_ok", "delete_absent", "delete_unknown_sku")
    await replay.play("items_21_no_limits")
    await shop.setting(array_limit=20)
    await replay.play("items_20_limit_20", "items_21_limit_20", "items_25_limit_20")
    await shop.setting(array_limit=None)
    # 500 rows at east and orders of SKU-0030, which are not recorded
    await shop.stock(*((f"SKU-{number:04d}", "east", 100, 1) for number in range(1, 501)))
    await replay.play("list_by_source_page", "list_sku_in", "list_filter_unknown_field", "salable_qty", "is_salable")
    await shop.stock(("SKU-0030", "east", 194, 1))
    await replay.play("salable_qty_posted_order_sku", "salable_qty_unknown_sku", "salable_qty_unknown_stock")
    replay.done()


async def test_stock_items(recorded_shop: Shop, recordings: Recordings) -> None:
    """The legacy stock: the item id in the path is ignored, and what is not enough goes out of stock."""
    shop = recorded_shop
    await shop.stock(("SKU-0008", "east", 100, 1))
    replay = Replay(shop, recordings("stock-items"))
    await replay.play("get_ok", "get_sku_with_slash", "get_unknown", "get_for_put", "put_id_text")
    for name, sku in (("put_own_id", "SKU-0008"), ("put_wrong_other_products_id", "SKU-0009")):
        await _own_id(replay, name, sku)
    await replay.play("get_after_wrong_id_8")
    await _own_id(replay, "put_zero_in_stock_true", "SKU-0008")
    await replay.play("get_after_zero")
    await _own_id(replay, "put_qty_only", "SKU-0008")
    await replay.play("get_after_qty_only", "source_items_default_after_stockItems_put")
    await _own_id(replay, "put_sku_with_slash", "A/B 1")
    replay.done()
    low = (await shop.get("stockItems/SKU-0008"))["low_stock_date"]
    assert low is None


async def _own_id(replay: Replay, name: str, sku: str) -> None:
    """Replay a change whose answer is the id of the product's stock item, which is another one here."""
    own = (await replay.shop.get(f"stockItems/{sku.replace('/', '%2F')}"))["item_id"]
    replay.cases[name]["response"]["body"] = own
    await replay.play(name)


async def test_types_of_source_items(recorded_shop: Shop, recordings: Recordings) -> None:
    """Which types quantity and status may have."""
    cases = {name: case for name, case in recordings("stock-special").items() if name.startswith("types_")}
    replay = Replay(recorded_shop, cases)
    await replay.play(*cases)
    replay.done()


async def test_backorders(recorded_shop: Shop, recordings: Recordings) -> None:
    """With backorders a quantity of 0 is sold if its status is 1; without them it is not."""
    shop = recorded_shop
    cases = _some(recordings, "backorders_", "nobackorders_")
    replay = Replay(shop, cases)
    # allowed by a product's save that is not recorded
    await shop.change({"set_stock_item": {"sku": "SKU-0073", "use_config_backorders": False, "backorders": 1}})
    await shop.stock(*(("SKU-0074", source, 0, 1) for source in ("east", "west", "vendor")))
    await replay.play("backorders_stock_item", "backorders_qty0_status1", "backorders_qty0_status1_salable")
    await replay.play("backorders_qty0_status1_is_salable", "backorders_qty0_status1_for_qty")
    await shop.stock(*(("SKU-0073", source, 0, 0) for source in ("east", "west", "vendor")))
    await replay.play("backorders_qty0_status0_salable", "backorders_qty0_status0_is_salable")
    await replay.play("backorders_qty0_status0_for_qty", "backorders_qty_neg", "backorders_qty_neg_salable")
    await replay.play("backorders_qty_neg_for_qty", "backorders_read")
    await replay.play("nobackorders_qty0_status1_salable", "nobackorders_qty0_status1_is_salable")
    await replay.play("nobackorders_qty0_status1_for_qty")
    replay.done()


def _some(recordings: Recordings, *starts: str) -> dict[str, Any]:
    return {name: case for name, case in recordings("stock-special").items() if name.startswith(starts)}


async def test_sources_and_stock_statuses(recorded_shop: Shop, recordings: Recordings) -> None:
    """Disabled sources, sources of another stock, statuses, thresholds, and stock that is not managed."""
    shop = recorded_shop
    await shop.change({"set_price": {"sku": "SKU-0076", "price": "88.23"}})
    await shop.change({"set_price": {"sku": "SKU-0078", "price": "88.25"}})
    cases = _some(
        recordings, "disabled_", "source_not", "source_disable", "source_enable", "source_get", "decimal_", "min_qty"
    )
    cases |= _some(recordings, "manage_stock", "no_reindex", "qty5")
    replay = Replay(shop, cases)
    await replay.play("source_disable_default", "source_disable_west", "source_get_west", "disabled_source_write")
    await replay.play("disabled_source_read", "disabled_source_is_salable", "disabled_source_for_qty")
    await replay.play("source_enable_west", "source_not_in_stock", "source_not_in_stock_salable")
    await replay.play("source_not_in_stock_for_qty", "source_not_in_stock_stock1_for_qty")
    await replay.play("source_not_in_stock_stock1_is_salable", "qty5_status0", "qty5_status0_salable")
    await replay.play("qty5_status_mixed", "qty5_status_mixed_salable", "qty5_status_mixed_is_salable")
    await replay.play("manage_stock_off", "manage_stock_off_write", "manage_stock_off_salable", "manage_stock_off_read")
    await replay.play("manage_stock_off_qty0", "decimal_flag", "decimal_without_flag", "decimal_with_flag")
    await replay.play("decimal_with_flag_salable", "decimal_with_flag_for_qty", "min_qty_5", "min_qty_write")
    await replay.play("min_qty_salable", "min_qty_for_qty", "no_reindex_to_100", "no_reindex_100_salable")
    await replay.play("no_reindex_100_is_salable", "no_reindex_to_0", "no_reindex_0_salable", "no_reindex_0_is_salable")
    await replay.play("no_reindex_0_for_qty", "no_reindex_0_after_index_for_qty", "no_reindex_0_after_index_salable")
    await replay.play("no_reindex_0_after_index_is_salable")
    replay.done()


async def test_composite_products(recorded_shop: Shop, recordings: Recordings) -> None:
    """Parents have no quantity of their own, take rows that mean nothing, and are sold when marked as in stock."""
    shop = recorded_shop
    await shop.stock(*((f"SKU-002{n}", "east", 100, 1) for n in range(4)), ("BA", "east", 61, 1))
    await shop.change(*products_of_all_types(), {"add_product": {"sku": "BA"}})
    own = ("CONF-S", "OPT", "VIRT", "DOWN")
    await shop.stock(*((sku, "default", 0, 1) for sku in own))
    await shop.stock(*((sku, source, 50, 1) for sku in own for source in ("east", "west")))
    cases = _some(recordings, "is_salable_", "salable_qty_", "source_item_", "source_items_of_", "parent_")
    replay = Replay(shop, cases)
    await replay.play(*(name for name in cases if name.startswith("source_items_of_")))
    await replay.play(*(name for name in cases if name.startswith("is_salable_") and "_after_" not in name))
    await replay.play(*(name for name in cases if name.startswith("salable_qty_")))
    parents = ("CONF", "BUN-SEP", "BUN-TOG", "BUN-FIX", "GRP")
    await shop.change(*({"set_stock_item": {"sku": sku, "is_in_stock": True}} for sku in parents))
    await replay.play(*(name for name in cases if name.startswith("is_salable_") and "_after_" in name))
    await shop.stock(("GRP", "east", 5, 1))
    await replay.play(*(name for name in cases if name.startswith("source_item_for_parent")))
    await replay.play("parent_beside_good", "parent_beside_good_read")
    await replay.play(*(name for name in cases if name.startswith("source_item_of_parent")))
    replay.done()


async def test_exports_and_long_questions(recorded_shop: Shop, recordings: Recordings) -> None:
    """The exports of stock, pages that are short, and questions about many SKUs."""
    shop = recorded_shop
    cases = _some(recordings, "export_", "read_in_", "low_quantity")
    replay = Replay(shop, cases)
    await shop.change({"add_website": {"code": "second", "stores": ["second_en", "second_de"]}})
    for sku in ("SKU-0050", "SKU-0051"):
        product = {"sku": sku, "extension_attributes": {"website_ids": [1, 2]}}
        await shop.post(f"products/{sku}", {"product": product}, "PUT")
    await shop.stock(("SKU-0051", "default", 251, 1))
    dumped = cases["export_dump_stock_index_data_website_base"]["response"]["body"]
    known = {f"SKU-{number:04d}" for number in range(1, 1001)}
    rows = {row["sku"]: row["qty"] for row in dumped if row["sku"] in known}
    read = cases["read_in_800"]["response"]["body"]["items"]
    await shop.stock(*((sku, "east", quantity, 1) for sku, quantity in rows.items()))
    await shop.stock(*((row["sku"], "east", row["quantity"], row["status"]) for row in read))
    await replay.play("read_in_100", "read_in_700", "read_in_800", "read_in_1000", "low_quantity")
    await shop.stock(*((sku, "east", quantity, 1) for sku, quantity in rows.items()))
    await replay.play("export_unknown_website_dump", "export_unknown_website_expo", "export_page_past_end")
    await replay.play("export_dump_stock_index_data_website_second", unordered=True)
    await replay.play("export_export_stock_salable_qty_website_base_searchcriteria_pagesize_5")
    own = {row["sku"]: row for row in await shop.get("inventory/dump-stock-index-data/website/base")}
    for row in dumped:
        if row["sku"] in rows and row["is_salable"] and row["qty"] > 0:
            assert own[row["sku"]] == row
    replay.played |= {"export_dump_stock_index_data_website_base"}
    # the products of the recorded shop had not all come in the order of their SKUs
    criteria = {"searchCriteria[pageSize]": "100", "searchCriteria[currentPage]": "3"}
    page = await shop.get("inventory/export-stock-salable-qty/website/base", **criteria)
    theirs = cases["export_page_size_100"]["response"]["body"]
    assert page["search_criteria"] == theirs["search_criteria"]
    assert page["total_count"] == len(page["items"])
    assert list(page["items"][0]) == list(theirs["items"][0])
    replay.played |= {"export_page_size_100"}
    replay.done()


async def test_every_case_of_stock_special_is_replayed(recordings: Recordings) -> None:
    """The tests of this module together name every recorded case."""
    starts = ("types_", "backorders_", "nobackorders_", "disabled_", "source_", "decimal_", "min_qty", "manage_stock")
    starts += ("no_reindex", "qty5", "is_salable_", "salable_qty_", "parent_", "export_", "read_in_", "low_quantity")
    assert [name for name in recordings("stock-special") if not name.startswith(starts)] == []
