"""Which spellings name one source."""

import pytest

from entities.inventory.from_settings import quantity_rule
from entities.shipment.from_settings import shipment_rule
from entities.sources import source_key
from settings import load_settings


@pytest.mark.parametrize("code", ["Default", " default", "DEFAULT ", "défault"])
def test_case_blanks_and_accents_make_no_other_source(code: str) -> None:
    """Magento's database takes these for one source code, so the state does."""
    assert source_key(code) == "default"


def test_the_place_of_an_attribute_is_left_as_it_is() -> None:
    """A product attribute's code is no source's."""
    assert source_key("attribute:Vendor_Qty") == "attribute:Vendor_Qty"


def _branch(name: str, warehouse: str, source: str) -> dict[str, object]:
    return {"branch": name, "warehouses": [warehouse], "source": source, "include_vendor_inventory": True}


@pytest.mark.parametrize(
    "inventory",
    [
        {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "East", "EAST": "EAST "}},
        {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "EAST"}, "default_source": "eAST"},
        {"definition": "branch_wise", "branches": [_branch("A", "MAIN", "EAST"), _branch("B", "EAST", "east")]},
    ],
    ids=["a map", "a map and the default source", "branches"],
)
def test_whichever_table_names_a_source_it_is_one(inventory: dict[str, object]) -> None:
    """Two spellings in one setting are one source, of quantities, of vendors' quantities and of shipments."""
    settings = load_settings(
        inventory=inventory,
        vendor_inventory={"include": "sum", "inquiry": "Q"},
        dropship={"source": "East"},
    )
    rule = quantity_rule(settings)
    assert rule.sources == {"MAIN": "east", "EAST": "east"}
    assert rule.vendor_sources == {"east"}
    shipments = shipment_rule(settings)
    used = {(shipments.sources or {}).get(one, shipments.default_source) for one in ("MAIN", "EAST")}
    assert {*used, shipments.dropship_source} == {"east"}
