"""`a2m check`: what a setting names is looked up; a permission, an address, credentials fail by their cause."""

import json

import pytest
from support.altered_responses import JSON

from sandbox.magento.oauth import Consumer

OAUTH = Consumer()
FOUR = {
    "A2M_MAGENTO__CONSUMER_KEY": OAUTH.key,
    "A2M_MAGENTO__CONSUMER_SECRET": OAUTH.secret,
    "A2M_MAGENTO__ACCESS_TOKEN": OAUTH.token,
    "A2M_MAGENTO__ACCESS_TOKEN_SECRET": OAUTH.token_secret,
    "A2M_MAGENTO__BEARER_TOKEN": "",
}
DOCUMENTS = {f"A2M_ACTIVE__{one}": "true" for one in ("SHIPMENT", "CUSTOMER", "ORDER")}
VENDOR = {"A2M_VENDOR_INVENTORY__INCLUDE": "sum", "A2M_VENDOR_INVENTORY__INQUIRY": "A2M-VendorQuantities"}
ATTRIBUTE = {**VENDOR, "A2M_VENDOR_INVENTORY__INCLUDE": "separate", "A2M_VENDOR_INVENTORY__ATTRIBUTE": "vendor_qty"}
BY_LIST = {"A2M_PRICE__SOURCE": "sales_price"}


@pytest.fixture
def check(a2m):
    def run(**settings: str) -> dict[str, tuple[str, str]]:
        message = a2m("check", "--json", **settings)
        return {one["what"]: (one["result"], one["said"]) for one in json.loads(message.out)["checks"]}

    return run


def failed(found):
    return {what: message for what, (result, message) in found.items() if result == "failed"}


@pytest.mark.parametrize(
    ("settings", "what", "words"),
    [
        ({**VENDOR, "A2M_VENDOR_INVENTORY__INQUIRY": "Nowhere"}, "Vendor inquiry", ["Nowhere", "Expose via OData"]),
        ({**VENDOR, "A2M_VENDOR_INVENTORY__INQUIRY": "DB-StorageDetails"}, "Vendor inquiry", ["no column VendorQty"]),
        ({**ATTRIBUTE, "A2M_VENDOR_INVENTORY__ATTRIBUTE": "nowhere"}, "Vendor attribute", ["no product attribute"]),
        ({**BY_LIST, "A2M_PRICE__PRICE_CLASS": "NOWHERE"}, "Price class", ["no price class NOWHERE; it has"]),
        ({"A2M_ITEMS__CLASSES": '["NOWHERE"]'}, "Item classes", ["no item class NOWHERE; it has"]),
        ({"A2M_ACUMATICA__BRANCH": "NOWHERE"}, "Branch of the login", ["no branch NOWHERE; it has", "logs in all the"]),
        ({"A2M_MAGENTO__STORE_ID": "9"}, "Store view of prices", ["no store view 9; it has 0 (every store), 1"]),
        ({"A2M_MAGENTO__WEBSITE_ID": "7"}, "Website of customers", ["no website 7; it has 1 (base)"]),
        ({"A2M_ITEMS__SKU": "field:NoSuchField"}, "Fields of the endpoint", ["StockItem.NoSuchField"]),
        (
            {"A2M_ITEMS__SKU": "field:description"},
            "Fields of the endpoint",
            ["it is spelled Description", "the setting"],
        ),
    ],
)
def test_a_name_that_does_not_exist_fails_alone(check, make_world, settings, what, words):
    """What is wrong, what there is, and the field of the screen with its name in files in brackets."""
    make_world(10)
    found = failed(check(**settings))
    assert list(found) == [what]
    assert all(word in found[what] for word in words), found


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (VENDOR, "Vendor inquiry"),
        ({"A2M_ITEMS__CLASSES": '["ALLOTHER"]'}, "Item classes"),
        ({"A2M_ACUMATICA__BRANCH": "headoffice"}, "Branch of the login"),
        ({"A2M_MAGENTO__STORE_ID": "1"}, "Store view of prices"),
    ],
)
def test_a_name_that_exists_passes(check, make_world, settings, what):
    """The same checks with what is there."""
    make_world(10)
    found = check(**settings)
    assert found[what][0] == "passed", found[what]


