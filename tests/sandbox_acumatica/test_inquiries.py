"""Inquiries by PUT: parameters, rows, refusals."""

from typing import Any

ENDPOINT = "/entity/Default/24.200.001"


async def rows(site: Any, name: str, expand: str, **body: Any) -> list[dict[str, Any]]:
    """Run an inquiry; give its rows with the values unwrapped."""
    response = await site.put(name, body, expand)
    assert response.status_code == 200, response.text
    return [
        {name: value.get("value") for name, value in row.items() if isinstance(value, dict)}
        for row in response.json()[expand]
    ]


async def test_rows_need_an_expand(site: Any) -> None:
    """Without `$expand` an inquiry answers its parameters only."""
    answer = (await site.put("StorageDetailsInquiry", {"WarehouseID": "MAIN"})).json()
    assert set(answer) == {"id", "rowNumber", "note", "WarehouseID", "custom"}


async def test_storage_details_give_all_items_of_a_warehouse(site: Any) -> None:
    """StorageDetailsInquiry gives the figures of every item in one warehouse, or in all when none is named."""
    state = await site.state()
    expected = {
        (one["inventory_id"], one["warehouse"]): (one["on_hand"], one["available"], one["available_for_shipping"])
        for one in state["quantities"]
    }
    found = {
        (row["InventoryID"], row["WarehouseID"]): tuple(
            f"{row[name]:g}" for name in ("QtyOnHand", "QtyAvailable", "QtyHardAvailable")
        )
        for row in await rows(site, "StorageDetailsInquiry", "StorageDetails")
    }
    assert found == expected
    main = await rows(site, "StorageDetailsInquiry", "StorageDetails", WarehouseID="MAIN")
    assert len(main) == 60
    assert {row["WarehouseID"] for row in main} == {"MAIN"}


async def test_reservations_make_the_figures_differ(site: Any) -> None:
    """Some items have more on hand than available for shipping, and more of that than available."""
    quantities = (await site.state())["quantities"]
    figures = [
        tuple(float(one[name]) for name in ("on_hand", "available_for_shipping", "available")) for one in quantities
    ]
    assert all(on_hand >= shipping >= available for on_hand, shipping, available in figures)
    assert any(on_hand > shipping > available for on_hand, shipping, available in figures)
    assert any(on_hand == shipping == available for on_hand, shipping, available in figures)


async def test_summary_rows_add_up_to_the_warehouse(site: Any) -> None:
    """The locations of a summary, <UNASSIGNED> included, add up to the figures of StorageDetailsInquiry."""
    for item in ("SKU-000005", "SKU-000010", "SKU-000001"):
        summed: dict[str, list[float]] = {}
        for row in await rows(site, "InventorySummaryInquiry", "Results", InventoryID=item):
            figures = [row[name] for name in ("QtyOnHand", "QtyAvailable", "QtyAvailableForShipment")]
            before = summed.setdefault(row["WarehouseID"], [0, 0, 0])
            summed[row["WarehouseID"]] = [left + right for left, right in zip(before, figures, strict=True)]
        details = await rows(site, "StorageDetailsInquiry", "StorageDetails")
        assert summed == {
            row["WarehouseID"]: [row["QtyOnHand"], row["QtyAvailable"], row["QtyHardAvailable"]]
            for row in details
            if row["InventoryID"] == item
        }


async def test_locations_split_the_warehouse(site: Any) -> None:
    """StorageDetailsByLocationInquiry gives each location beside the figures of its warehouse."""
    found = await rows(site, "StorageDetailsByLocationInquiry", "StorageDetailsByLocation", WarehouseID="MAIN")
    by_item: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        by_item.setdefault(row["InventoryID"], []).append(row)
    for group in by_item.values():
        assert sum(row["QtyAvailableinLocation"] for row in group) == group[0]["QtyAvailableinWarehouse"]


async def test_summary_needs_an_item(site: Any) -> None:
    """InventorySummaryInquiry with a warehouse only gives no rows."""
    assert await rows(site, "InventorySummaryInquiry", "Results", WarehouseID="MAIN") == []


