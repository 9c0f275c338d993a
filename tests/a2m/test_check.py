"""`a2m check`: Test Connection, each thing passed, failed with its fix, or *could not be checked*."""

import json
from datetime import timedelta

import pytest
from support.altered_responses import JSON

from connector.clock import SystemClock
from sandbox.magento.oauth import Consumer

CLOCKS = ("Clock of Acumatica", "Clock of Magento")
PASSED = {
    *CLOCKS,
    "Language of the session",
    "Acumatica answers",
    "Endpoint",
    "Warehouses",
    "Branches",
    "Licence",
    "Magento answers",
    "Base currency",
    "Edition and modules",
    "Inventory (MSI)",
    "Sources",
    "Array limit",
}
RESOURCES = {
    "Magento_Backend::store",
    "Magento_Backend::admin",
    "Magento_InventoryApi::source",
    "Magento_InventoryApi::stock",
    "Magento_InventorySalesApi::stock",
    "Magento_Catalog::catalog",
    "Magento_Catalog::products",
    "Magento_CatalogInventory::cataloginventory",
    "Magento_InventoryApi::stock_source_link",
    "Magento_InventoryApi::stock_source_item_assign",
    "Magento_Sales::actions_view",
}


def checked(message):
    """Result and words of each check by its name."""
    return {one["what"]: (one["result"], one["said"]) for one in json.loads(message.out)["checks"]}


def failed(message):
    """The names of what did not pass, with the words."""
    return {what: words for what, (result, words) in checked(message).items() if result != "passed"}


def test_everything_passes(a2m, make_world):
    """Against the two simulators every check passes; where a setting comes from is said, its secrets only as set."""
    here = make_world(10)
    message = a2m("check", "--json")
    found = checked(message)
    assert failed(message) == {}
    assert (message.code, message.err) == (0, "")
    assert set(found) >= PASSED
    assert here.writes() == [] or all(not write["applied"] for write in here.writes())
    settings = {one["setting"]: one for one in json.loads(message.out)["settings"]}
    assert settings["A2M_MAGENTO__BEARER_TOKEN"] == {
        "setting": "A2M_MAGENTO__BEARER_TOKEN",
        "value": "(set)",
        "from": "environment",
    }
    assert settings["A2M_ACUMATICA__PASSWORD"]["value"] == "(set)"
    assert settings["A2M_MAGENTO__URL"]["value"] == here.magento.url


def test_a_person_sees_each_check(a2m, make_world):
    """Without --json there are two tables, and on standard error what is being checked."""
    make_world(10)
    message = a2m("check")
    assert message.code == 0
    assert "Test Connection" in message.out
    assert "Settings that are not the default" in message.out
    assert "Magento answers …" in message.err


@pytest.mark.parametrize(("seconds", "what"), [(-45, ["Clock of Acumatica"]), (4_000, CLOCKS), (20, [])])
def test_clocks_that_differ(a2m, make_world, monkeypatch, seconds, what):
    """A sync reads 30 s behind its watermark, and OAuth signs the time: what is further apart fails."""
    make_world(10)
    true = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: true(self) - timedelta(seconds=seconds))
    found = failed(a2m("check", "--json"))
    assert sorted(found) == sorted(what)
    where = "ahead of" if seconds > 0 else "behind"
    assert all(f"s {where} this machine's" in words and "NTP" in words for words in found.values())


def test_a_session_in_another_language(a2m, make_world):
    """Statuses are labels: in German none of them is known, and the user's language is what has to be set."""
    here = make_world(10)
    here.altered.alter = lambda path, body: (
        (200, JSON, body.replace(b'"Active"', b'"Aktiv"')) if path.endswith("/StockItem") else None
    )
    found = failed(a2m("check", "--json"))
    assert list(found) == ["Language of the session"]
    assert "'Aktiv', which is none of Active, No Purchases" in found["Language of the session"]
    assert "Set the language of 'admin' to English" in found["Language of the session"]


