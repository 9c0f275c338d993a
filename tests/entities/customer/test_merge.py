"""What is written of a customer: ours is changed in place, and what the shop's customers keep survives."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from entities.customer.merge import merged, new_customer, not_applied
from entities.customer.types import Account, PostalAddress

OURS = PostalAddress(
    firstname="Ann",
    lastname="Lee",
    company="Lee & Co",
    street=("1 Main St",),
    city="New York",
    postcode="10001",
    country_id="US",
    region_id=43,
    region="",
    telephone="1",
    billing=True,
    shipping=True,
)
ACCOUNT = Account("ann@example.com", 1, "Ann", "Lee", 2, (OURS,), {"segment": "x"})
THEIRS = {
    "id": 7,
    "customer_id": 5,
    "region": {"region_code": None, "region": None, "region_id": 0},
    "region_id": 0,
    "country_id": "DE",
    "street": ["Weg 1"],
    "telephone": "+49 30 1",
    "postcode": "10115",
    "city": "Berlin",
    "firstname": "A",
    "lastname": "B",
}


class Refused(Exception):
    """The model of Magento refuses a write."""


def put(current: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """What Magento shows after a PUT, as magento-observed.md describes it (part two, section 3)."""
    assert current["id"] == body["id"]
    now = {**current, **{name: value for name, value in body.items() if name not in ("addresses", "custom_attributes")}}
    before = {one["id"]: one for one in current["addresses"]}
    listed = [one["id"] for one in body["addresses"] if "id" in one]
    for use in ("default_billing", "default_shipping"):
        if any(one.get(use) and one["id"] not in listed for one in current["addresses"]):
            raise Refused(use)
    fresh = max([0, *before]) + 1
    now["addresses"] = []
    for one in body["addresses"]:
        if "id" in one and one["id"] not in before:
            raise Refused("addressId")
        kept = dict(before.get(one.get("id"), {"id": fresh}))
        fresh += "id" not in one
        kept.update(one)
        region_id = kept.get("region_id") or kept["region"].get("region_id") or 0
        kept["region"] = {"region_code": None, "region": kept["region"].get("region"), "region_id": region_id}
        kept.pop("region_id", None)
        for use in ("default_billing", "default_shipping"):
            if one.get(use):
                for other in now["addresses"]:
                    other.pop(use, None)
        now["addresses"].append({name: value for name, value in kept.items() if value not in ("", False)})
    attributes = {one["attribute_code"]: one["value"] for one in current.get("custom_attributes", [])}
    attributes.update((one["attribute_code"], one["value"]) for one in body["custom_attributes"])
    now["custom_attributes"] = [{"attribute_code": c, "value": v} for c, v in attributes.items() if v]
    return now


def created(account: Account) -> dict[str, Any]:
    """What Magento shows after a POST."""
    body = {**new_customer(account), "id": 5}
    return put({"id": 5, "addresses": [], "custom_attributes": []}, body)


def content(address: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in address.items() if not name.startswith(("default_", "region_id"))}


def test_a_new_customer_shows_everything():
    """All of the account is in the body, and ours is the default address for both uses."""
    current = created(ACCOUNT)
    assert not_applied(ACCOUNT, current) == []
    (address,) = current["addresses"]
    assert (address["default_billing"], address["default_shipping"], address["region"]["region_id"]) == (True, True, 43)


def test_an_empty_attribute_is_not_created_and_is_taken_away():
    """Empty means that it must not be there."""
    without = replace(ACCOUNT, attributes={"segment": ""})
    assert new_customer(without)["custom_attributes"] == []
    current = put(created(ACCOUNT), merged(created(ACCOUNT), without, ACCOUNT))
    assert not_applied(without, current) == []
    assert current["custom_attributes"] == []


def test_addresses_of_the_shops_customers_survive_and_stay_their_defaults():
    """Theirs is sent back with its id; ours is added and does not take their default away."""
    current = {"id": 5, "addresses": [{**THEIRS, "default_billing": True, "default_shipping": True}]}
    after = put(current, merged(current, ACCOUNT))
    assert [one["id"] for one in after["addresses"]] == [7, 8]
    assert content(after["addresses"][0]) == content(THEIRS)
    assert after["addresses"][0]["default_billing"] is True
    assert "default_billing" not in after["addresses"][1]
    assert not_applied(ACCOUNT, after) == []


def test_our_address_is_changed_in_place():
    """What still shows what we told last gets the new content under its id."""
    current = created(ACCOUNT)
    moved = replace(ACCOUNT, addresses=(replace(OURS, street=("2 New St",), region_id=12),))
    after = put(current, merged(current, moved, ACCOUNT))
    (address,) = after["addresses"]
    assert (address["id"], address["street"], address["region"]["region_id"]) == (1, ["2 New St"], 12)
    assert not_applied(moved, after) == []


def test_a_state_that_is_gone_is_taken_away():
    """From a state to none, and from a state of the list to text."""
    current = created(ACCOUNT)
    for address in (replace(OURS, region_id=None), replace(OURS, region_id=None, country_id="NL", region="Utrecht")):
        changed = replace(ACCOUNT, addresses=(address,))
        assert not_applied(changed, current) == ["the billing and shipping address in " + address.country_id]
        assert not_applied(changed, put(current, merged(current, changed, ACCOUNT))) == []


def test_an_address_that_somebody_changed_in_the_shop_is_theirs():
    """It stays as they left it, and ours is added once."""
    current = created(ACCOUNT)
    current["addresses"][0]["city"] = "Brooklyn"
    for _again in range(2):
        current = put(current, merged(current, ACCOUNT, ACCOUNT))
        assert [one["city"] for one in current["addresses"]] == ["Brooklyn", "New York"]


def test_a_billing_address_of_its_own_takes_our_default_over():
    """Ours for both uses becomes two: the new one is the billing default, which was ours and nobody's choice."""
    current = created(ACCOUNT)
    billing = replace(OURS, street=("9 Bill St",), shipping=False)
    split = replace(ACCOUNT, addresses=(billing, replace(OURS, billing=False)))
    after = put(current, merged(current, split, ACCOUNT))
    by_street = {one["street"][0]: one for one in after["addresses"]}
    assert by_street["9 Bill St"]["default_billing"] is True
    assert by_street["1 Main St"]["default_shipping"] is True
    assert "default_billing" not in by_street["1 Main St"]
    assert by_street["1 Main St"]["id"] == 1