async def test_unknown_parameter_value_is_422(site: Any) -> None:
    """An item or warehouse that does not exist is 422 with `error` on the record and on the field."""
    for name, field in (("InventorySummaryInquiry", "InventoryID"), ("StorageDetailsInquiry", "WarehouseID")):
        response = await site.put(name, {field: "NOT-THERE"})
        assert response.status_code == 422
        body = response.json()
        assert body["error"].endswith("record raised at least one error. Please review the errors.")
        assert body[field]["value"] == "NOT-THERE"
        assert body[field]["error"].endswith("'NOT-THERE' cannot be found in the system.")


async def test_inquiry_cannot_be_listed(site: Any) -> None:
    """GET on an inquiry is 500 with CannotOptimizeException."""
    response = await site.get(f"{ENDPOINT}/SalesPricesInquiry")
    assert response.status_code == 500
    assert response.json()["exceptionType"].endswith("CannotOptimizeException")


async def test_empty_body_is_400(site: Any) -> None:
    """A PUT without body is 400 in the recorded words, and unknown names in a body are ignored."""
    response = await site.client.put(f"{ENDPOINT}/CompaniesStructure")
    assert (response.status_code, response.json()) == (
        400,
        {"message": "The request is invalid.", "modelState": {"": ["The request body should not be empty."]}},
    )
    assert (await site.put("CompaniesStructure", {"Nonsense": 1}, "Results")).status_code == 200


async def test_writing_is_refused(site: Any) -> None:
    """A PUT to a record is refused for want of rights: the sandbox's user may read only."""
    response = await site.put("StockItem", {"InventoryID": "NEW"})
    assert response.status_code == 403
    assert "insufficient rights" in response.json()["message"]


async def test_quantity_available_tells_what_changed(site: Any) -> None:
    """InventoryQuantityAvailable gives the items whose stock changed since a moment, summed over the warehouses."""
    site.clock.advance(60)
    moved = {"inventory_id": "SKU-000001", "warehouse": "WEST", "available": "1000"}
    await site.change({"set_quantity": moved})
    since = {"LastModifiedDateTime": "2026-03-02T15:00:30+00:00"}
    found = await rows(site, "InventoryQuantityAvailable", "Results", **since)
    total = sum(
        float(one["available"]) for one in (await site.state())["quantities"] if one["inventory_id"] == "SKU-000001"
    )
    assert [(row["InventoryID"], row["QtyAvailable"]) for row in found] == [("SKU-000001", total)]


async def test_sales_prices_are_chosen_by_parameters(site: Any) -> None:
    """SalesPricesInquiry chooses by type, code, item and day."""
    base = {"inventory_id": "SKU-000001", "price": "10"}
    tier = {"price_type": "Customer Price Class", "price_code": "WHOLESALE", "break_quantity": "5"}
    ended = {"effective": "2025-01-01", "expiration": "2025-12-31", "promotion": True}
    await site.change(
        {"add_sales_price": base},
        {"add_sales_price": base | tier | {"price": "9.123456"}},
        {"add_sales_price": base | ended | {"inventory_id": "SKU-000002", "uom": "BOX", "warehouse": "MAIN"}},
    )

    async def prices(**body: Any) -> list[tuple[Any, ...]]:
        found = await rows(site, "SalesPricesInquiry", "SalesPriceDetails", **body)
        return [(row["InventoryID"], row["PriceType"], row["Price"]) for row in found]

    assert len(await prices()) == 3
    assert await prices(PriceType="Customer Price Class", PriceCode="WHOLESALE") == [
        ("SKU-000001", "Customer Price Class", 9.123456)
    ]
    assert [one[0] for one in await prices(InventoryID="SKU-000002")] == ["SKU-000002"]
    assert {one[0] for one in await prices(EffectiveAsOf="2026-03-02")} == {"SKU-000001"}
    assert {one[0] for one in await prices(EffectiveAsOf="2025-12-31")} == {"SKU-000001", "SKU-000002"}
