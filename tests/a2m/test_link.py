"""`a2m link`: both sides are asked before a link is stored."""

import json

import pytest
from support.sales import Sales

from connector.state.engine import open_state
from connector.state.sync import links

ORDERS = {"A2M_ORDER__TYPES": '["SO"]', "A2M_ORDER__FROM": "2020-01-01T00:00:00Z"}
LINES = {"SKU-000001": 1}


@pytest.fixture
def here(make_world):
    """Two orders that were entered in Acumatica, and one that somebody made for the first of them in Magento."""
    here = Sales(make_world(3))
    here.entered("000001", LINES)
    here.entered("000002", LINES)
    return here


def linked(home):
    """The links of orders by key."""
    state = open_state(f"sqlite:///{home / 'state.sqlite'}")
    with state.read() as connection:
        found = links.of_records(connection, "order", ["SO 000001", "SO 000002", "NOSUCH"])
    state.close()
    return {key: one.magento_id for key, one in found.items()}


def test_a_link_between_what_is_there(a2m, here, home):
    """The number as it is typed; what Magento calls the order is said."""
    made = str(here.ordered(LINES, increment_id="100000001"))
    done = a2m("link", "order", "000001", made, **ORDERS)
    assert done.code == 0, done.err
    assert done.out.startswith("order SO 000001 is order 100000001, ")
    assert linked(home) == {"SO 000001": made}
    again = json.loads(a2m("link", "order", "so000001", made, "--json", **ORDERS).out)
    assert (again["key"], again["magento_id"]) == ("SO 000001", made)


def test_one_side_that_is_not_there(a2m, here, home):
    """It is named, with what may have been meant, and nothing is stored."""
    made = str(here.ordered(LINES, increment_id="100000001"))
    for key, magento_id, words in (
        ("NOSUCH", made, "Acumatica has no order 'NOSUCH'"),
        ("000001", "999", "Magento has no order with the id 999."),
        ("000001", "100000001", f"It is what Magento shows of the order with the id {made}."),
        ("000001", "abc", "Magento has no order with the id abc."),
    ):
        refused = a2m("link", "order", key, magento_id, **ORDERS)
        assert (refused.code, refused.out) == (1, "")
        assert words in refused.err
    assert linked(home) == {}


def test_an_id_that_another_document_has(a2m, here, home):
    """One order of Magento is one of Acumatica's."""
    made = str(here.ordered(LINES, increment_id="100000001"))
    a2m("link", "order", "000001", made, **ORDERS)
    refused = a2m("link", "order", "000002", made, **ORDERS)
    assert refused.code == 1
    assert f"The order with the id {made} in Magento is SO 000001 already." in refused.err
    assert linked(home) == {"SO 000001": made}


def test_a_shipment_names_its_order_too(a2m, here):
    """A shipment may span orders, each with a shipment of its own in Magento."""
    order = here.ordered(LINES, increment_id="100000001")
    a2m("sync", "inventory")
    source = {"arguments": {"extension_attributes": {"source_code": "default"}}}
    here.http.post(f"order/{order}/ship", json=source).raise_for_status()
    (made,) = here.shipped(order)
    number = here.ship("000001")
    refused = a2m("link", "shipment", number, str(made["entity_id"]), **ORDERS)
    assert refused.code == 1
    assert "Name the order too, behind a bar." in refused.err
    done = a2m("link", "shipment", f"{number}|SO 000001", str(made["entity_id"]), **ORDERS)
    assert done.code == 0, done.err
    assert done.out.startswith(f"shipment {number}|SO 000001 is shipment {made['increment_id']}, in Magento")