@pytest.mark.parametrize("switch", [True, False])
def test_a_bearer_token_beside_oauth_credentials(a2m, make_world, switch):
    """The OAuth credentials are used and taken; where the token is refused all the same, it is the shop's switch."""
    make_world(10, magento={"bearer": switch})
    given = Consumer()
    oauth = {
        "A2M_MAGENTO__CONSUMER_KEY": given.key,
        "A2M_MAGENTO__CONSUMER_SECRET": given.secret,
        "A2M_MAGENTO__ACCESS_TOKEN": given.token,
        "A2M_MAGENTO__ACCESS_TOKEN_SECRET": given.token_secret,
    }
    result, words = checked(a2m("check", "--json", **oauth))["Bearer token beside OAuth"]
    assert (result, "stand-alone bearer tokens are off" in words) == ("passed" if switch else "failed", not switch)


@pytest.mark.parametrize("price_read", ["odata", "inquiry"])
@pytest.mark.parametrize(
    ("included", "words"), [("true", "prices without tax"), ("false", "prices with tax")], ids=["with", "without"]
)
def test_prices_that_are_taxed_otherwise(a2m, make_world, price_read, included, words):
    """What the price list has otherwise than Tax Included says is named; without such a row the other side is said."""
    here = make_world(10)
    settings = {
        "A2M_PRICE__SOURCE": "sales_price",
        "A2M_PRICE__TAX_INCLUDED": included,
        "A2M_ACUMATICA__PRICE_READ": price_read,
    }
    passed = checked(a2m("check", "--json", **settings))["Tax of prices"]
    assert (passed[0], "Catalog Prices" in passed[1]) == ("passed", True)
    for number, mode in ((1, "Gross"), (2, "Net")):
        row = {"inventory_id": f"SKU-{number:06d}", "price_type": "Base", "price": "5", "tax_mode": mode}
        here.change({"add_sales_price": row})
    found = failed(a2m("check", "--json", **settings))
    assert list(found) == ["Tax of prices"]
    assert words in found["Tax of prices"]
    assert ("SKU-000002" if included == "true" else "SKU-000001") in found["Tax of prices"]


def test_tax_of_prices_that_are_not_of_the_list(a2m, make_world):
    """A default price does not say whether it includes tax."""
    make_world(10)
    assert checked(a2m("check", "--json", A2M_PRICE__TAX_INCLUDED="true"))["Tax of prices"][0] == "could not be checked"


def test_a_wrong_token(a2m, make_world):
    """Case 15: all routes refuse: both causes and both fixes are said, and Acumatica is checked all the same."""
    make_world(10)
    message = a2m("check", "--json", A2M_MAGENTO__BEARER_TOKEN="wrong-token-of-a-test")
    result, words = checked(message)["Magento answers"]
    assert (message.code, result) == (1, "failed")
    assert "wrong or revoked" in words
    assert "active integration" in words
    assert "stand-alone bearer tokens are off" in words
    assert "OAuth" in words
    others = checked(message)
    assert {others[what][0] for what in ("Acumatica answers", "Endpoint", "Warehouses")} == {"passed"}
    assert {others[what][0] for what in ("Base currency", "Sources", "Array limit")} == {"could not be checked"}


@pytest.mark.parametrize(
    ("missing", "what", "current"),
    [
        ("Magento_Backend::store", {"Magento answers", "Website of customers"}, "All Stores"),
        ("Magento_Backend::admin", {"Edition and modules"}, "Magento Admin"),
        ("Magento_InventoryApi::source", {"Sources", "Permissions of inventory"}, "Stores › Inventory › Sources"),
        (
            "Magento_Catalog::catalog",
            {"Array limit", "Permissions of price", "Permissions of inventory"},
            "lacks Catalog (",
        ),
    ],
)
def test_a_missing_permission(a2m, make_world, missing, what, current):
    """Case 15: some routes refuse: the missing permission is named as Magento's admin shows it; the rest is checked."""
    here = make_world(10)
    here.change_shop({"token": {"resources": sorted(RESOURCES - {missing})}})
    message = a2m("check", "--json")
    assert message.code == 1
    found = checked(message)
    assert {name for name, (one, _words) in found.items() if one == "failed"} == what
    assert all(missing in found[one][1] and current in found[one][1] for one in what), found
    assert set(found) >= PASSED


