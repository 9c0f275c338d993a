"""Failures with one cause are one group, whatever the SKUs look like."""

from connector.state.operator import actions
from sandbox.catalogue import Product

ODD = ("red shirt, large {}", 'a {}" nail', "it's {}", "SKU {}", "Ünï{}", "%sku{}", "({})", "“{}”", "a.b*[{}", "{}")


def _products(count: int) -> list[Product]:
    return [Product(ODD[n % len(ODD)].format(n), "x", 5_000_000, {"MAIN": 30_000}) for n in range(count)]


async def test_412_products_that_magento_lacks_are_one_group(make_world):
    """Prices of 412 SKUs of every shape fail: one group, with its code and one reason as an example."""
    here = make_world(_products(412), shop_products=[])
    await here.sync("price")
    with here.state.read() as connection:
        (group,) = actions.groups(connection)
    assert (group.entity, group.cause, group.how_many) == ("price", "unknown_sku", 412)
    assert group.example.startswith("Unknown SKU: ")


async def test_412_refusals_in_magentos_own_words_are_one_group(make_world):
    """Magento names each SKU in its message in another way than it was sent: the code is the same."""
    products = _products(412)
    here = make_world(products, faults="magento POST path=*/base-prices: status=400")
    await here.sync("price")
    with here.state.read() as connection:
        (group,) = actions.groups(connection)
    assert (group.cause, group.how_many) == ("refused_by_magento", 412)
    assert "Correct what Magento names" in group.example