def test_reasons_name_the_field_of_the_screen(check, make_world):
    """The label, and the variable in brackets."""
    make_world(3)
    assert "Website id (A2M_MAGENTO__WEBSITE_ID)" in check(A2M_MAGENTO__WEBSITE_ID="7")["Website of customers"][1]


@pytest.mark.parametrize(
    ("wrong", "magento_says", "fix"),
    [
        ("CONSUMER_KEY", "A consumer having the specified key does not exist", "A2M_MAGENTO__CONSUMER_KEY"),
        ("CONSUMER_SECRET", "The signature is invalid", "A2M_MAGENTO__CONSUMER_SECRET"),
        ("ACCESS_TOKEN", "Specified token does not exist", "A2M_MAGENTO__ACCESS_TOKEN"),
        ("ACCESS_TOKEN_SECRET", "The signature is invalid", "Host header with its port"),
    ],
)
def test_wrong_oauth_credentials_fail_by_their_cause(check, make_world, wrong, magento_says, fix):
    """What was tried, Magento's own words, and the fix for that credential; nothing of bearer tokens."""
    make_world(3)
    result, message = check(**{**FOUR, f"A2M_MAGENTO__{wrong}": "x" * 32})["Magento answers"]
    assert result == "failed"
    assert "OAuth 1.0a, signed with HMAC-SHA256" in message
    assert magento_says in message
    assert fix in message
    assert "stand-alone" not in message


def test_oauth_credentials_that_may_do_nothing(check, make_world):
    """Magento knows them and refuses every route: the integration is not active, or has no resources."""
    here = make_world(3)
    here.change_shop({"token": {"token": OAUTH.token, "resources": []}})
    result, message = check(**FOUR)["Magento answers"]
    assert result == "failed"
    assert "Tried OAuth" in message
    assert "activate it" in message


NO_DOCUMENTS = {
    "Permissions of order": "Sales › Operations › Orders › Actions › View (Magento_Sales::actions_view)",
    "Permissions of shipment": "Sales › Operations › Orders › Actions › Ship (Magento_Sales::ship)",
    "Permissions of inventory": (
        "Stores › Inventory › Stocks › Source Item Assigning (Magento_InventoryApi::stock_source_item_assign)"
    ),
}


def test_an_integration_without_sales_and_source_items(check, make_world):
    """Field finding F6: each entity says which permission is missing; of prices and customers nothing is."""
    here = make_world(3)
    mine = sorted(one for one in resources() if "Sales::" not in one and "stock_source_item_assign" not in one)
    here.change_shop({"token": {"resources": [*mine, "Magento_InventorySalesApi::stock"]}})
    before = here.shop_state()
    found = check(**DOCUMENTS)
    for what, current in NO_DOCUMENTS.items():
        assert found[what][0] == "failed"
        assert current in found[what][1]
    assert "not added back" in found["Permissions of inventory"][1]
    assert found["Permissions of price"][0] == found["Permissions of customer"][0] == "passed"
    assert not any(write["applied"] for write in here.writes())
    assert {**here.shop_state(), "requests": 0} == {**before, "requests": 0}


def resources() -> set[str]:
    from connector.magento.permissions import ROUTES

    return {need.resource for need in ROUTES}


@pytest.mark.parametrize("missing", sorted(resources()))
def test_each_permission_alone_is_found_missing(check, make_world, missing):
    """With every entity active, whichever permission is taken away: a check fails that names it."""
    here = make_world(3)
    here.change_shop({"token": {"resources": sorted(resources() - {missing})}})
    orders = {"A2M_ORDER__INVOICE": "offline", "A2M_ORDER__CLOSE_REST": "refund"}
    settings = {**DOCUMENTS, **ATTRIBUTE, **orders, "A2M_QUEUE__PRICE_TRANSPORT": "async_bulk"}
    assert any(missing in message for message in failed(check(**settings)).values())
    assert not any(write["applied"] for write in here.writes())


