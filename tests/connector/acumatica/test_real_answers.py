"""Real answers of Acumatica, fed to the client one by one."""

import json
from datetime import date

import httpx
import pytest
from support.moment import NOW

from connector.acumatica import prices, quantities, setup
from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.errors import (
    AcumaticaBusy,
    AcumaticaFault,
    LoginLimit,
    LoginRefused,
    NoRights,
    RequestRefused,
)
from connector.acumatica.items import ItemFields, item_pages
from connector.acumatica.session import AcumaticaSession
from connector.clock import ManualClock
from connector.records import WarehouseQuantity

ACCESS = AcumaticaAccess("https://erp.example.com/AcumaticaERP", "Company", "admin", "secret")


@pytest.fixture(scope="module")
def samples(shared):
    found = {}
    for file in (shared / "contracts" / "acumatica-samples").glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            found[file.stem, sample["case"].strip()] = sample
    return found


def answer_of(sample: dict) -> httpx.Response:
    body = sample["body"]
    headers = dict(sample.get("response_headers") or [])
    location = {"location": headers["Location"]} if "Location" in headers else {}
    if isinstance(body, str) or body is None:
        return httpx.Response(sample["status"], headers=location, content=(body or "").encode())
    return httpx.Response(sample["status"], headers=location, json=body)


def session_that_hears(sample: dict, *, at_login: bool = False) -> AcumaticaSession:
    def answer(request: httpx.Request) -> httpx.Response:
        if "/auth/" in request.url.path and not at_login:
            return httpx.Response(204)
        return answer_of(sample)

    return AcumaticaSession(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("case", "first"),
    [
        ("list, LastModified filter, WarehouseDetails (22.200)", None),
        ("list, LastModified filter, WarehouseDetails (18.200, files[] always present)", "APJAM08"),
        ("find all / returns array of resources", None),
    ],
)
async def test_stock_items_are_decoded(samples, case, first):
    """Lists of stock items of three endpoint versions give typed items with prices in millionths."""
    sample = samples["stock-item", case]
    pages = [page async for page in item_pages(session_that_hears(sample), "stock", ItemFields())]
    raw = sample["body"][0]
    key, item = next(iter(pages[0].items.items()))
    assert key == (first or raw["InventoryID"]["value"])
    assert item.status == raw["ItemStatus"]["value"]
    assert item.default_price == round(raw["DefaultPrice"]["value"] * 1_000_000)
    assert item.base_uom == raw["BaseUOM"]["value"]
    assert item.exported == bool(raw.get("ExportToExternal", {}).get("value"))
    assert not pages[0].problems


@pytest.mark.recordings
@pytest.mark.parametrize(
    "case",
    [
        "InventorySummaryInquiry, item only: rows per warehouse x location, no total row",
        "InventorySummaryInquiry item+warehouse, negative availability on <UNASSIGNED>",
        "InventorySummaryInquiry 18.200",
    ],
)
async def test_inventory_summaries_are_summed_by_warehouse(samples, case):
    """Each figure is summed over the locations of a warehouse, demand that is not yet located included."""
    sample = samples["inventory", case]
    session = session_that_hears(sample)
    page = await quantities.by_inventory_summary(session, "available", ["APJAM08"])
    expected: dict[str, list[int]] = {}
    for row in sample["body"]["Results"]:
        sums = expected.setdefault(row["WarehouseID"]["value"], [0, 0, 0])
        for place, name in enumerate(("QtyAvailable", "QtyAvailableForShipment", "QtyOnHand")):
            sums[place] += round(row[name]["value"] * 10_000)
    assert page.quantities == {"APJAM08": {name: WarehouseQuantity(*sums) for name, sums in expected.items()}}
    assert page.quantities["APJAM08"]["RETAIL"].available == 60_000


@pytest.mark.recordings
async def test_changed_items_are_reported(samples):
    """InventoryQuantityAvailable names the items that changed."""
    sample = samples["inventory", "InventoryQuantityAvailable item + LastModifiedDateTime"]
    assert await quantities.changed_items(session_that_hears(sample), NOW) == ["APJAM08"]


