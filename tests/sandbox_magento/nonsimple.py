"""Products of all types as the recorded shop had them, made by the recorded calls."""

from typing import Any

from sandbox_magento.replay import Case, send
from sandbox_magento.shop import Shop

MADE = (
    *("conf_child_S", "conf_child_M", "conf_parent_with_links", "conf_link_S", "conf_link_M"),
    *("simple_with_options", "virtual", "grouped", "downloadable_file", "bundle_separate_dynamic"),
    *("bundle_child_BA", "bundle_child_BA_stock", "bundle_child_BB", "bundle_child_BB_stock"),
    "bundle_together_dynamic_one_source",
)
PARENTS = ("CONF", "BUN-SEP", "BUN-TOG", "BUN-FIX", "GRP")
STOCKED = ("CONF-S", "DOWN", "OPT", "SKU-0020", "SKU-0021", "SKU-0023", "SKU-0030", "SKU-0031")


def fixed_bundle(cases: dict[str, Case]) -> dict[str, Any]:
    """The product BUN-FIX, whose making is not recorded, as it was read."""
    fixed = cases["parent_in_stock_BUN-FIX"]["response"]["body"]
    product = {name: fixed[name] for name in ("sku", "name", "price", "type_id", "weight", "custom_attributes")}
    options = fixed["extension_attributes"]["bundle_product_options"]
    options = [{name: value for name, value in option.items() if name != "option_id"} for option in options]
    for option in options:
        links = option["product_links"]
        option["product_links"] = [
            {name: value for name, value in link.items() if name not in ("id", "option_id")} for link in links
        ]
    product["extension_attributes"] = {"website_ids": [1], "bundle_product_options": options}
    product["custom_attributes"] = [one for one in product["custom_attributes"] if one["value"]]
    return product


async def make_all(shop: Shop, cases: dict[str, Case]) -> None:
    """Make the products and their stock."""
    await shop.prices(*((f"SKU-00{number}", 87.47 + number / 100) for number in range(20, 32)))
    for name in MADE:
        assert (await send(shop, cases[name]["request"])).status_code == 200
    await shop.post("products", {"product": fixed_bundle(cases)})
    for name in (*(f"stock_{sku}" for sku in STOCKED), *(f"parent_in_stock_{sku}" for sku in PARENTS)):
        assert (await send(shop, cases[name]["request"])).status_code == 200
    await shop.stock(("CONF-M", "east", 50, 1), ("SKU-0022", "east", 100, 1), ("VIRT", "east", 50, 1))
