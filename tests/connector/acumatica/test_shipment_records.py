"""Shipments, orders, invoices and drop-ship receipts: real answers decoded, and the ways from one to the other."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support.moment import NOW

from connector.acumatica import invoices, receipts, shipments
from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.items import ItemFields, item_units
from connector.acumatica.session import AcumaticaSession
from connector.acumatica.shipments import Found
from connector.acumatica.shipped_orders import orders_with_keys
from connector.clock import ManualClock
from connector.model.shipments import Package, ShippedLine
from sandbox.acumatica.app import create_app
from sandbox.catalogue import generated

ACCESS = AcumaticaAccess("https://erp.example.com/AcumaticaERP", "Company", "admin", "secret")
MOMENT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ADDRESS = {"AddressLine1": "1 Example Street", "City": "New York", "PostalCode": "10019", "State": "NY"}


@pytest.fixture(scope="module")
def samples(shared):
    lines = (shared / "contracts" / "acumatica-samples" / "shipment.jsonl").read_text(encoding="utf-8").splitlines()
    return {sample["case"]: sample["body"] for sample in map(json.loads, lines)}


def session_that_hears(body: Any) -> AcumaticaSession:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(204) if "/auth/" in request.url.path else httpx.Response(200, json=body)

    return AcumaticaSession(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


async def decoded(body: Any) -> list[Found]:
    page = await shipments.shipments_with_numbers(session_that_hears(body if isinstance(body, list) else [body]), ["x"])
    assert not page.problems
    return page.found


@pytest.mark.recordings
async def test_the_order_is_the_detail_lines_and_not_the_allocations(samples):
    """One recorded shipment of two orders, whose allocations all name the second one."""
    [found] = await decoded(samples["Details, Allocations, Packages, PackageContents; one shipment for two orders"])
    made = found.shipment
    assert (made.number, made.type, made.operation, made.status) == ("000063", "Shipment", "Issue", "Open")
    assert made.date == date(2022, 9, 2)  # the day as written: its offset is the server's
    assert made.lines == (
        ShippedLine("SO 000066", 1, "APJAM08", "PIECE", Decimal(2), Decimal(2), "WHOLESALE"),
        ShippedLine("SO 000067", 1, "APJAM32", "BOX", Decimal(1), Decimal(1), "WHOLESALE"),
    )
    assert made.packages == (Package("", ("SO 000066", "SO 000067")),)


@pytest.mark.recordings
async def test_a_shipment_of_an_old_endpoint_is_decoded(samples):
    """Notes as bare strings, no type and no operation: a shipment all the same."""
    [found] = await decoded(samples["MYOB shipment list 2020: note is a bare string, files[] on every level"])
    made = found.shipment
    assert (made.number, made.type, made.status, made.ship_via) == ("019390", "Shipment", "Completed", "LOCAL")
    assert [(line.order, line.shipped) for line in made.lines] == [("SO 00091972", Decimal(1))]


@pytest.mark.recordings
async def test_tracking_numbers_and_invoices_are_decoded(samples):
    """Packages with their numbers; the invoice of each order."""
    [found] = await decoded(samples["list by number, $select only nested: all header fields come back"])
    assert found.shipment.packages == (Package("398305336614"),)
    orders = samples["list Orders/InvoiceNbr"]
    orders[0]["Orders"][0] |= {name: {"value": text} for name, text in (("OrderType", "SO"), ("OrderNbr", "000070"))}
    orders[0]["Orders"][0]["InvoiceType"] = {"value": "Invoice"}
    [found] = await decoded(orders)
    assert found.invoices == (("SO 000070", "Invoice", "000126"),)


class Site:
    """The sandbox's Acumatica, and a session with it."""

    def __init__(self) -> None:
        self.clock = ManualClock(MOMENT)
        self.app = create_app(generated(5), clock=self.clock.now)
        access = AcumaticaAccess("http://erp.test", "Company", "admin", "sandbox", page_size=2)
        transport = httpx.ASGITransport(app=self.app)
        self.session = AcumaticaSession(access, clock=self.clock, transport=transport)

    async def change(self, *changes: dict[str, Any]) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://erp.test") as client:
            answer = await client.post("/_sandbox/change", json=list(changes))
        assert answer.is_success, answer.text

    async def shipments(self, **how: Any) -> list[Found]:
        how = {"changed_since": None, "begins_on": None, "after": None, **how}
        pages = [page async for page in shipments.shipment_pages(self.session, **how)]
        assert not [page.problems for page in pages if page.problems]
        return [found for page in pages for found in page.found]

    async def receipts(self, **how: Any) -> list[Found]:
        how = {"changed_since": None, "begins_on": None, "after": None, **how}
        pages = [page async for page in receipts.receipt_pages(self.session, **how)]
        return [found for page in pages for found in page.found]


