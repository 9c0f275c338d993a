"""What Magento is told of an Acumatica shipment, and when."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.failures import Rejected
from connector.model.shipments import OrderLine, Package, Shipment, ShippedLine, ShippedOrder
from connector.model.units import ItemUnits
from entities.shipment.rules import changed, content, edited, shipment_messages
from entities.shipment.types import Carrier, ShipmentRule

D = Decimal
PIECE_AND_BOX = ItemUnits("SKU-1", "PIECE", "BOX", {"PIECE": "1", "BOX": "6"})
RULE = ShipmentRule(ship_vias={"GROUND": Carrier("ups", "UPS")}, sources={"EAST": "east"}, dropship_source="vendor")


def line(order="SO 000066", number=1, item="A", uom="PIECE", shipped="2", ordered="2", warehouse="MAIN"):
    return ShippedLine(order, number, item, uom, D(shipped), D(ordered), warehouse)


def order(key="SO 000066", *lines, reference="100000012"):
    return ShippedOrder(
        key[3:], date(2026, 11, 20), reference, "PO-77", "MAIN", lines or (OrderLine(1, "A", "PIECE", D(2)),)
    )


def shipment(*lines, **changes):
    lines = lines or (line(),)
    made = Shipment(
        kind="shipment",
        number="000045",
        type="Shipment",
        operation="Issue",
        status="Confirmed",
        date=date(2026, 11, 24),
        ship_via="GROUND",
        lines=lines,
        packages=(Package("1Z1"),),
        orders={one.order: order(one.order) for one in lines if one.order},
        items={one.inventory_id: replace(PIECE_AND_BOX, sku=f"SKU-{one.inventory_id}") for one in lines},
    )
    return replace(made, **changes)


def test_one_shipment_of_two_orders_is_two_messages():
    """Each order gets its own lines, under the key of shipment and order; the order is the detail line's."""
    found = shipment_messages(shipment(line(), line("SO 000067", shipped="1")), RULE, None, {})
    assert [one.key for one in found] == ["000045|SO 000066", "000045|SO 000067"]
    assert [[str(sent.quantity) for sent in one.content.lines] for one in found] == [["2"], ["1"]]
    assert found[1].content.mark == "Acumatica shipment 000045, order SO 000067"


@pytest.mark.parametrize(
    ("status", "is_due"),
    [
        ("Confirmed", True),
        ("Partially Invoiced", True),
        ("Invoiced", True),
        ("Completed", True),
        ("Open", False),
        ("On Hold", False),
        ("Canceled", False),
        ("", False),
    ],
)
def test_only_confirmed_shipments_are_due(status, is_due):
    """What has not left the house is not told."""
    assert bool(shipment_messages(shipment(status=status), RULE, None, {})) is is_due


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "Transfer"},
        {"operation": "Receipt"},
        {"number": ""},
        {"number": "<NEW>"},
        {"lines": (line(shipped="0"),)},
        {"date": date(2026, 11, 9)},
    ],
)
def test_what_is_no_shipment_is_skipped(changes):
    """Transfers, returns, placeholders, zero lines, and what is older than FROM send nothing and fail nothing."""
    assert shipment_messages(shipment(**changes), RULE, date(2026, 11, 10), {}) == []


def test_under_on_invoice_release_only_orders_with_a_released_invoice_are_due():
    """One shipment of two orders is due order by order, with the same keys as under the other trigger."""
    rule = replace(RULE, trigger="invoice_release")
    both = shipment(line(), line("SO 000067"))
    assert shipment_messages(both, rule, None, {}) == []
    found = shipment_messages(replace(both, released=("SO 000067",)), rule, None, {})
    assert [one.key for one in found] == ["000045|SO 000067"]
    assert found[0] == shipment_messages(both, RULE, None, {})[1]