def test_inactive_entities_need_no_permission(check, make_world):
    """Only prices are active: nothing of orders and stock is asked for."""
    here = make_world(3)
    here.change_shop({"token": {"resources": sorted(resources() - {"Magento_Sales::actions_view"})}})
    found = check(A2M_ACTIVE__INVENTORY="false")
    assert "Permissions of inventory" not in found
    assert found["Permissions of price"][0] == "passed"


@pytest.mark.parametrize("path", ["/rest", "/rest/V1", "/rest/default/V1", "/index.php/rest"])
def test_a_url_that_ends_in_rest(check, make_world, path):
    """The end that is too much is named, and what to enter instead; the store code is not blamed first."""
    here = make_world(3)
    result, message = check(A2M_MAGENTO__URL=here.magento.url + path)["Magento answers"]
    assert result == "failed"
    assert message.startswith(f"The URL ends in {path}")
    assert f"enter {here.magento.url} in Magento URL (A2M_MAGENTO__URL)" in message


def test_addresses_that_are_each_others(check, make_world):
    """Acumatica's address as Magento's and the reverse: said, and no token or password is blamed."""
    here = make_world(3)
    found = check(A2M_MAGENTO__URL=here.acumatica.url, A2M_ACUMATICA__URL=here.magento.url)
    assert "is the address of an Acumatica" in found["Magento answers"][1]
    assert "token" not in found["Magento answers"][1]
    assert "is the address of a Magento" in found["Acumatica answers"][1]
    assert "password" not in found["Acumatica answers"][1]


@pytest.mark.parametrize(
    ("outage", "cause"),
    [("maintenance", "maintenance mode"), ("database", "its database is down"), ("php", "PHP behind it does not")],
)
def test_an_outage_is_reported_by_its_likely_cause(check, make_world, outage, cause):
    """Maintenance, the database, PHP: and nothing is told as denied access."""
    here = make_world(3)
    here.change_shop({"setting": {"outage": outage}})
    found = check(**DOCUMENTS)
    assert cause in found["Magento answers"][1]
    assert not any("refuses the credentials" in message or "lacks" in message for _result, message in found.values())
    assert found["Permissions of order"] == ("could not be checked", "Magento does not answer")


def test_a_shop_that_nobody_reaches_is_no_denied_access(check, make_world):
    """Nobody listens: the checks of documents say so."""
    here = make_world(3)
    here.magento.close()
    found = check(**DOCUMENTS, A2M_ORDER__TYPES='["SO"]')
    assert found["Store view of orders"] == ("could not be checked", "Magento does not answer")


def test_a_source_that_no_website_sells_from(check, make_world):
    """In no stock, or in a stock without a website: what is sent there is not sold."""
    here = make_world(3, magento={"default_apart": True})
    here.shop(
        "POST",
        "inventory/sources",
        {"source": {"source_code": "attic", "name": "Attic", "enabled": True, "postcode": "1", "country_id": "US"}},
    )
    found = failed(check(A2M_INVENTORY__SOURCES='{"MAIN":"main","EAST":"attic"}'))
    assert "attic is in no stock" in found["Sources"]
    found = failed(check(A2M_INVENTORY__SOURCES='{"MAIN":"default"}', A2M_INVENTORY__WAREHOUSES='["MAIN"]'))
    assert "default is in Default Stock, which serves no website" in found["Sources"]
    passed = check(A2M_INVENTORY__SOURCES='{"MAIN":"main","EAST":"east"}', A2M_INVENTORY__DEFAULT_SOURCE="west")[
        "Sources"
    ]
    assert (passed[0], "east, main, west: sold on base (stock Main web stock)" in passed[1]) == ("passed", True)