@pytest.fixture
async def site():
    here = Site()
    contact = {"Email": "acme@example.com", "Phone1": "+1 555 0100", "Address": ADDRESS}
    await here.change({"add_customer": {"customer_id": "ACME", "name": "Acme Inc.", "main_contact": contact}})
    yield here
    await here.session.close()


def order(number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    lines = lines or ({"inventory_id": "SKU-000001", "quantity": "2"},)
    return {"add_order": {"order_nbr": number, "customer_id": "ACME", "lines": list(lines), **more}}


def shipment(order_nbr: str, **more: Any) -> dict[str, Any]:
    return {"add_shipment": {"orders": [{"order_nbr": order_nbr}], "confirm": True, **more}}


async def test_shipments_are_paged_by_number_from_a_day_on(site):
    """Five shipments in pages of two; what is dated before the day is not even asked for."""
    await site.change(*(order(f"00000{n}") for n in range(1, 6)))
    await site.change(*(shipment(f"00000{n}", date=f"2026-03-0{n}") for n in range(1, 6)))
    assert [one.shipment.number for one in await site.shipments()] == [f"00000{n}" for n in range(1, 6)]
    later = await site.shipments(begins_on=date(2026, 3, 3))
    assert [one.shipment.date.day for one in later] == [3, 4, 5]
    site.clock.advance(60)
    await site.change({"add_tracking": {"shipment_nbr": "000002", "tracking": "1Z9"}})
    [found] = await site.shipments(changed_since=MOMENT + timedelta(seconds=30))
    assert (found.shipment.number, found.shipment.packages) == ("000002", (Package("1Z9"),))


async def test_packages_of_a_shipment_of_two_orders_know_their_order(site):
    """By the splits that lie in them."""
    await site.change(order("000001"), order("000002", {"inventory_id": "SKU-000002", "quantity": "1"}))
    packages = [{"tracking": "1Z1", "contents": [{"line": 1}]}, {"tracking": "1Z2", "contents": [{"line": 2}]}]
    both = [{"order_nbr": "000001"}, {"order_nbr": "000002"}]
    await site.change({"add_shipment": {"orders": both, "packages": packages, "confirm": True}})
    [found] = await site.shipments()
    assert found.shipment.packages == (Package("1Z1", ("SO 000001",)), Package("1Z2", ("SO 000002",)))


async def test_orders_with_their_reference_and_lines(site):
    """Read by key, archived ones too."""
    await site.change(order("000001", external_ref="100000012", customer_order="PO-7"))
    await site.change({"archive": {"entity": "SalesOrder", "key": "SO/000001"}})
    found, unreadable = await orders_with_keys(site.session, ["SO 000001", "SO 999999", "X" * 100_000])
    assert (found.keys(), unreadable) == ({"SO 000001"}, {})
    made = found["SO 000001"]
    assert (made.number, made.external_ref, made.customer_order) == ("000001", "100000012", "PO-7")
    assert [(line.number, line.inventory_id, line.quantity) for line in made.lines] == [(1, "SKU-000001", Decimal(2))]


async def test_an_archived_shipment_is_no_deleted_one(site):
    """Archived documents are read too, in lists and by number: whoever begins late must not miss them."""
    await site.change(order("000001"))
    await site.change(shipment("000001"), {"archive": {"entity": "Shipment", "key": "000001"}})
    assert [one.shipment.number for one in await site.shipments()] == ["000001"]
    page = await shipments.shipments_with_numbers(site.session, ["000001"])
    assert [one.shipment.number for one in page.found] == ["000001"]


async def test_units_of_items(site):
    """Base units per unit of all that an item has; what is nowhere is left out."""
    units = await item_units(site.session, ItemFields(), ["SKU-000001", "NOWHERE"])
    assert units.keys() == {"SKU-000001"}
    assert units["SKU-000001"].in_base[units["SKU-000001"].base] == "1"


async def test_a_released_invoice_names_its_shipments(site):
    """Balanced is not released; released since an instant it names the shipment, and counts as released by number."""
    await site.change(order("000001"))
    await site.change(shipment("000001"), {"add_invoice": {"shipments": ["000001"]}})
    [found] = await site.shipments()
    assert found.invoices == (("SO 000001", "Invoice", "000001"),)
    assert await invoices.released(site.session, [("Invoice", "000001")]) == set()
    assert await invoices.shipped_by_invoices_since(site.session, MOMENT) == []
    await site.change({"release_invoice": "000001"})
    assert await invoices.released(site.session, [("Invoice", "000001")]) == {("Invoice", "000001")}
    assert await invoices.shipped_by_invoices_since(site.session, MOMENT) == ["000001"]


def dropped(number: str, quantity: str, **more: Any) -> dict[str, Any]:
    return order(number, {"inventory_id": "SKU-000005", "quantity": quantity, "drop_ship": True}, **more)


async def test_a_released_receipt_of_a_drop_ship_order_finds_its_sales_order(site):
    """By the purchase order that the order names; its vendor reference is the tracking number."""
    await site.change(*(order(f"00001{n}") for n in range(5)))
    await site.change(dropped("000001", "3", external_ref="100000012"))
    await site.change({"add_purchase_order": {"order_nbr": "000001", "vendor_ref": "1ZVENDOR"}})
    await site.change({"add_purchase_receipt": {"purchase_order": "000001", "receipt_nbr": "000077"}})
    assert await site.receipts() == []  # not released yet
    await site.change({"release_purchase_receipt": "000077"})
    [found] = await site.receipts()
    made = found.shipment
    assert (made.key, made.status) == ("Receipt 000077", "Released")
    assert [(line.order, line.order_line, line.inventory_id, line.shipped) for line in made.lines] == [
        ("SO 000001", 1, "SKU-000005", Decimal(3))
    ]
    assert made.packages == (Package("1ZVENDOR", ("SO 000001",)),)
    assert made.orders["SO 000001"].external_ref == "100000012"
    assert found.invoices == ()
    await site.change({"add_invoice": {"receipts": ["000077"], "release": True}})
    page = await receipts.receipts_with_numbers(site.session, ["000077"])
    assert page.found[0].invoices == (("SO 000001", "Invoice", "000001"),)


async def test_an_order_that_did_not_change_at_the_receipt_is_found_all_the_same(site):
    """A second part of a back order leaves the order's own stamp alone."""
    await site.change(dropped("000001", "3"))
    await site.change({"add_purchase_order": {"order_nbr": "000001"}})
    part = {"purchase_order": "000001", "lines": [{"line_nbr": 1, "quantity": "1"}], "release": True}
    await site.change({"add_purchase_receipt": {**part, "receipt_nbr": "000077"}})
    site.clock.advance(30 * 86_400)
    await site.change({"add_purchase_receipt": {**part, "receipt_nbr": "000078"}})
    found = await site.receipts(changed_since=MOMENT + timedelta(days=1))
    assert [(one.shipment.number, one.shipment.lines[0].order) for one in found] == [("000078", "SO 000001")]