def test_a_shipment_sent_before_the_trigger_was_switched_stays_as_it_was():
    """Switched to On Invoice Release, what was sent on confirmation is neither told again nor reported."""
    was = shipment_messages(shipment(), RULE, None, {})[0]
    again = shipment_messages(shipment(), replace(RULE, trigger="invoice_release"), None, {was.key: was.content})
    assert again == [was]


def test_a_shipment_corrected_after_it_was_sent_is_reported():
    """It is Open again in Acumatica, and Magento has it: said, not hidden."""
    sent = {"000045|SO 000066": content(shipment(), "SO 000066", RULE)}
    [found] = shipment_messages(shipment(status="Open"), RULE, None, sent)
    assert found.content is None
    assert "is Open again" in found.reason
    [found] = shipment_messages(shipment(line("SO 000099")), RULE, None, sent)[1:]
    assert (found.key, found.cause) == ("000045|SO 000066", "changed_after_it_was_sent")


def test_a_changed_quantity_is_reported_with_both_numbers():
    """What was sent, and what Acumatica says now."""
    before = content(shipment(), "SO 000066", RULE)
    now = content(shipment(line(shipped="3")), "SO 000066", RULE)
    assert "line 1 A: 2 PIECE was sent, now 3 PIECE" in (edited(before, now) or "")
    assert (edited(before, before), changed(before, now)) == (None, before)


def test_tracking_numbers_follow_acumatica_and_nothing_else_changes():
    """A later one is added, a replaced one goes; a setting that was changed meanwhile alters nothing."""
    before = content(shipment(), "SO 000066", RULE)
    other = replace(RULE, ship_vias={"GROUND": Carrier("dhl", "DHL")}, default_source="west")
    both = content(shipment(packages=(Package("1Z1"), Package("1Z2"))), "SO 000066", other)
    assert [(one.number, one.carrier_code) for one in changed(before, both).tracks] == [("1Z1", "ups"), ("1Z2", "dhl")]
    replaced = content(shipment(packages=(Package("1Z2"),)), "SO 000066", other)
    assert [(one.number, one.carrier_code) for one in changed(before, replaced).tracks] == [("1Z2", "dhl")]
    assert replace(changed(before, replaced), tracks=before.tracks) == before


def test_a_tracking_number_that_nothing_replaces_stays():
    """A package whose number was emptied takes nothing from the customer."""
    before = content(shipment(packages=(Package("1Z1"), Package("1Z2"))), "SO 000066", RULE)
    assert changed(before, content(shipment(packages=(Package(""),)), "SO 000066", RULE)) == before
    one = changed(before, content(shipment(packages=(Package("1Z2"),)), "SO 000066", RULE))
    assert [track.number for track in one.tracks] == ["1Z2"]


def test_a_map_that_lost_a_code_does_not_fail_what_was_sent():
    """Only a tracking number that is still to be added needs the carrier."""
    before = content(shipment(), "SO 000066", RULE)
    bare = replace(RULE, ship_vias={})
    sent = {"000045|SO 000066": before}
    assert shipment_messages(shipment(), bare, None, sent)[0].content == before
    [found] = shipment_messages(shipment(packages=(Package("1Z1"), Package("1Z2"))), bare, None, sent)
    assert found.cause == "unmapped_ship_via"
    two = {
        "000045|SO 000066": changed(
            before, content(shipment(packages=(Package("1Z1"), Package("1Z2"))), "SO 000066", RULE)
        )
    }
    [gone] = shipment_messages(shipment(packages=(Package("1Z2"),)), bare, None, two)
    assert [track.number for track in gone.content.tracks] == ["1Z2"]


def test_packages_become_tracks():
    """Several packages are several tracks, one without a number none, one number on several packages one."""
    packages = (Package("1Z1"), Package(""), Package("1Z2"), Package("1Z1"), Package("1Z3", ("SO 000067",)))
    found = content(shipment(packages=packages), "SO 000066", RULE)
    assert [one.number for one in found.tracks] == ["1Z1", "1Z2"]


