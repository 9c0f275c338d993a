"""Sales orders: totals, edits, stamps, and what an order takes from the stock."""

from typing import Any

import pytest
from sandbox_acumatica.trading import customer, figures, line, named, order, stock, values

LATER = "2026-03-02T15:01:40+00:00"


async def test_totals_are_right_to_the_cent(site: Any) -> None:
    """Lines with discounts, freight, premium freight, tax and document discount add up to the order's total."""
    await site.change(
        customer(),
        order(
            line("3", unit_price="3.335", discount_percent="10"),
            line("1", "SKU-000002", unit_price="20", discount_amount="1.5"),
            line("1", "SKU-000004", unit_price="99", free=True),
            freight="7.50",
            premium_freight="1",
            discount="2",
            taxes=[{"id": "STATE", "rate": "8.875"}, {"id": "CITY", "amount": "0.10"}],
        ),
    )
    found = await site.rest("SalesOrder/SO/000001", expand="Details,Totals,TaxDetails")
    assert [values(one, "ExtendedPrice", "DiscountAmount", "Amount") for one in found["Details"]] == [
        [10.01, 1.0, 9.01],
        [20, 1.5, 18.5],
        [0, 0, 0],
    ]
    assert values(found["Totals"], "LineTotalAmount", "Freight", "PremiumFreight", "DiscountTotal") == [
        27.51,
        7.5,
        1,
        2,
    ]
    assert [values(one, "TaxID", "TaxAmount") for one in found["TaxDetails"]] == [["STATE", 2.26], ["CITY", 0.1]]
    assert values(found, "TaxTotal", "OrderTotal", "OrderedQty") == [2.36, 36.37, 5]
    text = (await site.get("/entity/Default/24.200.001/SalesOrder/SO/000001", expand="Details")).text
    assert '"OrderTotal":{"value":36.3700}' in text
    assert '"OrderQty":{"value":3.000000}' in text
    state = (await site.state())["orders"][0]
    assert (state["order_total"], state["tax_total"], state["freight"]) == ("36.37", "2.36", "7.5")


async def test_header_shows_what_was_given(site: Any) -> None:
    """References, dates, branch, ShipVia, payment method, addresses and free fields of an order show."""
    header = {
        "type": "SA",
        "external_ref": "000000123",
        "customer_order": "PO-7",
        "date": "2026-02-27",
        "branch": "RETAIL",
        "ship_via": "GROUND",
        "payment_method": "CHECK",
        "ship_to": {"Attention": "Ada", "BusinessName": "Site B", "City": "Troy"},
        "fields": {"PaymentRef": "X-1"},
        "custom": {"Document.UsrShop": "web"},
    }
    await site.change(customer(), order(**header))
    every = "ShipToAddress,ShipToContact,BillToContact,ShippingSettings,FinancialSettings"
    found = await site.rest("SalesOrder/SA/000001", expand=every, custom="Document.UsrShop")
    names = ("OrderType", "ExternalRef", "CustomerOrder", "Branch", "ShipVia", "PaymentMethod", "PaymentRef")
    assert values(found, *names) == ["SA", "000000123", "PO-7", "RETAIL", "GROUND", "CHECK", "X-1"]
    assert values(found, "Date", "ShipToAddressOverride") == ["2026-02-27T00:00:00+00:00", True]
    assert values(found["ShipToAddress"], "City", "AddressLine1") == ["Troy", "1 Example Street"]
    assert values(found["ShipToContact"], "Attention", "BusinessName") == ["Ada", "Site B"]
    assert values(found["BillToContact"], "BusinessName", "Email") == ["ACME Inc.", "acme@example.com"]
    assert values(found["ShippingSettings"], "ShipVia") == values(found, "ShipVia")
    assert found["custom"]["Document"]["UsrShop"]["value"] == "web"


async def test_edits_of_lines_bump_the_header(site: Any) -> None:
    """A line changed, added or removed on the order's form moves the order's stamp; the line keeps its id."""
    await site.change(customer(), order(line(), line("1", "SKU-000002")))
    before = await site.rest("SalesOrder/SO/000001", expand="Details")
    site.clock.advance(100)
    edits = [{"line_nbr": 1, "quantity": "5"}, {"line_nbr": 2, "remove": True}, line("1", "SKU-000004")]
    await site.change({"set_order": named() | {"lines": edits}})
    after = await site.rest("SalesOrder/SO/000001", expand="Details")
    assert [values(one, "LineNbr", "InventoryID", "OrderQty") for one in after["Details"]] == [
        [1, "SKU-000001", 5],
        [2, "SKU-000004", 1],
    ]
    assert values(after, "LastModified") == [LATER]
    assert after["Details"][0]["id"] == before["Details"][0]["id"]
    assert values(after["Details"][0], "LastModifiedDate") == ["03/02/2026 15:01:40"]
    assert after["CreatedDate"] == before["CreatedDate"]