def test_what_magento_keeps_by_itself_is_not_written_back():
    """Stamps and extension attributes are Magento's; other fields of the customer go back as they were."""
    current = {
        **created(ACCOUNT),
        "taxvat": "DE1",
        "created_at": "2026",
        "extension_attributes": {"is_subscribed": True},
    }
    body = merged(current, replace(ACCOUNT, lastname="Ray"), ACCOUNT)
    assert (body["taxvat"], body["lastname"], body["id"]) == ("DE1", "Ray", 5)
    assert "created_at" not in body
    assert "extension_attributes" not in body


def test_what_is_not_shown_is_named():
    """A dropped address, an attribute that vanished, another group: each is said; spellings of an e-mail are one."""
    current = {**created(ACCOUNT), "addresses": [], "custom_attributes": [], "group_id": 1, "email": "ANN@example.com"}
    assert not_applied(ACCOUNT, current) == [
        "the customer group",
        "the billing and shipping address in US",
        "the attribute 'segment'",
    ]


def test_decimals_and_days_are_compared_as_such():
    """Magento gives 1000.5 back as 1000.5000, and a day as a midnight."""
    account = replace(ACCOUNT, attributes={"credit": "1000.5", "since": "2026-11-24"})
    current = created(account)
    values = {"credit": "1000.5000", "since": "2026-11-24 00:00:00"}
    current["custom_attributes"] = [{"attribute_code": code, "value": value} for code, value in values.items()]
    assert not_applied(account, current) == []
    current["custom_attributes"][0]["value"] = "0.0000"
    assert not_applied(account, current) == ["the attribute 'credit'"]


def test_attributes_that_are_fields_of_the_customer_go_there():
    """Magento passes over them among the custom attributes."""
    account = replace(ACCOUNT, attributes={"taxvat": "DE1", "gender": "2", "dob": "", "segment": "x"})
    body = new_customer(account)
    assert (body["taxvat"], body["gender"], "dob" in body) == ("DE1", "2", False)
    assert [one["attribute_code"] for one in body["custom_attributes"]] == ["segment"]
    current = {**created(account), "gender": 2, "dob": "1980-01-01"}
    assert not_applied(account, current) == ["the attribute 'dob'"]
    assert merged(current, account)["dob"] is None


streets = st.sampled_from(["1 Main St", "2 New St", "3 Old St"])
uses = st.sampled_from([(True, True), (True, False), (False, True)])


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """An account with one address, two, or none."""
    flags = draw(st.sampled_from([[], [(True, True)], [(True, False), (False, True)]]))
    addresses = tuple(replace(OURS, street=(draw(streets),), billing=b, shipping=s) for b, s in flags)
    return replace(ACCOUNT, lastname=draw(st.sampled_from(["Lee", "Ray"])), addresses=addresses)


@st.composite
def shops(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Addresses that the shop's customer made, with defaults of their own or without."""
    cities = draw(st.lists(st.sampled_from(["Berlin", "Paris", "Rome"]), unique=True, max_size=3))
    addresses = [{**deepcopy(THEIRS), "id": 100 + place, "city": city} for place, city in enumerate(cities)]
    for use in ("default_billing", "default_shipping"):
        if addresses and draw(st.booleans()):
            draw(st.sampled_from(addresses))[use] = True
    return addresses


@given(shops(), st.lists(accounts(), min_size=1, max_size=5), st.booleans())
def test_any_sequence_of_accounts_keeps_theirs_and_shows_ours(theirs, sent, is_linked):
    """Whatever is told in turn: Magento refuses nothing, shows it all, and theirs stay as they were, defaults too."""
    current: dict[str, Any] = {"id": 5, "addresses": deepcopy(theirs), "custom_attributes": []}
    former: tuple[Account, ...] = ()
    for account in sent:
        current = put(current, merged(current, account, *former))
        again = put(current, merged(current, account, account))
        assert not_applied(account, current) == []
        assert [one["id"] for one in again["addresses"]] == [one["id"] for one in current["addresses"]]
        by_id = {one["id"]: one for one in current["addresses"]}
        for one in theirs:
            assert content(by_id[one["id"]]) == content(one)
            assert {use for use in one if use.startswith("default_")} <= set(by_id[one["id"]])
        former = (account,) if is_linked else ()