@pytest.mark.recordings
async def test_quantities_by_odata_are_decoded(samples):
    """Rows of INSiteStatus give the figures by item and warehouse, their padded codes stripped; what the answer does
    not have is unknown.
    """
    sample = samples["odata", "DAC v4 INSiteStatus all rows with navigations"]
    rows = sample["body"]["value"]
    pages = [page async for page in quantities.by_odata(session_that_hears(sample), "on_hand")]
    found = {(key, site): amount for key, shelves in pages[0].quantities.items() for site, amount in shelves.items()}
    expected: dict[tuple[str, str], WarehouseQuantity] = {}
    for row in rows:
        place = (
            row["InventoryItemByInventoryID"]["InventoryCD"].rstrip(),
            row["INSiteBySiteID"]["SiteCD"].rstrip(),
        )
        figures = WarehouseQuantity(round(row["QtyAvail"] * 10_000), None, round(row["QtyOnHand"] * 10_000))
        expected[place] = expected[place].plus(figures) if place in expected else figures
    assert found == expected
    assert found


@pytest.mark.recordings
async def test_a_figure_that_the_answer_does_not_have(samples):
    """Where it is the one to publish, each item fails and says what to do: no number stands for it."""
    session = session_that_hears(samples["odata", "DAC v4 INSiteStatus all rows with navigations"])
    pages = [page async for page in quantities.by_odata(session, "available_for_shipping")]
    assert pages[0].quantities == {}
    reasons = {problem.reason for problem in pages[0].problems}
    assert all("has no available for shipping quantity in" in reason for reason in reasons)
    assert "MOUSE" in {problem.key for problem in pages[0].problems}


@pytest.mark.recordings
async def test_sales_prices_are_decoded(samples):
    """Rows of the price list keep their unit, their dates as days and their price in millionths."""
    sample = samples["prices", "SalesPricesInquiry for one item, two base prices by UOM"]
    page = await prices.by_inquiry(session_that_hears(sample), ["ZVX-PCK3001"])
    rows = page.rows["ZVX-PCK3001"]
    assert [row.price_type for row in rows] == ["base"] * len(sample["body"]["SalesPriceDetails"])
    assert rows[0].effective == date(2021, 9, 12)
    assert rows[0].expiration is None
    first = sample["body"]["SalesPriceDetails"][0]
    assert rows[0].price == round(first["Price"]["value"] * 1_000_000)
    assert rows[0].uom == first["UOM"]["value"]


@pytest.mark.recordings
@pytest.mark.parametrize("case", ["three companies/branches, 22.200", "20.200", "MYOB companies_structure"])
async def test_branches_are_decoded(samples, case):
    """CompaniesStructure gives each branch with its base currency; equal row ids do not merge them."""
    sample = samples["companies-structure", case]
    found = await setup.branches(session_that_hears(sample))
    assert [one.branch for one in found] == [row["BranchID"]["value"] for row in sample["body"]["Results"]]
    assert {one.currency for one in found} <= {"USD", "AUD"}


@pytest.mark.recordings
async def test_the_list_of_endpoints_is_decoded(samples):
    """GET /entity tells the build and the versions of the Default endpoint."""
    build, found = await setup.endpoints(session_that_hears(samples["auth-and-root", "GET /entity 2020R2"]))
    assert build == "20.206.0011"
    assert ("Default", "18.200.001") in found


ERRORS: dict[str, tuple[type[AcumaticaFault], str]] = {
    "list GET: BQL delegate (20.200)": (RequestRefused, "Optimization cannot be performed"),
    "list GET: BQL delegate (22.200)": (RequestRefused, "BQL delegate"),
    "PUT rejected: OutcomeEntityHasErrorsException is 500, not 422": (RequestRefused, ""),
    "422 with errors on entity level and on a detail field": (RequestRefused, "Project 'TES2323T"),
    "module not set up": (RequestRefused, "Company Branches form"),
    "403 no rights on the form": (NoRights, "role"),
    "seat limit under OAuth: redirect, not JSON": (LoginLimit, "session"),
    "login 429 plain text": (AcumaticaBusy, "429"),
    "wrong field value inside a PUT answer (2026R1)": (RequestRefused, ""),
}


@pytest.mark.recordings
@pytest.mark.parametrize("case", ERRORS)
async def test_strange_errors_become_our_own(samples, case):
    """Each recorded error is one of our own types, with Acumatica's words and without its stack trace."""
    kind, words = ERRORS[case]
    with pytest.raises(kind) as caught:
        await session_that_hears(samples["errors", case]).get("https://erp.example.com/x", what="the test")
    assert words in str(caught.value)
    assert "   at PX." not in str(caught.value)


@pytest.mark.recordings
async def test_a_wrong_password_is_a_refused_login_and_not_tried_again(samples):
    """Acumatica answers 500 to a wrong password; it is asked once, because it locks the account."""
    session = session_that_hears(samples["errors", "when login fails / raises an error"], at_login=True)
    with pytest.raises(LoginRefused, match="Invalid credentials"):
        await session.get("https://erp.example.com/x", what="the test")
    assert session.requests == 1