async def test_order_takes_from_what_is_available(site: Any) -> None:
    """An order lowers what is available and nothing else; canceling gives it back, a quote never takes."""
    await stock(site)
    await site.change(customer(), order(line("4")), order(line("3"), type="QT"))
    assert await figures(site) == (10, 10, 6)
    await site.change({"set_order": named() | {"lines": [{"line_nbr": 1, "quantity": "6"}]}})
    assert await figures(site) == (10, 10, 4)
    await site.change({"set_order": named() | {"status": "Canceled"}})
    assert await figures(site) == (10, 10, 10)
    await site.change({"remove_order": named()})
    assert await figures(site) == (10, 10, 10)
    assert (await site.get("/entity/Default/24.200.001/SalesOrder/SO/000001")).status_code == 500


async def test_stock_moves_now_though_the_order_is_older(site: Any) -> None:
    """An order entered with an older stamp bears it, but the stock that it takes is stamped with the present moment."""
    site.clock.advance(100)
    await site.change(customer(), order(modified="2026-02-01T00:00:00Z", created="2026-01-31T00:00:00Z"))
    found = await site.rest("SalesOrder/SO/000001")
    assert values(found, "LastModified", "CreatedDate") == ["2026-02-01T00:00:00+00:00", "2026-01-31T00:00:00+00:00"]
    assert len(await site.dac("INSiteStatus", filter="LastModifiedDateTime ge 2026-03-02T15:01:40Z")) == 1


async def test_units_are_converted(site: Any) -> None:
    """A line in boxes takes their content from the stock; a unit the item has not is refused."""
    await stock(site, quantity="20")
    units = {"inventory_id": "SKU-000001", "uom_conversions": [{"from_uom": "BOX", "factor": "6"}], "price": "2"}
    await site.change(customer(), {"set_item": units}, order(line("2", uom="BOX")))
    assert await figures(site) == (20, 20, 8)
    found = (await site.rest("SalesOrder/SO/000001", expand="Details"))["Details"][0]
    assert values(found, "UOM", "OrderQty", "UnitPrice", "Amount") == ["BOX", 2, 12, 24]
    assert (await site.state())["orders"][0]["lines"][0]["base_quantity"] == "12"
    assert (await site.client.post("/_sandbox/change", json=order(line(uom="PALLET")))).status_code == 400


async def test_numbers_run_by_type_and_rows_come_by_key(site: Any) -> None:
    """Each type has its own numbers, filled with zeros; lists come by type, then number."""
    await site.change(customer(), order(), order(type="QT"), order(), order(order_nbr="000009"), order(type="IN"))
    rows = await site.rest("SalesOrder", select="OrderType,OrderNbr")
    assert [values(row, "OrderType", "OrderNbr") for row in rows] == [
        ["IN", "000001"],
        ["QT", "000001"],
        ["SO", "000001"],
        ["SO", "000002"],
        ["SO", "000009"],
    ]
    condition = "OrderType eq 'SO' and OrderNbr gt '000001'"
    assert [row["OrderNbr"]["value"] for row in await site.rest("SalesOrder", filter=condition)] == ["000002", "000009"]


async def test_payments_and_discounts_have_their_rows(site: Any) -> None:
    """Payments show with their reference and what is unpaid; discounts with their code."""
    payment = {"ReferenceNbr": "000079", "AppliedToOrder": "1.5", "PaymentMethod": "CHECK"}
    discounts = [{"DiscountCode": "SPRING", "DiscountAmount": "0.5", "Type": "Document"}]
    lines = [line("1", unit_price="4")]
    await site.change(customer(), order(*lines, payments=[payment], discounts=discounts, discount="0.5"))
    found = await site.rest("SalesOrder/SO/000001", expand="Payments,DiscountDetails,Totals")
    assert values(found["Payments"][0], "DocType", "ReferenceNbr", "AppliedToOrder") == ["Payment", "000079", 1.5]
    assert found["Payments"][0]["LastModifiedDateTime"] == found["LastModified"]
    assert values(found["DiscountDetails"][0], "DiscountCode", "DiscountAmount") == ["SPRING", 0.5]
    assert values(found["Totals"], "UnpaidBalance") == [2]


