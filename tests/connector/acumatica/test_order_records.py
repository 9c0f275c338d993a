"""Real answers about sales orders and invoices, decoded; and what is asked for."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest
from support.moment import NOW

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.errors import RequestRefused
from connector.acumatica.order_invoices import invoices_of_orders
from connector.acumatica.orders import OrderChoice, existing, has_orders, order_pages, orders_with_keys
from connector.acumatica.session import AcumaticaSession
from connector.clock import ManualClock
from connector.model.sales_orders import InvoicedLine

SO = OrderChoice(("SO",))


@pytest.fixture(scope="module")
def samples(shared):
    found = {}
    for area in ("sales-order", "sales-invoice"):
        file = shared / "contracts" / "acumatica-samples" / f"{area}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            found[area, case["case"]] = case
    return found


class Site:
    """An Acumatica that gives these lists in turn, the last one again and again, and remembers what was asked."""

    def __init__(self, *lists: list, page_size: int = 1000) -> None:
        self.lists = list(lists)
        self.asked: list[httpx.Request] = []
        access = AcumaticaAccess("https://erp.example.com", "Company", "admin", "x", page_size=page_size)
        self.session = AcumaticaSession(access, clock=ManualClock(NOW), transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if "/auth/" in request.url.path:
            return httpx.Response(204)
        self.asked.append(request)
        return httpx.Response(200, json=self.lists.pop(0) if len(self.lists) > 1 else self.lists[0])

    def condition(self, place: int = -1) -> str:
        return self.asked[place].url.params["$filter"]


def row(number: str, **fields: object) -> dict:
    """A row as Acumatica sends it."""
    given = {"OrderType": "SO", "OrderNbr": number, "Date": "2026-11-20T00:00:00+00:00", **fields}
    return {name: value if isinstance(value, list) else {"value": value} for name, value in given.items()}


async def keys(site: Site, choice: OrderChoice = SO, **how: object) -> list[str]:
    return [key async for page in order_pages(site.session, choice, **how) for key in page.orders]


@pytest.mark.recordings
@pytest.mark.parametrize(
    "case", ["keyed GET with Details (22.200)", "keyed GET with Details (18.200/20R1)", "TaxDetails"]
)
async def test_orders_of_several_versions_are_decoded(samples, case):
    """Header and lines keep what was said: decimals exactly, days as days, empty fields as empty texts."""
    raw = samples["sales-order", case]["body"]
    page = await orders_with_keys(Site([raw]).session, SO, ["SO 000001"])
    [(key, found)] = page.orders.items()
    assert key == f"{raw['OrderType']['value']} {raw['OrderNbr']['value']}"
    assert (found.status, f"{found.total}") == (raw["Status"]["value"], str(raw["OrderTotal"]["value"]))
    assert (str(found.date), found.external_ref) == (raw["Date"]["value"][:10], "")
    assert [(one.number, one.item, one.uom) for one in found.lines] == [
        (one["LineNbr"]["value"], one["InventoryID"]["value"], one["UOM"]["value"]) for one in raw["Details"]
    ]
    assert not page.problems


@pytest.mark.recordings
async def test_invoice_lines_are_returned_by_order(samples):
    """A released invoice names the order and line of each of its lines."""
    raw = samples["sales-invoice", "MYOB sales_invoice"]["body"]
    [page] = [one async for one in invoices_of_orders(Site([raw]).session, ["SO"], None)]
    lines = page.lines["SO 000486"][f"Invoice|{raw['ReferenceNbr']['value']}"]
    assert lines[0] == InvoicedLine(1, "X053XUS120", "PC", Decimal(5), Decimal("5427.96"))
    assert len(lines) == sum(one["OrderNbr"].get("value") == "000486" for one in raw["Details"])
    [page] = [one async for one in invoices_of_orders(Site([raw]).session, ["CS"], None)]
    assert page.lines == {}


async def test_without_a_type_nothing_is_asked():
    """An empty list of order types means none, not all."""
    site = Site([])
    assert await keys(site, OrderChoice(())) == []
    assert [one async for one in invoices_of_orders(site.session, [], None)] == []
    assert (await orders_with_keys(site.session, OrderChoice(()), ["SO 1"])).orders == {}
    assert site.asked == []


async def test_only_what_is_chosen_is_asked_for():
    """Types, branches, the day of FROM and the window are conditions of the question; archived orders are shown."""
    site = Site([])
    choice = OrderChoice(("SO", "EO"), ("RETAIL",), date(2026, 11, 1), datetime(2026, 11, 1, 5, tzinfo=UTC))
    await keys(site, choice, changed_since=datetime(2026, 11, 20, 10, 30, tzinfo=UTC))
    assert site.condition() == (
        "(OrderType eq 'SO' or OrderType eq 'EO') and (Branch eq 'RETAIL') and "
        "Date ge datetimeoffset'2026-11-01' and LastModified ge datetimeoffset'2026-11-20T10:30:00.000+00:00'"
    )
    assert site.asked[0].headers["PX-ApiArchive"] == "SHOW"


async def test_pages_go_by_type_and_number():
    """A full page is followed by what is behind its last order; a page that repeats is a fault and not a loop."""
    site = Site([row("000001"), row("000002")], [row("000003")], page_size=2)
    assert await keys(site) == ["SO 000001", "SO 000002", "SO 000003"]
    assert site.condition().endswith("and (OrderType gt 'SO' or (OrderType eq 'SO' and OrderNbr gt '000002'))")
    site = Site([row("000001"), row("000002")], page_size=2)
    with pytest.raises(RequestRefused, match="repeats"):
        await keys(site)


async def test_of_the_day_of_from_only_later_orders_count():
    """An order has a day; on FROM's own day the instant of its entry decides."""
    begins = datetime(2026, 11, 20, 15, tzinfo=UTC)
    rows = [
        row("000001", CreatedDate="2026-11-20T14:00:00+00:00"),
        row("000002", CreatedDate="2026-11-20T18:00:00+03:00"),
        row("000003", Date="2026-11-21T00:00:00+00:00", CreatedDate="2026-11-20T14:00:00+00:00"),
    ]
    assert await keys(Site(rows), OrderChoice(("SO",), (), date(2026, 11, 20), begins)) == ["SO 000002", "SO 000003"]


async def test_a_row_that_cannot_be_read_fails_alone():
    """Its page goes on, and the page behind it too."""
    rows = [row("000001"), row("000002", OrderTotal="abc"), row("000003", Date="someday")]
    [page] = [one async for one in order_pages(Site(rows).session, SO)]
    assert list(page.orders) == ["SO 000001"]
    assert sorted(problem.key for problem in page.problems) == ["SO 000002", "SO 000003"]


async def test_what_exists_is_asked_without_any_choice():
    """An order that the settings no longer choose is not a deleted one."""
    site = Site([row("000001")])
    assert await existing(site.session, ["SO 000001", "SO 000002"]) == {"SO 000001"}
    assert "Date" not in site.condition()
    assert await has_orders(site.session, "SO")
    assert not await has_orders(Site([]).session, "XX")