def test_an_unmapped_ship_via_is_named():
    """The message fails and says which ShipVia to map, with or without a tracking number."""
    for packages in ((), (Package("1Z1"),)):
        with pytest.raises(Rejected, match=r"LOCAL has no Magento carrier. Map it in .*\(A2M_SHIPMENT__SHIP_VIAS\)"):
            content(shipment(ship_via="LOCAL", packages=packages), "SO 000066", RULE)
    assert content(shipment(ship_via="", packages=()), "SO 000066", RULE).tracks == ()
    with pytest.raises(Rejected, match="has tracking numbers and no ShipVia"):
        content(shipment(ship_via=""), "SO 000066", RULE)


def test_the_source_is_the_warehouses_or_the_default():
    """Always one source; lines of two fail clearly (ADR 0008)."""
    assert content(shipment(line(warehouse="EAST")), "SO 000066", RULE).source == "east"
    assert content(shipment(), "SO 000066", RULE).source == "default"
    with pytest.raises(Rejected, match="EAST, MAIN, which are the Magento sources default, east"):
        content(shipment(line(), line(number=2, warehouse="EAST")), "SO 000066", RULE)


@pytest.mark.parametrize(
    ("setting", "reference"),
    [("external_ref", "100000012"), ("customer_order", "PO-77"), ("order_nbr", "000066")],
)
def test_the_reference_stands_in_the_chosen_field(setting, reference):
    """The field of the sales order that holds Magento's order number is a setting."""
    assert content(shipment(), "SO 000066", replace(RULE, reference=setting)).reference == reference


def test_lots_serials_and_locations_of_one_line_are_summed():
    """Three detail lines of one order line ship as one."""
    found = content(shipment(line(shipped="1"), line(shipped="1"), line(shipped="3")), "SO 000066", RULE)
    assert [(one.order_line, str(one.quantity)) for one in found.lines] == [(1, "5")]


@pytest.mark.parametrize(
    ("unit", "parts", "quantity"),
    [
        ("base", [("2", "BOX")], "12"),
        ("base", [("1", "BOX"), ("3", "PIECE")], "9"),
        ("sales", [("12", "PIECE")], "2"),
        ("sales", [("1", "BOX"), ("3", "PIECE"), ("3", "PIECE")], "2"),
    ],
)
def test_units_are_converted_exactly(unit, parts, quantity):
    """From the line's unit to the unit that Magento counts in; the sum has to divide, not each part."""
    lines = [line(shipped=shipped, uom=uom) for shipped, uom in parts]
    found = content(shipment(*lines), "SO 000066", replace(RULE, unit=unit))
    assert str(found.lines[0].quantity) == quantity


def test_what_does_not_divide_fails_with_both_units():
    """Half a box is no box, unless decimals are sent; a third of one never is a decimal."""
    rule = replace(RULE, unit="sales")
    with pytest.raises(Rejected, match=r"3 PIECE of A, which is not a whole number of BOX"):
        content(shipment(line(shipped="3")), "SO 000066", rule)
    assert content(shipment(line(shipped="3")), "SO 000066", replace(rule, decimals=True)).lines[0].quantity == D("0.5")
    with pytest.raises(Rejected, match="Does not divide"):
        content(shipment(line(shipped="2")), "SO 000066", replace(rule, decimals=True))
    with pytest.raises(Rejected, match="how many PIECE one PALLET of A is"):
        content(shipment(line(uom="PALLET")), "SO 000066", RULE)


def kit(*components):
    """A shipment of components of order line 1, two kits of KIT."""
    lines = tuple(line(item=item, shipped=shipped, ordered=ordered) for item, shipped, ordered in components)
    of = order("SO 000066", OrderLine(1, "KIT", "PIECE", D(2)))
    made = shipment(*lines, orders={"SO 000066": of})
    return replace(made, items={**made.items, "KIT": replace(PIECE_AND_BOX, sku="KIT-SKU")})