def test_reservations_that_nothing_will_clear(check, make_world):
    """Quantities are sent, shipments are not, and an order is open in Magento."""
    here = make_world(3)
    assert check()["Reservations"][0] == "passed"
    here.change_shop(
        {"set_source_item": {"sku": "SKU-000001", "source_code": "main", "quantity": 10, "status": 1}},
        {"place_order": {"lines": [{"sku": "SKU-000001", "qty": 1}], "email": "a@example.com"}},
    )
    result, message = check()["Reservations"]
    assert result == "failed"
    assert "Shipment is active (A2M_ACTIVE__SHIPMENT)" in message
    assert check(A2M_ACTIVE__SHIPMENT="true")["Reservations"][0] == "passed"


def test_an_order_type_in_lower_case_is_its_own(check, make_world):
    """Acumatica spells its types in capitals, however they are typed."""
    here = make_world(3)
    here.change({"add_customer": {"customer_id": "C1", "name": "One", "customer_class": "WHOLESALE"}})
    here.change({"add_order": {"customer_id": "C1", "lines": [{"inventory_id": "SKU-000001", "quantity": "1"}]}})
    assert check(A2M_ORDER__TYPES='["so"]')["Order types"] == ("passed", "SO")


def test_an_endpoint_that_lacks_a_field(check, make_world):
    """Another version calls a field otherwise: the field is named, and the version that the connector knows."""
    here = make_world(3)
    here.altered.alter = lambda path, body: (
        (200, JSON, body.replace(b'"DefaultPrice"', b'"ListPrice"')) if path.endswith("$adHocSchema") else None
    )
    result, message = check()["Fields of the endpoint"]
    assert result == "failed"
    assert "does not have StockItem.DefaultPrice" in message


def test_an_endpoint_of_contract_version_5(check, make_world):
    """Version 26.200.001 calls fields otherwise: what is missing, and the version to enter."""
    make_world(3, acumatica={"versions": ("24.200.001", "26.200.001")})
    result, message = check(A2M_ACUMATICA__VERSION="26.200.001")["Fields of the endpoint"]
    assert result == "failed"
    assert "Default/26.200.001 does not have StockItem.LastModified" in message
    assert "contract version 5" in message
    assert "The connector knows Default/24.200.001" in message


def test_availability_rules_that_may_not_be_read(check, make_world):
    """What Quantity Available lacks is read from the item classes; where it may not be, that is said, with the fix."""
    here = make_world(3)
    assert check()["Availability calculation rules"][0] == "passed"
    refused = b'{"message": "You have insufficient rights to access the Availability form."}'
    here.altered.alter = lambda path, _body: (403, JSON, refused) if "INAvailabilityScheme" in path else None
    result, message = check()["Availability calculation rules"]
    assert result == "could not be checked"
    assert "(A2M_INVENTORY__AVAILABLE_DEDUCTS)" in message
    assert "Availability calculation rules" not in check(A2M_INVENTORY__QUANTITY="on_hand")


def test_on_hand_needs_no_view_of_orders(check, make_world):
    """Nothing is added back then, so the permission is not asked for."""
    here = make_world(3)
    here.change_shop({"token": {"resources": sorted(resources() - {"Magento_Sales::actions_view"})}})
    assert check(A2M_INVENTORY__QUANTITY="on_hand")["Permissions of inventory"][0] == "passed"
    assert check()["Permissions of inventory"][0] == "failed"


def test_payment_methods_are_looked_up_in_acumatica(check, make_world):
    """Magento takes any name for its own; Acumatica's have to exist, in any letter case."""
    make_world(3)
    settings = {"A2M_ORDER__TYPES": '["SO"]', "A2M_ORDER__PAYMENT_METHODS": '{"check":"checkmo","GOLD":"gold"}'}
    result, message = check(**settings)["Payment methods of orders"]
    assert (result, "no payment method GOLD; it has CHECK, ONLINE" in message) == ("failed", True)


def test_a_person_sees_how_many_did_not_pass(a2m, make_world):
    """Below the table: the number of each result, and the names of those that did not pass."""
    make_world(3)
    message = a2m("check", A2M_MAGENTO__WEBSITE_ID="7")
    assert "1 failed (Website of customers); " in message.out
