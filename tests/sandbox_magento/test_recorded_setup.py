"""Sources, stocks, websites, customer groups and products of all types are made as in the recorded shop."""

import json
from collections.abc import Callable
from typing import Any

from sandbox_magento import exceptions
from sandbox_magento.nonsimple import fixed_bundle
from sandbox_magento.replay import Replay
from sandbox_magento.shop import Shop, recorded_products

Recordings = Callable[[str], dict[str, dict[str, Any]]]


async def test_set_up(make_shop: Callable[..., Shop], recordings: Recordings) -> None:
    """A shop just installed takes sources, a stock, links, groups and products."""
    shop = make_shop([], sources=["default"], currency="EUR")
    replay = Replay(shop, recordings("setup"))
    await shop.change({"set_customer_group": {"id": 3, "code": "Retailer"}})
    await replay.play("product_create", "product_create_again", "product_get_lowercase_sku")
    await replay.play("product_create_sku_slash", "product_get_sku_slash_encoded", "product_get_unknown")
    await replay.play("source_create_with_unsupported_field")
    # made first by a call that is not recorded
    east = {"source_code": "east", "name": "East", "enabled": True, "country_id": "US", "postcode": "12345"}
    await shop.post("inventory/sources", {"source": east})
    await replay.play("source_create_duplicate_code", "sources_list", "sources_list_no_criteria")
    await replay.play("source_create_west", "stock_create", "stocks_list", "stock_source_links_unknown_source")
    await replay.play("source_create_vendor", "stock_source_links", "customer_group_create", "customer_group_duplicate")
    await shop.setting(deadlocks=1)
    body = json.dumps(replay.cases["product_create"]["request"]["body"])
    as_json = {"Content_Type": "application/json", "token": "sandbox-magento-token"}
    await replay.play("product_create_parallel_deadlock", raw=body, **as_json)
    replay.done()
    links = await shop.get("inventory/stock-source-links", searchCriteria="")
    assert [link["source_code"] for link in links["items"]] == ["default", "east", "west", "vendor"]


async def test_two_websites(recorded_shop: Shop, recordings: Recordings) -> None:
    """A second website has a store of its own and sells from stock 1."""
    replay = Replay(recorded_shop, recordings("two-websites"))
    second = {"code": "second", "name": "Second Website", "stores": ["second_en", "second_de"]}
    await recorded_shop.change({"add_website": second})
    await replay.play("websites", "store_groups", "stocks_before")
    replay.done()


async def test_products_of_all_types(recorded_shop: Shop, recordings: Recordings) -> None:
    """Products of every type are made by the API, with their parts; a bundle shipped together binds its children."""
    shop = recorded_shop
    await shop.stock(*((f"SKU-00{n}", "east", 100, 1) for n in (20, 21, 22, 23, 30, 31)))
    await shop.prices(("SKU-0020", 87.67), ("SKU-0021", 87.68), ("SKU-0022", 87.69), ("SKU-0023", 87.7))
    replay = Replay(shop, recordings("nonsimple-setup"))
    await replay.play("conf_child_S", "conf_child_M", "conf_parent_with_links", "conf_link_S", "conf_link_M")
    await replay.play("conf_get", "conf_children", "simple_with_options", "virtual", "grouped", "downloadable")
    await replay.play("downloadable_domain_allowed", "downloadable_file", "get_downloadable")
    await replay.play("bundle_separate_dynamic")
    for child in ("BA", "BB"):
        await replay.play(f"bundle_child_{child}", f"bundle_child_{child}_sources", f"bundle_child_{child}_stock")
        await replay.play(f"bundle_child_{child}_sources_after")
    await replay.play("bundle_together_dynamic_one_source", "bundle_get_together", "bundle_child_second_source")
    # a bundle with a fixed price, whose making is not recorded
    await shop.post("products", {"product": fixed_bundle(replay.cases)})
    await replay.play(*(f"stock_{sku}" for sku in ("CONF-S", "DOWN", "OPT")))
    await replay.play(*(f"stock_SKU-00{n}" for n in (20, 21, 23, 30, 31)))
    for sku in ("CONF", "BUN-SEP", "BUN-TOG", "BUN-FIX", "GRP"):
        await replay.play(f"parent_in_stock_{sku}")
    replay.done(without=exceptions.of("nonsimple-setup"))


def test_the_recorded_catalogue_is_the_sandbox_catalogue_of_these_tests() -> None:
    """1,001 products, the slash SKU second."""
    products = recorded_products()
    assert (len(products), products[1].sku) == (1001, "A/B 1")
