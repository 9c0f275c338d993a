"""Customers answer as the recorded shop did.

The order is the one in which the exchanges were made, as their moments and values tell; what an exchange that is not
recorded had done stands between them, with a comment.
"""

from collections.abc import Callable
from typing import Any

from sandbox_magento.documents import Documents
from sandbox_magento.shop import Shop

Recordings = Callable[[str], dict[str, dict[str, Any]]]
ADDRESS = {
    "firstname": "Ann",
    "lastname": "Lee",
    "street": ["Main St 1"],
    "city": "Berlin",
    "postcode": "10115",
    "country_id": "DE",
    "telephone": "+49 30 1",
}
BOTH = {"default_billing": True, "default_shipping": True}


async def put(shop: Shop, number: int, **fields: Any) -> Any:
    """Change a customer by an exchange that is not recorded."""
    return await shop.post(f"customers/{number}", {"customer": {"id": number, **fields}}, "PUT")


async def create(shop: Shop, **fields: Any) -> Any:
    """Create a customer by an exchange that is not recorded."""
    plain = {"firstname": "Ann", "lastname": "Lee", "website_id": 1, "store_id": 1}
    return await shop.post("customers", {"customer": {**plain, **fields}})


async def test_customers(recorded_shop: Shop, recordings: Recordings) -> None:
    """The first round of customers and their groups is answered as recorded."""
    shop = recorded_shop
    await shop.change({"set_customer_group": {"id": 4, "code": "Wholesale B2B"}})
    replay = Documents(shop, recordings("customers"))
    first = await create(shop, email="ann@example.com", group_id=4, addresses=[{**ADDRESS, **BOTH}])
    replay.know("customer", 1, first["id"])
    replay.know("customer address", 1, first["addresses"][0]["id"])
    await replay.play("create_second", "duplicate_email", "missing_names", "empty_lastname", "unknown_group")
    await replay.play("unknown_store", "no_website_given", "no_group_given", "unknown_custom_attribute")
    await replay.play("unknown_field", "name_with_illegal_chars", "name_256_chars", "address_unknown_country")
    await replay.play("address_missing_region_us", "weak_password", "wrong_type_group", "wrong_type_addresses")
    await replay.play("create_with_id_given", "invalid_email", "invalid_email_idn", "missing_email")
    await replay.play("search_email", "search_email_other_case", "search_email_none", "search_email_plus_unencoded")
    await replay.play("get_unknown", "update_full")
    # only a name, then no addresses
    await put(shop, first["id"], lastname="Min", addresses=[])
    await replay.play("get_after_addresses_empty")
    # an address again
    await put(shop, first["id"], lastname="Lee", addresses=[{**ADDRESS, **BOTH, "region": {"region_id": 0}}])
    await replay.play("update_group_ok", "update_group_unknown", "update_no_website", "update_unknown_id")
    await replay.play("update_to_taken_email")
    # the second customer is deleted, and made again
    assert await shop.post(f"customers/{replay.ids['customer', '2']}", None, "DELETE") is True
    await replay.play("delete_customer_again", "create_bob_again", "update_id_mismatch_other_email", "get_final")
    await replay.play("group_code_too_long", "group_missing_tax_class", "group_bad_tax_class", "group_update_ok")
    replay.done()