@pytest.mark.parametrize(
    "change",
    [
        {"add_order": {"customer_id": "NOBODY", "lines": [line()]}},
        {"add_order": {"customer_id": "ACME", "lines": [line("x")]}},
        {"add_order": {"customer_id": "ACME", "lines": [line(sku="NOTHING")]}},
        {"add_order": {"customer_id": "ACME", "lines": [line(warehouse="NORTH")]}},
        {"add_order": {"customer_id": "ACME", "order_nbr": "000001"}},
        {"add_order": {"customer_id": "ACME", "branch": "NORTH"}},
        {"add_order": {"customer_id": "ACME", "nonsense": 1}},
        {"set_order": named() | {"status": "Open", "lines": [line(nonsense=1)]}},
        {"set_order": named() | {"description": "changed", "status": "Cancelled"}},
        {"set_order": named("000007") | {"status": "Open"}},
        {"set_order": named() | {"customer_id": "ACME"}},
        {"set_order": named() | {"lines": [{"line_nbr": 5, "remove": True}]}},
    ],
)
async def test_changes_that_do_not_fit_leave_all_as_it_was(site: Any, change: dict[str, Any]) -> None:
    """A wrong change of an order is 400 and changes neither orders nor stock."""
    await site.change(customer(), order())
    before = await site.state()
    assert (await site.client.post("/_sandbox/change", json=change)).status_code == 400
    after = await site.state()
    assert (after["orders"], after["quantities"]) == (before["orders"], before["quantities"])


async def test_rest_that_is_closed_short_ends_the_order(site: Any) -> None:
    """Lines completed by hand ask for nothing more; with all that is left completed, the order is Completed."""
    await stock(site, "SKU-000001", "SKU-000002")
    await site.change(customer(), order(line("4"), line("3", "SKU-000002")))
    await site.change({"add_shipment": {"lines": [named() | {"line_nbr": 1, "quantity": "1"}], "confirm": True}})
    await site.change({"set_order": named() | {"lines": [{"line_nbr": 2, "completed": True}]}})
    assert values(await site.rest("SalesOrder/SO/000001"), "Status") == ["Back Order"]
    assert await figures(site, "SKU-000002") == (10, 10, 10)
    await site.change({"set_order": named() | {"lines": [{"line_nbr": 1, "completed": True}]}})
    found = await site.rest("SalesOrder/SO/000001", expand="Details")
    assert values(found, "Status") == ["Completed"]
    assert [values(one, "OrderQty", "OpenQty", "Completed") for one in found["Details"]] == [[4, 0, True], [3, 0, True]]
    assert await figures(site) == (9, 9, 9)


async def test_credit_memo_order_leads_to_a_credit_memo(site: Any) -> None:
    """A credit memo order takes nothing from the stock; its invoice is a Credit Memo that names the order."""
    await stock(site)
    invoice = {"InvoiceType": "Invoice", "InvoiceNbr": "000001"}
    await site.change(
        customer(),
        order(),
        order(line("1", unit_price="5", fields=invoice), type="CM", external_ref="7", original_order="SO/000001"),
    )
    (made,) = await site.change({"add_invoice": {"orders": [named(kind="CM")], "release": True}})
    assert (made["type"], await figures(site)) == ("Credit Memo", (10, 10, 8))
    (row,) = (await site.rest("SalesInvoice/Credit Memo/000001", expand="Details"))["Details"]
    assert values(row, "OrderType", "OrderNbr", "Amount") == ["CM", "000001", 5]
    (line_row,) = (await site.rest("SalesOrder/CM/000001", expand="Details"))["Details"]
    assert values(line_row, "InvoiceType", "InvoiceNbr", "Operation") == ["Invoice", "000001", "Receipt"]
    memo = await site.rest("SalesOrder/CM/000001", expand="FinancialSettings")
    assert values(memo, "Status", "ExternalRef") == ["Completed", "7"]
    assert values(memo["FinancialSettings"], "OriginalOrderType", "OriginalOrderNbr") == ["SO", "000001"]
    wrong = {"set_order": named(kind="CM") | {"original_order": "SO/000009"}}
    assert (await site.client.post("/_sandbox/change", json=wrong)).status_code == 400
