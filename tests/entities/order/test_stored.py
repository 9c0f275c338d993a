"""An order as the state keeps it: what an earlier version kept is read, and what is kept has not changed its form."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from connector.model.sales_orders import (
    InvoicedLine,
    Party,
    SalesLine,
    SalesOrder,
    invoiced_document,
    order_document,
)
from connector.model.units import ItemUnits, plain
from connector.state.sync.records import Record
from entities.order.rules import content_of
from entities.order.stored import stored_order
from entities.order.types import OrderRule

KEPT = (
    '{"document":{"type":"SO","number":"000123","status":"Open","customer":"C1","branch":"HEADOFFICE",'
    '"date":"2026-11-20","created":"2026-11-20T10:00:00.123000+00:00","external_ref":"000000042","customer_order":"",'
    '"currency":"USD","ship_via":"UPS","payment_method":"CHECK","total":"218.45","tax":"20.45","discount":"5",'
    '"freight":"7.5","premium_freight":"0","bill_to":{"attention":"Ada","business":"Engines","email":"ada@example.com",'
    '"phone":"555","line1":"1 Example Street","line2":"","city":"New York","state":"NY","postal_code":"10019",'
    '"country":"US"},"ship_to":{"attention":"","business":"","email":"","phone":"","line1":"","line2":"","city":"",'
    '"state":"","postal_code":"","country":""},"lines":[{"number":1,"item":"BIKE","description":"A bike","uom":"EA",'
    '"quantity":"2","price":"0.000001","discount":"20","amount":"1000000","operation":"Issue",'
    '"line_type":"Goods for Inventory","completed":false,"on_shipments":"0","po_source":""}]},'
    '"invoices":{"Invoice|000486":[{"number":1,"item":"BIKE","uom":"EA","quantity":"2","total":"5427.96"}],'
    '"Invoice|000487":[{"number":1,"item":"BIKE","uom":"EA","quantity":"-0.5"}]}}'
)
"""A record with its order and invoices, letter by letter as the version before `SalesOrder` wrote it."""


def test_an_order_of_an_earlier_version_is_read():
    """Decimals, days and instants are values again."""
    record = msgspec.json.decode(KEPT, type=Record)
    assert record.document is not None
    order = stored_order({**record.document, "invoices": record.invoices})
    assert order == SalesOrder(
        type="SO",
        number="000123",
        status="Open",
        customer="C1",
        branch="HEADOFFICE",
        date=date(2026, 11, 20),
        created=datetime(2026, 11, 20, 10, 0, 0, 123_000, tzinfo=UTC),
        external_ref="000000042",
        currency="USD",
        ship_via="UPS",
        payment_method="CHECK",
        total=Decimal("218.45"),
        tax=Decimal("20.45"),
        discount=Decimal(5),
        freight=Decimal("7.5"),
        bill_to=Party(
            "Ada", "Engines", "ada@example.com", "555", "1 Example Street", "", "New York", "NY", "10019", "US"
        ),
        lines=(
            SalesLine(
                number=1,
                item="BIKE",
                description="A bike",
                uom="EA",
                quantity=Decimal(2),
                price=Decimal("0.000001"),
                discount=Decimal(20),
                amount=Decimal(1_000_000),
                operation="Issue",
                line_type="Goods for Inventory",
            ),
        ),
        invoices={
            "Invoice|000486": (InvoicedLine(1, "BIKE", "EA", Decimal(2), Decimal("5427.96")),),
            "Invoice|000487": (InvoicedLine(1, "BIKE", "EA", Decimal("-0.5")),),
        },
    )


def test_an_order_is_kept_letter_by_letter_as_before():
    """So an upgrade changes no record, and no order is computed or sent again for it."""
    record = msgspec.json.decode(KEPT, type=Record)
    assert record.document is not None
    order = stored_order({**record.document, "invoices": record.invoices})
    invoices = {name: [invoiced_document(line) for line in lines] for name, lines in order.invoices.items()}
    again = Record.of(document=order_document(order), invoices=invoices)
    assert msgspec.json.encode(again).decode() == KEPT


def test_what_was_sent_of_an_order_keeps_its_form():
    """The fingerprint of an order's content decides whether it is told again: its facts are made of the same texts."""
    record = msgspec.json.decode(KEPT, type=Record)
    assert record.document is not None
    sent = content_of("SO 000123", stored_order(record.document), {"BIKE": ItemUnits("B", "EA", "EA", {})}, OrderRule())
    before = {name: value for name, value in record.document.items() if name != "status"}
    before["lines"] = [
        {name: value for name, value in line.items() if name not in ("completed", "on_shipments", "po_source")}
        for line in record.document["lines"]
    ]
    assert sent.facts == before
    assert list(sent.facts) == list(before)


def test_what_an_earlier_version_did_not_keep_is_empty():
    """Lines once had neither their progress nor a source of purchase."""
    order = stored_order({"type": "SO", "number": "1", "lines": [{"number": 1, "item": "A", "quantity": "3"}]})
    assert order.lines == (SalesLine(1, "A", quantity=Decimal(3)),)
    assert (order.date, order.created, order.invoices) == (None, None, {})


@given(
    st.decimals(-(10**14), 10**14, places=6).map(plain),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_what_is_kept_is_read_as_it_was(amount, created):
    """Every amount that Acumatica has, and every instant."""
    order = SalesOrder(total=amount, created=created, date=created.date(), lines=(SalesLine(1, quantity=amount),))
    assert stored_order(json.loads(json.dumps(order_document(order)))) == order