@pytest.mark.parametrize(
    ("what", "settings", "words"),
    [
        ("Sources", {"A2M_INVENTORY__SOURCES": '{"MAIN":"default","EAST":"nowhere"}'}, ["no source nowhere", "it has"]),
        ("Warehouses", {"A2M_INVENTORY__WAREHOUSES": '["MAIN","MOON"]'}, ["no warehouse MOON", "it has EAST, MAIN"]),
        ("Base currency", {"A2M_PRICE__CURRENCY": "EUR"}, ["USD", "EUR"]),
        ("Customer Attribute Sync", {"A2M_ADDITIONAL__CUSTOMER_ATTRIBUTES": "true"}, ["needs Adobe Commerce"]),
        (
            "Licence",
            {"A2M_ACUMATICA__REQUESTS_PER_MINUTE": "100", "A2M_QUEUE__PROCESS_SLEEP_TIME": "1"},
            ["of 100 requests a minute", "Process Sleep Time"],
        ),
    ],
)
def test_what_the_settings_name_does_not_exist(a2m, make_world, what, settings, words):
    """What is missing fails alone, with what there is instead and what to do; everything else passes."""
    make_world(10)
    message = a2m("check", "--json", **settings)
    assert message.code == 1
    assert checked(message)[what][0] == "failed"
    assert list(failed(message)) == [what]
    assert all(word in failed(message)[what] for word in words), failed(message)


def test_an_endpoint_that_is_not_there(a2m, make_world):
    """The endpoints that are there are named; what is read by the endpoint could not be checked."""
    make_world(10)
    message = a2m("check", "--json", A2M_ACUMATICA__VERSION="17.200.001")
    assert message.code == 1
    found = checked(message)
    assert found["Endpoint"][0] == "failed"
    assert "Default/17.200.001 is not there; there is Default/" in found["Endpoint"][1]
    assert found["Warehouses"][0] == found["Branches"][0] == "could not be checked"
    assert found["Magento answers"][0] == found["Sources"][0] == "passed"


def test_an_array_limit_below_batch_count(a2m, make_world):
    """The shop's limit is found without a write, and the number to set is said."""
    here = make_world(10, magento={"array_limit": 20})
    message = a2m("check", "--json", A2M_QUEUE__BATCH_COUNT="100")
    assert message.code == 1
    assert list(failed(message)) == ["Array limit"]
    assert "Lower it to 20" in failed(message)["Array limit"]
    assert not any(write["applied"] for write in here.writes())


def test_a_wrong_password(a2m, make_world):
    """The login that is refused fails, what needs it could not be checked, and Magento is checked all the same."""
    make_world(10)
    message = a2m("check", "--json", A2M_ACUMATICA__PASSWORD="wrong-password-of-a-test")
    assert message.code == 1
    found = checked(message)
    assert found["Acumatica answers"][0] == "failed"
    assert "password" in found["Acumatica answers"][1]
    assert {found[what][0] for what in ("Endpoint", "Warehouses", "Branches")} == {"could not be checked"}
    assert {found[what][0] for what in ("Magento answers", "Sources", "Array limit")} == {"passed"}


def test_hosts_that_do_not_answer(a2m, make_world):
    """Nobody listens at either address: both fail in words, and the rest could not be checked."""
    here = make_world(3)
    here.acumatica.close()
    here.magento.close()
    message = a2m("check", "--json")
    assert message.code == 1
    results = {what: result for what, (result, _words) in checked(message).items()}
    assert results["Acumatica answers"] == results["Magento answers"] == "failed"
    assert results["Warehouses"] == results["Sources"] == "could not be checked"
    assert {results[what] for what in CLOCKS} == {"could not be checked"}


@pytest.mark.parametrize(("width", "first"), [(80, "passed: State is private"), (160, "what")])
def test_a_narrow_screen_gets_a_list(a2m, make_world, monkeypatch, width, first):
    """Below 120 columns each check has a line of its own with what was found below; the end names what failed."""
    make_world(10)
    monkeypatch.setattr("a2m.console.out.width", width)
    output = a2m("check", A2M_INVENTORY__WAREHOUSES='["MAIN","NOSUCH"]')
    lines = output.out.splitlines()
    assert lines[1].startswith(first)
    assert max(map(len, lines[: lines.index("Settings that are not the default")])) <= width
    assert "1 failed (Warehouses)" in output.out
