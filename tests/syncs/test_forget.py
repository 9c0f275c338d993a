"""A person is forgotten between two syncs: nothing of hers is made again, and what comes later still finds its way."""

from collections.abc import Callable

from sqlalchemy import select
from support.customers import ADDRESS
from support.sales import Sales
from support.world import World

from connector.state.operator import forget
from connector.state.schema import metadata
from connector.state.sync import records
from sandbox.catalogue import Product

EMAIL = "acme@example.com"
PERSONAL = (EMAIL, "1 example street", "1 private road", "+1 555 0100")
PRODUCTS = [Product("A", "A", 1_000_000, {"MAIN": 10_000_000})]
CUSTOMERS = {
    "active": {"customer": True, "order": True, "shipment": True},
    "customer": {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}},
    "shipment": {"from": "2020-01-01T00:00:00Z", "ship_vias": {"GROUND": {"carrier_code": "ups", "title": "UPS"}}},
}


def message(here: World) -> str:
    """All that the state database says."""
    with here.state.read() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    values = [value for row in rows for value in row]
    return " ".join(bytes(v).decode() if isinstance(v, bytes | memoryview) else str(v) for v in values).casefold()


async def sync(sales: Sales, *entities: str, **how: bool) -> None:
    """A sync of each, a minute later."""
    for entity in entities:
        sales.here.clock.advance(61)
        outcome = await sales.here.sync(entity, sales.settings(**CUSTOMERS), **how)
        assert (outcome.fault, outcome.stopped, list(outcome.failed)) == (None, None, []), outcome.summary()


async def test_forgotten_and_not_made_again(make_world: Callable[..., World], database_url: str) -> None:
    """Acumatica still has her: a full sync stores her again and writes nothing to Magento; what ships later is
    shipped once on the order that was made before.
    """
    sales = Sales(make_world(PRODUCTS, database_url=database_url))
    here = sales.here
    own = {"Email": EMAIL, "Phone1": "+1 555 0100", "Address": {**ADDRESS, "AddressLine1": "1 Private Road"}}
    here.change({"set_customer": {"customer_id": "ACME", "customer_class": "WHOLESALE", "main_contact": own}})
    sales.entered("000001", {"A": 2})
    await sync(sales, "customer", "order")
    assert all(word in message(here) for word in (EMAIL, "1 private road"))
    written, made = len(here.writes()), len(sales.orders())
    assert made == 1

    here.clock.advance(600)
    await sync(sales, "customer", "order")  # so that what was changed lies before what is read again
    kept = forget.forget(here.state, EMAIL, here.clock.now())
    assert kept.keys == {"customer": ["ACME"], "order": ["SO 000001"]}
    assert not [word for word in PERSONAL if word in message(here)]
    await sync(sales, "customer", "order")
    assert not [word for word in PERSONAL if word in message(here)], "a look at changes brings nothing back"

    await sync(sales, "customer", "order", full=True)
    assert EMAIL in message(here), "Acumatica still has her, and a full sync reads all of it"
    assert len(here.writes()) == written
    sales.ship("000001")
    await sync(sales, "shipment")
    current = sales.order("000001")
    assert len(sales.shipped(current["entity_id"])) == 1
    assert len(sales.orders()) == made


async def test_a_customer_who_is_gone_from_acumatica(make_world: Callable[..., World], database_url: str) -> None:
    """Nothing fails for want of what was erased, and nothing comes back."""
    sales = Sales(make_world(PRODUCTS, database_url=database_url))
    here = sales.here
    own = {"Email": EMAIL, "Phone1": "+1 555 0100", "Address": ADDRESS}
    here.change({"set_customer": {"customer_id": "ACME", "customer_class": "WHOLESALE", "main_contact": own}})
    await sync(sales, "customer")
    here.change({"remove_customer": {"customer_id": "ACME"}})
    forget.forget(here.state, EMAIL, here.clock.now())
    await sync(sales, "customer")
    await sync(sales, "customer", full=True)
    assert not [word for word in PERSONAL if word in message(here)]
    with here.state.read() as connection:
        assert records.read(connection, "customer", ["ACME"]) == {}
    assert here.failed() == []
