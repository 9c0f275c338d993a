"""Customers answer as the recorded shop did.

The order is the one in which the exchanges were made, as their moments and values tell; what an exchange that is not
recorded had done stands between them, with a comment.
"""

from collections.abc import Callable
from datetime import UTC, datetime
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


async def first_round(shop: Shop, replay: Documents) -> None:
    """Play the first round of customers."""
    await shop.change({"set_customer_group": {"id": 4, "code": "Wholesale B2B"}})
    first = await create(shop, email="ann@example.com", group_id=4, addresses=[{**ADDRESS, **BOTH}])
    replay.know("customer", 1, first["id"])
    replay.know("customer address", 1, first["addresses"][0]["id"])
    await replay.play("create_second", "duplicate_email", "missing_names", "empty_lastname", "unknown_group")
    await replay.play("unknown_store", "no_website_given", "no_group_given", "unknown_custom_attribute")
    await replay.play("unknown_field", "name_with_illegal_chars", "name_256_chars", "address_unknown_country")
    await replay.play("address_missing_region_us", "weak_password", "wrong_type_group", "wrong_type_addresses")
    await replay.play("create_with_id_given", "invalid_email", "invalid_email_idn", "missing_email")
    await replay.play("search_email", "search_email_other_case", "search_email_none", "search_email_plus_unencoded")
    shop.clock.advance(1)
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


async def test_customers(recorded_shop: Shop, recordings: Recordings) -> None:
    """The first round of customers and their groups is answered as recorded."""
    replay = Documents(recorded_shop, recordings("customers"))
    await first_round(recorded_shop, replay)
    replay.done()


ATTRIBUTES = (("erp_number", "varchar", "text"), ("erp_credit", "decimal", "text"), ("erp_blocked", "int", "boolean"))
WEG = {**ADDRESS, "firstname": "A", "lastname": "B", "street": ["Weg 1"]}


async def second_round(shop: Shop, recordings: Recordings) -> Documents:
    """Bring the shop to where the second round began: the first one's customers, attributes, a second website."""
    shop.clock.moment = datetime(2026, 11, 24, 2, 4, 5, tzinfo=UTC)
    before = Documents(shop, recordings("customers"))
    await first_round(shop, before)
    shop.clock.moment = datetime(2026, 11, 24, 2, 43, 37, tzinfo=UTC)
    await create(shop, email="erp.buyer@example.com")
    names = ("code", "backend_type", "frontend_input")
    await shop.change(*({"add_customer_attribute": dict(zip(names, row, strict=True))} for row in ATTRIBUTES))
    stores = [{"code": "second_en", "name": "Second EN"}, {"code": "second_de", "name": "Second DE"}]
    await shop.change({"add_website": {"code": "second", "name": "Second Website", "stores": stores}})
    replay = Documents(shop, recordings("customers2"))
    replay.ids = before.ids
    return replay


async def attributes(shop: Shop, replay: Documents) -> None:
    """Play what was done to custom attributes."""
    await replay.play("create_custom_attributes", "get_custom_attributes", "attribute_metadata")
    number = replay.ids["customer", "13"]
    # one attribute, another removed: exchanges that are not recorded
    await put(shop, number, firstname="A2", custom_attributes=[{"attribute_code": "erp_number", "value": "C-2"}])
    await replay.play("get_after_put_one_ca", "search_by_custom_attribute", "put_custom_attribute_empty")
    await replay.play("get_after_put_ca_empty")
    await put(shop, number, custom_attributes=[{"attribute_code": "erp_credit", "value": None}])
    await replay.play("get_after_put_ca_null", "put_custom_attribute_bad_decimal", "put_ca_restore")


async def addresses_of_two(shop: Shop, replay: Documents) -> None:
    """Play what was done to a customer with two addresses."""
    await replay.play("create_two_addresses", "get_two_addresses")
    number = replay.ids["customer", "14"]
    # both addresses as they were read, an exchange that is not recorded
    now = (await shop.get(f"customers/{number}"))["addresses"]
    await put(shop, number, addresses=now)
    await replay.play("after_put_two", "put_two_with_id_and_new", "after_put_one_of_two", "put_address_without_id")
    await replay.play("after_put_address_without_id", "put_flip_defaults", "after_flip_defaults")
    await replay.play("put_two_default_billing", "put_partial_address_with_id", "after_partial_address", "address_get")
    await replay.play("put_unknown_address_id", "after_unknown_address", "put_foreign_address_id")
    await replay.play("after_foreign_address", "put_defaults_false", "put_defaults_by_top_level")
    await replay.play("after_defaults_top_level", "put_addresses_empty", "after_addresses_empty")


