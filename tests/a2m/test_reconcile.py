"""`a2m reconcile` on the command line."""

import json

from support.served import one_client

from sandbox.catalogue import generated


def changed_by_hand(here, sku: str) -> None:
    headers = {"Authorization": "Bearer sandbox-magento-token"}
    price = {"price": 1.23, "store_id": 0, "sku": sku}
    url = f"{here.magento.url}/rest/all/V1/products/base-prices"
    one_client().post(url, json={"prices": [price]}, headers=headers).raise_for_status()


def test_what_differs_is_a_table_and_exit_code_1(a2m, make_world):
    """The record with both values; `--repair` sends it, and afterwards nothing differs and the exit code is 0."""
    here = make_world(12)
    assert a2m("sync", "all").code == 0
    sku = generated(12)[3].sku
    changed_by_hand(here, sku)
    output = a2m("reconcile")
    assert output.code == 1
    assert "price: 1 of 12 differ" in output.out
    assert sku in output.out
    assert "1.23" in output.out
    assert "inventory: 36 compared, nothing differs." in output.out
    mended = a2m("reconcile", "price", "--repair")
    assert (mended.code, "price, repair: 1 changed, 1 sent in 1 request" in mended.err) == (0, True)
    assert a2m("reconcile", "price").code == 0
    here.assert_shown(here.settings())


def test_some_are_repaired(a2m, make_world):
    """Only the records that are named are sent; the exit code is 1 while others differ."""
    here = make_world(12)
    assert a2m("sync", "price").code == 0
    first, second = (generated(12)[number].sku for number in (3, 4))
    for sku in (first, second):
        changed_by_hand(here, sku)
    assert "add --repair" in a2m("reconcile", "price", "--key", first).err
    mended = a2m("reconcile", "price", "--repair", "--key", first.lower())
    assert (mended.code, "price, repair: 1 changed, 1 sent" in mended.err) == (1, True)
    assert (str(here.prices()[first]) != "1.23", str(here.prices()[second])) == (True, "1.23")
    assert a2m("reconcile", "price", "--repair", "--cause", "other_value").code == 0


def test_json_is_one_object(a2m, make_world):
    """With every difference, not only those that a table shows."""
    here = make_world(80)
    a2m("sync", "price")
    for product in generated(80)[:60]:
        changed_by_hand(here, product.sku)
    output = a2m("reconcile", "price", "--json")
    (price,) = json.loads(output.out)["entities"]
    assert (output.code, price["compared"], price["different"]) == (1, 80, len(price["differences"]))
    assert price["different"] >= 59
    assert set(price["differences"][0]) == {"key", "source", "acumatica", "magento", "why", "cause"}


def test_a_fault_is_reported_and_is_not_a_success(a2m, make_world):
    """With an Acumatica that refuses, nothing is called right."""
    make_world(12)
    output = a2m("reconcile", "price", A2M_ACUMATICA__PASSWORD="wrong")
    assert output.code == 1
    assert "login" in output.err


def test_how_far_a_comparison_is(a2m, make_world):
    """It shows what is read; what a sync would queue is not shown, because nothing is queued."""
    make_world(30)
    output = a2m("reconcile", "price")
    assert "price: 30 read" in output.err
    assert "queued" not in output.err
