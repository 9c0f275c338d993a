"""What holds for every document entity alike: paging, keys, expansion, archive, refusals; and the first documents."""

from collections import Counter
from typing import Any

import pytest
from sandbox_acumatica.trading import customer, figures, line, named, order, stock, values

ENDPOINT = "/entity/Default/24.200.001"
KEYS = {
    "Customer": ("CustomerID",),
    "SalesOrder": ("OrderType", "OrderNbr"),
    "Shipment": ("ShipmentNbr",),
    "SalesInvoice": ("Type", "ReferenceNbr"),
    "PurchaseOrder": ("Type", "OrderNbr"),
    "PurchaseReceipt": ("Type", "ReceiptNbr"),
}
SHOW = {"PX-ApiArchive": "SHOW"}


@pytest.fixture(scope="module")
def begun(make_site: Any) -> Any:
    """Give a site that begins with two hundred orders; nothing here changes it."""
    return make_site(documents=200)


@pytest.fixture
async def company(begun: Any) -> Any:
    """Give that site with the client signed in."""
    if not begun.client.cookies:
        await begun.login()
    return begun


def keys(entity: str, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The keys of records."""
    return [tuple(values(row, *KEYS[entity])) for row in rows]


@pytest.mark.parametrize("entity", KEYS)
async def test_pages_meet_every_record_once(company: Any, entity: str) -> None:
    """`$top` and `$skip` pages give all records once, by key, the row numbers beginning anew on each page."""
    every = keys(entity, await company.rest(entity))
    met: list[tuple[Any, ...]] = []
    while page := await company.rest(entity, top="7", skip=str(len(met)), select=",".join(KEYS[entity])):
        assert [row["rowNumber"] for row in page] == list(range(1, len(page) + 1))
        met += keys(entity, page)
    assert met == every == sorted(every)
    assert len(set(met)) == len(met) > 7


@pytest.mark.parametrize("entity", KEYS)
async def test_record_by_key_and_by_id(company: Any, entity: str) -> None:
    """A record is found by its keys, whatever their case, and by its id; another key or half a key is 500."""
    listed = (await company.rest(entity))[0]
    key = "/".join(values(listed, *KEYS[entity]))
    assert await company.rest(f"{entity}/{key}") == listed
    assert (await company.rest(f"{entity}/{key.lower()}"))["id"] == listed["id"]
    assert await company.rest(f"{entity}/{listed['id']}") == listed
    for wrong in (f"{key}9", "nothing", "00000000-0000-4000-8000-000000000000"):
        response = await company.get(f"{ENDPOINT}/{entity}/{wrong}")
        assert response.status_code == 500
        assert response.json()["exceptionType"].endswith("NoEntitySatisfiesTheConditionException")


@pytest.mark.parametrize("entity", KEYS)
async def test_unknown_names_and_wrong_filters_are_500(company: Any, entity: str) -> None:
    """An unknown field, part or nested field is 500 by its type, and so is a filter on detail rows or unreadable."""
    name = KEYS[entity][0]
    options = [
        {"select": "Nonsense"},
        {"expand": "Nonsense"},
        {"filter": "Nonsense eq 'x'"},
        {"filter": f"{name.lower()} eq 'x'"},
        {"filter": "Details/InventoryID eq 'x'"},
        {"expand": "Details/Nonsense"},
        {"select": "Details/Nonsense"},
        {"select": f"{name}/Nonsense"},
    ]
    for one in options:
        response = await company.get(f"{ENDPOINT}/{entity}", **one)
        assert response.status_code == 500, one
        assert response.json()["exceptionType"] == "System.Collections.Generic.KeyNotFoundException"
    for text in (f"contains({name},'x')", f"{name} eq", f"not startswith({name},'x')"):
        response = await company.get(f"{ENDPOINT}/{entity}", filter=text)
        assert response.json()["exceptionType"] == "Microsoft.Data.OData.ODataException"
    assert await company.rest(entity, filter=f"substringof('0',{name}) eq true") == []


@pytest.mark.parametrize("entity", KEYS)
async def test_parts_are_absent_unless_expanded(company: Any, entity: str) -> None:
    """No part shows unasked; each shows when named, a nested one only with its parent; then all at once."""
    schema = await company.rest(f"{entity}/$adHocSchema")
    parts = {name for name, value in schema.items() if value and name not in ("id", "rowNumber", "note", "custom")}
    assert parts
    row = (await company.rest(entity, top="1"))[0]
    assert not parts & set(row)
    for name in sorted(parts):
        assert name in (await company.rest(entity, top="1", expand=name))[0]
        inner = schema[name][0] if isinstance(schema[name], list) else schema[name]
        nested = {one for one, value in inner.items() if value and one not in ("id", "rowNumber", "note", "custom")}
        for deeper in sorted(nested):
            alone = (await company.rest(entity, top="1", expand=f"{name}/{deeper}"))[0]
            assert name not in alone
            rows = await company.rest(entity, expand=f"{name},{name}/{deeper}")
            several = [one for row in rows for one in (row[name] if isinstance(row[name], list) else [row[name]])]
            assert all(deeper in one for one in several if one is not None)


LASTING = {"Details", "Packages", "Payments", "FreightDetails", "Attributes"}


async def test_ids_of_rows_last_or_are_made_up(site: Any) -> None:
    """Two reads give the same id for lines, packages, payments and attributes, another one for every other row."""
    await site.change(
        customer(attributes=[{"AttributeID": "REGION", "Value": "N"}], contacts=[{"LastName": "Lovelace"}]),
        order(taxes=[{"id": "STATE", "rate": "8"}], payments=[{}], discounts=[{}]),
        {"add_shipment": {"orders": [named()], "packages": [{"contents": [{"line": 1}]}], "confirm": True}},
        {"add_invoice": {"shipments": ["000001"]}},
    )
    met = set()
    for entity in ("Customer", "SalesOrder", "Shipment", "SalesInvoice"):
        schema = await site.rest(f"{entity}/$adHocSchema")
        every = [name for name, value in schema.items() if isinstance(value, list)]
        every += [
            f"{name}/{one}" for name in every for one, inner in schema[name][0].items() if isinstance(inner, list)
        ]
        first, second = [(await site.rest(entity, expand=",".join(every)))[0] for _ in range(2)]
        for path in every:
            rows = [_row(record, path) for record in (first, second)]
            if rows[0] is not None:
                met.add(path)
                assert (rows[0]["id"] == rows[1]["id"]) is (path in LASTING), path
                assert ("_links" in rows[0]) is (path in LASTING), path
    assert met >= LASTING | {"Shipments", "Orders", "TaxDetails", "Details/Allocations", "Packages/PackageContents"}


def _row(record: Any, path: str) -> Any:
    for name in path.split("/"):
        rows = record[name]
        if not rows:
            return None
        record = rows[0]
    return record


async def test_archived_documents_show_when_asked(site: Any) -> None:
    """An archived order is in no list and under no key, unless the request asks for archived records."""
    await site.change(customer(), order(), order(), {"add_shipment": {"orders": [named()], "confirm": True}})
    await site.change({"archive": {"entity": "SalesOrder", "key": "SO/000001"}})
    await site.change({"archive": {"entity": "Shipment", "key": "000001"}})
    assert keys("SalesOrder", await site.rest("SalesOrder")) == [("SO", "000002")]
    assert (await site.get(f"{ENDPOINT}/SalesOrder/SO/000001")).status_code == 500
    assert await site.rest("Shipment") == []
    for path, count in (("SalesOrder", 2), ("Shipment", 1)):
        current = await site.client.get(f"{ENDPOINT}/{path}", headers=SHOW)
        assert len(current.json()) == count
    assert (await site.client.get(f"{ENDPOINT}/SalesOrder/SO/000001", headers=SHOW)).status_code == 200
    assert [one["OrderNbr"] for one in await site.dac("SOOrder")] == ["000002"]
    assert await site.dac("SOOrder/px.GetDeletedRecords()") == []
    assert [one["archived"] for one in (await site.state())["orders"]] == [True, False]
    await site.change({"archive": {"entity": "SalesOrder", "key": "SO/000001", "archived": False}})
    assert len(await site.rest("SalesOrder")) == 2


async def test_paging_over_archived_documents(site: Any) -> None:
    """Pages skip archived documents and do not mix with the answers to requests that ask for them."""
    await site.change(
        customer(), *(order() for _ in range(5)), {"archive": {"entity": "SalesOrder", "key": "SO/000002"}}
    )
    current = await site.client.get(f"{ENDPOINT}/SalesOrder", params={"$skip": "1", "$top": "2"}, headers=SHOW)
    assert keys("SalesOrder", current.json()) == [("SO", "000002"), ("SO", "000003")]
    assert keys("SalesOrder", await site.rest("SalesOrder", skip="1", top="2")) == [("SO", "000003"), ("SO", "000004")]


async def test_dates_are_midnight_of_the_server(make_site: Any) -> None:
    """A day is midnight with the server's offset of its season, and a filter on it is read in the same zone."""
    site = make_site(server_zone="America/New_York")
    await site.login()
    await site.change(customer(), order(date="2026-01-15"), order(date="2026-07-15"))
    rows = await site.rest("SalesOrder", select="Date")
    assert [row["Date"]["value"] for row in rows] == ["2026-01-15T00:00:00-05:00", "2026-07-15T00:00:00-04:00"]
    assert len(await site.rest("SalesOrder", filter="Date ge datetimeoffset'2026-07-15'")) == 1
    detail = (await site.rest("SalesOrder/SO/000001", expand="Details"))["Details"][0]
    assert values(detail, "LastModifiedDate") == ["03/02/2026 10:00:00"]


async def test_writing_needs_rights(site: Any) -> None:
    """Making, changing and deleting a document, or attaching a file, is refused: the sandbox's user may only read."""
    for entity in KEYS:
        response = await site.put(entity, {"CustomerID": "ACME"})
        assert response.status_code == 403
        for method, path in (("DELETE", "A/B"), ("PATCH", "A/B"), ("PUT", "A/B/files/x.txt")):
            response = await site.client.request(method, f"{ENDPOINT}/{entity}/{path}")
            assert (response.status_code, "insufficient rights" in response.json()["message"]) == (403, True)
    assert (await site.client.delete(f"{ENDPOINT}/Nonsense/A")).status_code == 404


async def test_delegates_hold_for_nested_parts(make_site: Any) -> None:
    """A nested field behind a delegate makes the list fail that reads it, not the record by key."""
    site = make_site(delegates={"SalesOrder/Details/Allocations/Qty": "Splits"})
    await site.login()
    await site.change(customer(), order())
    every = "Details,Details/Allocations"
    response = await site.get(f"{ENDPOINT}/SalesOrder", expand=every)
    assert response.status_code == 500
    assert "Details.Allocations.Qty: View Splits has BQL delegate" in response.json()["exceptionMessage"]
    chosen = "Details/InventoryID,Details/Allocations/LotSerialNbr"
    assert len(await site.rest("SalesOrder", expand=every, select=chosen)) == 1
    assert (await site.rest("SalesOrder/SO/000001", expand=every))["OrderNbr"]["value"] == "000001"


async def test_first_documents_are_of_every_kind(company: Any) -> None:
    """The company begins with orders in all states, of several types, some drop-shipped, shared, with references."""
    state = await company.state()
    assert len(state["orders"]) == 200
    wanted = {"Open", "On Hold", "Shipping", "Back Order", "Completed", "Canceled"}
    assert {one["status"] for one in state["orders"]} == wanted
    assert {one["order_type"] for one in state["orders"]} == {"SO", "QT", "RC"}
    assert {one["status"] for one in state["shipments"]} == {"Open", "Confirmed", "Invoiced", "Completed"}
    assert {one["status"] for one in state["invoices"]} == {"Open", "Balanced"}
    assert any(len(one["orders"]) == 2 for one in state["shipments"])
    assert any(len(one["packages"]) == 2 for one in state["shipments"])
    assert any(not package["tracking"] for one in state["shipments"] for package in one["packages"])
    assert any(len(row["allocations"]) == 2 for one in state["shipments"] for row in one["lines"])
    assert any(row["uom"] == "BOX" for one in state["shipments"] for row in one["lines"])
    assert all(one["released"] for one in state["purchase_receipts"])
    assert {one["vendor_ref"] for one in state["purchase_orders"]} > {""}
    assert 0 < sum(bool(one["external_ref"]) for one in state["orders"]) < 200
    assert 0 < sum(one["archived"] for one in state["orders"]) < 200
    emails = Counter((one["email"] or "").casefold() for one in state["customers"].values())
    assert emails[""] == 1
    assert max(count for email, count in emails.items() if email) == 2
    assert {one["customer_class"] for one in state["customers"].values()} == {"DEFAULT", "ECOMMERCE", "WHOLESALE"}
    assert any(not one["name"].isascii() for one in state["customers"].values())
    assert any(one["primary_contact"] for one in state["customers"].values())
    buyers = {state["customers"][one["customer_id"]]["customer_class"] for one in state["orders"]}
    assert buyers == {"ECOMMERCE", "WHOLESALE"}
    stamps = {one["LastModified"]["value"][:4] for one in await company.rest("SalesOrder", select="LastModified")}
    assert stamps == {"1900", "2026"}


async def test_first_documents_leave_the_catalogue_true(make_site: Any) -> None:
    """What is available is what the catalogue says; on hand exceeds it by what the open documents take."""
    bare, full = make_site(), make_site(documents=100)
    without, beside = await bare.state(), await full.state()
    assert [one["available"] for one in without["quantities"]] == [one["available"] for one in beside["quantities"]]
    assert any(
        float(one["on_hand"]) > float(other["on_hand"])
        for one, other in zip(beside["quantities"], without["quantities"], strict=True)
    )
    taken: Counter[tuple[str, str]] = Counter()
    for one in beside["orders"]:
        for row in one["lines"]:
            if one["order_type"] == "SO" and one["status"] != "Canceled" and not row["drop_ship"]:
                share = float(row["base_quantity"]) / float(row["quantity"])
                taken[row["inventory_id"], row["warehouse"]] += round(float(row["open_quantity"]) * share)
    for one, other in zip(beside["quantities"], without["quantities"], strict=True):
        key = one["inventory_id"], one["warehouse"]
        assert float(one["on_hand"]) - float(other["on_hand"]) == taken[key], key


async def test_first_documents_are_always_the_same(make_site: Any) -> None:
    """Two companies of the same catalogue and number of orders are alike to the last id."""
    first, second = [await make_site(documents=40).state() for _ in range(2)]
    assert first == second
    none = await make_site().state()
    assert (none["orders"], none["customers"]) == ([], {})


async def test_documents_of_a_removed_item_stay(site: Any) -> None:
    """An order whose item is deleted afterwards still shows it, and can be canceled."""
    await stock(site)
    await site.change(customer(), order(line(), line("1", "SKU-000002")), {"remove_item": "SKU-000001"})
    found = await site.rest("SalesOrder/SO/000001", expand="Details")
    assert values(found["Details"][0], "InventoryID") == ["SKU-000001"]
    before = await figures(site, "SKU-000002")
    await site.change({"set_order": named() | {"status": "Canceled"}})
    assert (await figures(site, "SKU-000002"))[2] == before[2] + 1