async def single_addresses(shop: Shop, replay: Documents) -> None:
    """Play the creations of customers with one address of each kind; six are not recorded."""
    for kind in ("no_telephone", "no_postcode_de", "no_postcode_ie", "bad_postcode_de", "no_street", "street_4_lines"):
        await replay.play(f"address_{kind}")
    for kind in ("street_string", "no_lastname", "no_country", "us_region_object_id", "us_region_code_wrong"):
        await replay.play(f"address_{kind}")
    for kind in ("us_region_name", "us_region_name_wrong", "us_region_id_of_germany", "us_region_id_unknown"):
        await replay.play(f"address_{kind}")
    for kind in ("us_no_region", "de_region_text", "de_region_code_BAY", "gb_region_text", "company_255"):
        await replay.play(f"address_{kind}")
    await replay.play("address_company_300", "address_vat_bad", "address_telephone_long", "address_city_long")
    for place in (11, 12, 14, 21, 28, 29):
        await create(shop, email=f"af{place}@example.com")


async def websites(shop: Shop, replay: Documents) -> None:
    """Play customers of two websites."""
    await replay.play("create_store_only", "create_website_only", "create_neither", "create_neither_in_store_scope_url")
    await replay.play("same_email_second_website", "search_email_two_websites", "search_email_and_website")
    await replay.play("put_move_website", "after_move_website", "put_move_website_free_email")
    # sharing accounts was refused here, as e-mails were there twice
    await replay.play("global_share_same_email", "global_share_existing_pair", "global_share_new_pair_other_site")
    await replay.play("is_email_available_w1", "is_email_available_new")


async def changes_of_group(shop: Shop, replay: Documents) -> None:
    """Play changes of groups, and what is found by the moment of a change."""
    shop.clock.moment = datetime(2026, 11, 24, 2, 43, 55, tzinfo=UTC)
    await replay.play("put_group_only", "after_group", "put_group_zero", "after_group_zero", "search_updated_at_gt")
    await replay.play("updated_before_identical_put", "put_identical", "updated_after_identical_put")
    await replay.play("put_updated_at_given", "after_updated_at_given", "create_gender_dob_taxvat", "create_dob_ok")
    await replay.play("create_name_with_html", "create_name_url", "search_sorted_updated_at")


async def addresses_of_three(shop: Shop, replay: Documents) -> None:
    """Play what was done to a customer with three addresses."""
    await replay.play("create_three_addresses", "get_three_addresses", "put_omit_non_default_address")
    await replay.play("after_omit_non_default", "put_address_without_id_beside_default", "after_no_id_1")
    await replay.play("put_address_without_id_beside_default_again", "after_no_id_2")
    number = replay.ids["customer", "54"]
    first, second = (replay.ids["customer address", one] for one in ("26", "27"))
    # the nameless address left out, an exchange that is not recorded
    await put(shop, number, addresses=[{"id": first}, {"id": second}])
    await replay.play("put_replace_default_by_new", "after_replace_default", "after_default_flag_missing")
    await replay.play("put_foreign_address_id2", "after_foreign2")
    # an unknown id, and an entry without a city, beside good ones
    for bad in ({**WEG, "id": 987654}, {**WEG, "city": ""}):
        body = {"customer": {"id": number, "addresses": [{"id": first}, {"id": second}, bad]}}
        assert (await shop.send("PUT", f"/rest/V1/customers/{number}", body)).status_code in (400, 404)
        await replay.play("after_unknown2" if "id" in bad else "after_bad_beside_good")
    await replay.play("put_clear_company_vat", "after_company", "put_company_empty", "after_company_empty")
    await replay.play("address_get_default_billing", "put_body_without_id", "put_without_website", "put_email_change")
    await replay.play("put_email_taken", "put_email_taken_same_site", "put_unknown_customer")


async def test_customers_of_part_two(recorded_shop: Shop, recordings: Recordings) -> None:
    """Attributes, addresses, regions, websites and sharing are answered as recorded."""
    shop = recorded_shop
    replay = await second_round(shop, recordings)
    await attributes(shop, replay)
    await addresses_of_two(shop, replay)
    await single_addresses(shop, replay)
    await websites(shop, replay)
    await changes_of_group(shop, replay)
    await addresses_of_three(shop, replay)
    assert await shop.post(f"customers/{replay.ids['customer', '14']}", None, "DELETE") is True
    await replay.play("delete_again")
    await shop.setting(account_share="global")
    await replay.play("global_create_site1", "global_create_site2_same")
    await shop.setting(account_share="website")
    await replay.play("config_share_back")
    replay.done()
