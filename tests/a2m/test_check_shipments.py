"""`a2m check` for shipments: what their settings name exists in both systems."""

import json

import pytest

GROUND = {"GROUND": {"carrier_code": "ups", "title": "UPS"}}
NOTHING = {"A2M_ACTIVE__SHIPMENT": "true", "A2M_DROPSHIP__SHIP_VIA": "", "A2M_DROPSHIP__SOURCE": ""}
NAMES = ("ShipVias of shipments", "Drop-shipments", "Sources of shipments")


@pytest.fixture
def check(a2m, make_world):
    def run(ship_vias: dict, **settings: str) -> dict[str, tuple[str, str]]:
        make_world(5)
        given = {**NOTHING, "A2M_SHIPMENT__SHIP_VIAS": json.dumps(ship_vias), **settings}
        message = a2m("check", "--json", **given)
        checks = json.loads(message.out)["checks"]
        return {one["what"]: (one["result"], one["said"]) for one in checks if one["what"] in NAMES}

    return run


def test_nothing_is_checked_while_shipments_are_inactive(check):
    """What is not used cannot be wrong."""
    assert check({"NOWHERE": GROUND["GROUND"]}, A2M_ACTIVE__SHIPMENT="false") == {}


def test_everything_that_is_named_exists(check):
    """The ShipVias in Acumatica, the sources in Magento, and both settings of drop-shipments."""
    found = check(GROUND, A2M_DROPSHIP__SHIP_VIA="GROUND", A2M_DROPSHIP__SOURCE="vendor")
    assert {what: result for what, (result, _said) in found.items()} == dict.fromkeys(NAMES, "passed")


@pytest.mark.parametrize(
    ("ship_vias", "settings", "what", "message"),
    [
        ({**GROUND, "ROCKET": GROUND["GROUND"]}, {}, NAMES[0], "Acumatica has no ShipVia ROCKET"),
        ({}, {}, NAMES[0], "none is mapped"),
        (GROUND, {"A2M_DROPSHIP__SHIP_VIA": "GROUND"}, NAMES[1], "Source (A2M_DROPSHIP__SOURCE) is missing"),
        (
            GROUND,
            {"A2M_DROPSHIP__SOURCE": "vendor"},
            NAMES[1],
            "ShipVia for DropShip (A2M_DROPSHIP__SHIP_VIA) is missing",
        ),
        (
            GROUND,
            {"A2M_DROPSHIP__SOURCE": "vendor", "A2M_DROPSHIP__SHIP_VIA": "LOCAL"},
            NAMES[1],
            "LOCAL has no Magento carrier",
        ),
        (
            GROUND,
            {"A2M_DROPSHIP__SOURCE": "moon", "A2M_DROPSHIP__SHIP_VIA": "GROUND"},
            NAMES[2],
            "Magento has no source moon",
        ),
    ],
)
def test_what_is_missing_is_named(check, ship_vias, settings, what, message):
    """Failed, with what is wrong and what to do."""
    result, words = check(ship_vias, **settings)[what]
    assert result == "failed"
    assert message in words