@pytest.mark.parametrize(
    ("components", "kits"),
    [
        ([("X", "6", "6"), ("Y", "2", "2")], 2),
        ([("X", "3", "6"), ("Y", "1", "2")], 1),
        ([("X", "1", "6"), ("X", "2", "6"), ("Y", "1", "2")], 1),
    ],
)
def test_components_become_whole_kits(components, kits):
    """Each component's share of what was ordered of it says how many kits of the order line ship."""
    [found] = content(kit(*components), "SO 000066", RULE).lines
    assert (found.sku, found.quantity) == ("KIT-SKU", kits)


@pytest.mark.parametrize("components", [[("X", "3", "6"), ("Y", "2", "2")], [("X", "4", "6"), ("Y", "1", "2")]])
def test_an_incomplete_kit_fails(components):
    """Components that make no whole number of kits, or different ones, are not guessed at."""
    with pytest.raises(Rejected, match="Incomplete kit"):
        content(kit(*components), "SO 000066", RULE)


def receipt(**changes):
    return replace(shipment(), kind="receipt", type="Receipt", status="Released", ship_via="", **changes)


def test_a_drop_shipment_carries_the_configured_ship_via_and_source():
    """Case 11: mapped like any other; without a map, a ShipVia or a source it fails for that reason, alone."""
    rule = replace(RULE, dropship_via="GROUND")
    found = content(receipt(), "SO 000066", rule)
    assert (found.source, found.tracks[0].carrier_code, found.mark) == (
        "vendor",
        "ups",
        "Acumatica receipt 000045, order SO 000066",
    )
    for missing, message in (
        (replace(rule, dropship_via=""), "A2M_DROPSHIP__SHIP_VIA"),
        (replace(rule, dropship_source=""), "A2M_DROPSHIP__SOURCE"),
        (replace(rule, dropship_via="LOCAL"), "LOCAL has no Magento carrier"),
    ):
        [one] = shipment_messages(receipt(), missing, None, {})
        assert one.key == "Receipt 000045|SO 000066"
        assert message in one.reason
        assert shipment_messages(shipment(), missing, None, {})[0].content is not None


def test_a_receipt_whose_order_is_unknown_fails_by_its_own_key():
    """Acumatica names no sales order: somebody has to look."""
    [found] = shipment_messages(receipt(lines=(line(order=""),), orders={}), RULE, None, {})
    assert (found.key, found.cause) == ("Receipt 000045", "no_sales_order")


@given(
    st.lists(st.tuples(st.integers(1, 50), st.sampled_from(["PIECE", "BOX"])), min_size=1, max_size=6),
    st.sampled_from(["base", "sales"]),
)
def test_no_piece_is_lost_or_made_by_converting(parts, unit):
    """What is told is worth exactly the pieces that were shipped, or nothing is told."""
    lines = [line(shipped=str(number), uom=uom) for number, uom in parts]
    pieces = sum(number * (6 if uom == "BOX" else 1) for number, uom in parts)
    try:
        found = content(shipment(*lines), "SO 000066", replace(RULE, unit=unit))
    except Rejected:
        assert unit == "sales"
        assert pieces % 6
    else:
        assert found.lines[0].quantity * (6 if unit == "sales" else 1) == pieces


@given(st.permutations([line(), line(number=2, item="B"), line("SO 000067"), line(shipped="1")]))
def test_the_order_of_lines_changes_nothing(lines):
    """Acumatica's order of rows is no part of what Magento is told."""
    found = {one.key: one.content for one in shipment_messages(shipment(*lines), RULE, None, {})}
    assert found.keys() == {"000045|SO 000066", "000045|SO 000067"}
    both = found["000045|SO 000066"].lines
    assert [(one.order_line, one.inventory_id, one.quantity) for one in both] == [(1, "A", 3), (2, "B", 2)]
