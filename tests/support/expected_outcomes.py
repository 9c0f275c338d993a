"""What each recorded answer of the real Magento 2.4.7 means for this client, written by hand before the client was.

Each case of `../shared/contracts/magento-2.4.7-recorded/AREA.jsonl` stands here or, with the reason, in
`NOT_FOR_THIS_CLIENT`.
A write is replayed with the rows that were recorded; what this client never sends (no body, a price of "abc") is
replaced by a proper value, because the question is what the ANSWER means. An outcome is its kind, or its kind and words
that its reason must have. Each further request that the client makes by itself gets the same answer again, unless the
case is in `THEN_GOOD`: those get `[]`.
"""

A = "accepted"


def refused(words: str) -> tuple[str, str]:
    return ("refused", words)


def temporary(words: str) -> tuple[str, str]:
    return ("temporary", words)


UNKNOWN_NOPE = refused('no product that takes a price has the SKU "NOPE"')
NOT_A_FLOAT = 'type is invalid. The "float" type was expected'
NOT_AN_INT = 'type is invalid. The "int" type was expected'
NO_TOKEN_STORE = ("unauthorized", "Magento_Backend::store")
NO_TOKEN_CATALOG = ("unauthorized", "Magento_Catalog::catalog")
STORE_CODE = ("wrong_address", "store code")
NO_ROUTE = ("wrong_address", "no such route")

# One outcome per row of the recorded request.
PRICES: dict[str, dict[str, list]] = {
    "base-prices": {
        "bad_store": [refused("Requested store is not found")],
        "bad_store_mixed": [refused("Store ID: 99"), A],
        "camelCase_field": [A],
        "duplicate_sku_in_request": [A, A],
        "empty_list": [A],
        "empty_object": [refused('"prices" is required')],
        "items_20_limit_20": [A] * 20,
        "items_21_no_limits": [A] * 21,
        "items_25_limits_off_again": [A] * 25,
        "items_25_limits_on_no_value": [A] * 25,
        "items_25_no_limits": [A] * 25,
        "items_500_limits_on_no_value": [A] * 500,
        "items_500_no_limits": [A] * 500,
        "missing_price": [refused("Invalid attribute Price = (empty)")],
        "missing_sku": [refused("Invalid attribute SKU = (empty)")],
        "missing_store": [refused("Store ID: .")],
        "negative_mixed": [refused("Invalid attribute Price = -1"), refused("Invalid attribute Price = -1")],
        "negative_price": [refused("Invalid attribute Price = -1")],
        "no_body": [refused('"prices" is required')],
        "null_price": [refused("Invalid attribute Price = (empty)")],
        "ok_one": [A],
        "ok_three": [A, A, A],
        "parallel_deadlock": [temporary("Could not save Prices.")],
        "price_bool": [refused(NOT_A_FLOAT)],
        "price_huge": [A],
        "price_many_decimals": [A],
        "price_string_comma": [refused('"15,25"')],
        "price_string_numeric": [A],
        "price_string_text": [refused(NOT_A_FLOAT)],
        "prices_object_not_list": [refused("Invalid attribute SKU = (empty)")],
        "row_not_object": [refused("Requested store is not found")],
        "several_faults_one_row": [refused("Invalid attribute Price = -1")],
        "several_faults_rows": [
            UNKNOWN_NOPE,
            refused('"NOPE2"'),
            A,  # its own request, after it could not be told from the two price errors that name no row
            refused("Requested store is not found. Row ID: SKU = SKU-0002"),
        ],
        "sku_lowercase": [A],
        "sku_number": [refused('"1"')],
        "sku_slash": [A],
        "sku_trailing_space": [A],
        "store_1_global_scope": [A],
        "top_level_list": [refused('"prices" is required')],
        "unknown_extra_field": [refused('"Currency" is not supported')],
        "unknown_extra_toplevel": [A],
        "unknown_sku": [UNKNOWN_NOPE],
        "unknown_sku_mixed": [A, UNKNOWN_NOPE, A],
        "website_scope_both": [A, A],
        "website_scope_store_1": [A],
        "zero_price": [A],
    },
    "prices2": {
        "global_again_store_2": [A],
        "sp_base": [A],
        "type_base_price_BUN-FIX": [A],
        "type_base_price_BUN-SEP": [refused('"BUN-SEP"')],
        "type_base_price_BUN-TOG": [refused('"BUN-TOG"')],
        "type_base_price_CONF-S": [A],
        "type_base_price_CONF": [refused('"CONF"')],
        "type_base_price_DOWN": [A],
        "type_base_price_VIRT": [A],
        "type_mixed_batch": [refused('"CONF"'), A, refused('"BUN-TOG"'), A],
        "ws_price_null_reset": [refused("Invalid attribute Price = (empty)")],
        "ws_product_not_in_website": [A],
        "ws_store_0": [A],
        "ws_store_2": [A],
        "ws_store_3_same_website": [A],
    },
    "auth": {
        "acl_forbidden_base_prices": [NO_TOKEN_CATALOG],
    },
    "generic": {
        "content_type_charset_latin1": [refused("UTF-8 is the only supported charset")],
        "content_type_text": [refused("Server cannot understand Content-Type")],
        "json_invalid_utf8": [refused("Decoding error")],
        "json_null": [refused('"prices" is required')],
        "json_scalar": [refused('"prices" is required')],
        "json_string": [refused('"prices" is required')],
        "json_with_bom": [refused("Decoding error")],
        "malformed_json": [refused("Decoding error")],
        "malformed_json_empty_string": [refused('"prices" is required')],
        "no_content_type": [refused("Content-Type header is empty")],
        "sync_equal_repeat_idempotent": [A],
        "unknown_route_post": [NO_ROUTE],
    },
    "http": {
        "body_too_large_413": [refused("413")],
        "body_too_large_413_expect": [refused("413")],
        "chunked_request": [A],
        "gzip_request": [refused("Decoding error")],
        "post_400_headers": [refused("Decoding error")],
        "post_ok_headers": [A],
    },
    "async": {
        # The async routes are not called; what their gate answers is what every gate answers.
        "no_token": [NO_TOKEN_CATALOG],
        "bulk_unknown_route": [NO_ROUTE],
        "bulk_prices_not_a_list": [refused('"prices" is required')],
        "bulk_prices_unknown_field": [refused('"Foo" is not supported')],
    },
}

STOCK: dict[str, dict[str, list]] = {
    "source-items": {
        "duplicate_entries": [A, A],
        "empty_list": [refused("Input data is empty")],
        "empty_object": [refused('"sourceItems" is required')],
        "empty_sku": [refused('"sku" can not be empty')],
        "fractional_quantity": [A],
        "items_20_limit_20": [A] * 20,
        "items_21_limit_20": [A] * 21,
        "items_21_no_limits": [A] * 21,
        "items_25_limit_20": [A] * 25,
        "missing_quantity": [refused('"quantity" should be numeric')],
        "missing_sku": [refused('"sku" can not be empty')],
        "missing_source": [refused('"source_code" can not be empty')],
        "ok_again_same": [A],
        "ok_many": [A] * 4,
        "ok_one": [A],
        "qty_huge": [A],
        "qty_null": [refused('"quantity" should be numeric')],
        "qty_string": [A],
        "quantity_many_decimals": [A],
        "sku_trailing_space": [refused("leading or trailing spaces")],
        "source_uppercase": [A],
        "status_bool": [refused(NOT_AN_INT)],
        "unknown_sku": [A],  # Magento stores a row for a product that does not exist: SKUs are asked for before
        "unknown_sku_and_unknown_source": [
            refused("Could not save Source Item"),
            refused("Could not save Source Item"),
        ],
        "unknown_source": [refused("Could not save Source Item")],
        "zero_qty_status_in": [A],
        "zero_qty_status_out": [A],
    },
    "stock-special": {
        "backorders_qty0_status1": [A, A, A],
        "backorders_qty_neg": [A],
        "decimal_with_flag": [A, A, A],
        "decimal_without_flag": [A],
        "disabled_source_write": [A, A],
        "manage_stock_off_qty0": [A],
        "manage_stock_off_write": [A, A, A],
        "min_qty_write": [A, A, A],
        "no_reindex_to_0": [A, A, A],
        "no_reindex_to_100": [A, A, A],
        "parent_beside_good": [A, A],
        "qty5_status0": [A, A, A],
        "qty5_status_mixed": [A],
        "source_item_for_parent_BUN-SEP": [A],
        "source_item_for_parent_BUN-TOG": [A],
        "source_item_for_parent_CONF": [A],
        "source_not_in_stock": [A] * 4,
        "types_0": [A],
        "types_1": [A],
        "types_2": [refused(NOT_AN_INT)],
        "types_3": [refused('"status" should a known status')],
        "types_4": [refused(NOT_AN_INT)],
        "types_5": [refused('"quantity" should be numeric')],
    },
    "nonsimple-setup": {
        "bundle_child_BA_stock": [A],
        "bundle_child_BB_stock": [A],
        "bundle_child_second_source": [
            refused('Not able to assign "west" to product "BA", as it is part of bundle product "BUN-TOG"')
        ],
    },
}

# PUT /V1/products/SKU/stockItems/1
STOCK_ITEMS: dict[str, dict[str, tuple[str, str] | str]] = {
    "stock-items": {
        "put_id_text": refused(NOT_AN_INT),
        "put_own_id": A,
        "put_qty_only": A,
        "put_sku_with_slash": A,
        "put_wrong_other_products_id": A,
        "put_zero_in_stock_true": A,
    },
}

# Reads: ("ok",), or the exception and words that it must have.
READS: dict[str, dict[str, tuple[str, ...]]] = {
    "auth": {
        "accept_html": ("temporary", "There has been an error processing your request"),
        "accept_xml": ("wrong_address", "application/xml"),
        "acl_allowed_orders": ("ok",),
        "acl_forbidden_bulk_status": ("unauthorized", "Magento_Logging::system_magento_logging_bulk_operations"),
        "acl_forbidden_storeConfigs": NO_TOKEN_STORE,
        "admin_token_bad_credentials": ("unauthorized", "The account sign-in was incorrect"),
        "bad_store_code_in_path": STORE_CODE,
        "bad_token_on_anonymous_route": ("ok",),
        "bad_token_short": NO_TOKEN_STORE,
        "basic_auth": NO_TOKEN_STORE,
        "bearer_ok_storeConfigs": ("ok",),
        "bearer_ok_websites": ("ok",),
        "default_store_code_in_path": ("ok",),
        "http_to_index_php_prefix": ("ok",),
        "integration_inactive": ("ok",),
        "no_token": NO_TOKEN_STORE,
        "oauth1_bad_signature": ("unauthorized", "The signature is invalid"),
        "oauth1_bad_token": ("unauthorized", "Specified token does not exist"),
        "oauth1_hmac_sha1": ("unauthorized", "Signature method HMAC-SHA1 is not supported"),
        "oauth1_hmac_sha256_ok": ("ok",),
        "oauth1_nonce_reused": ("temporary", "nonce is already being used by the consumer with ID 1"),
        "oauth1_old_timestamp": ("ok",),
        "oauth1_query_brackets_encoded": ("ok",),
        "oauth1_query_brackets_unencoded": ("ok",),
        "token_padded_quotes": NO_TOKEN_STORE,
        "token_revoked": ("unauthorized", "Magento_Sales::actions_view"),
        "trailing_slash": ("ok",),
    },
    "generic": {
        "accept_json_quality": ("ok",),
        "fields_filter": ("ok",),
        "fields_filter_unknown": ("ok",),
        "no_version": STORE_CODE,
        "order_id_text": ("refused", NOT_AN_INT),
        "order_id_zero": ("refused", "An ID is needed"),
        "orders_empty_search_criteria": ("ok",),
        "orders_no_search_criteria": ("refused", '"searchCriteria" is required'),
        "rest_root": STORE_CODE,
        "schema": ("ok",),
        "search_page_size_negative": ("ok",),
        "search_page_size_text": ("refused", NOT_AN_INT),
        "search_sql_quote": ("temporary", "Internal Error"),
        "search_unknown_field": ("temporary", "Internal Error"),
        "search_unknown_param": ("refused", '"Foo" is not supported'),
        "unknown_route_get": NO_ROUTE,
        "unknown_route_no_token": NO_ROUTE,
        "url_7k": ("ok",),
        "url_too_long_like_8k": ("too_large", "414"),
        "wrong_method": ("refused", "The product that was requested doesn't exist"),
        "wrong_method_delete": NO_ROUTE,
        "wrong_version": NO_ROUTE,
    },
    "outage": {
        "db_down_orders": ("temporary", "There has been an error processing your request"),
        "maintenance_mode_get": ("temporary", "Error 503: Service Unavailable"),
        "php_down_get": ("temporary", "502 Bad Gateway"),
    },
    "stock-items": {
        "get_unknown": ("refused", 'The Product with the "NOPE" SKU doesn\'t exist'),
    },
    "source-items": {
        "list_filter_unknown_field": ("temporary", "Internal Error"),
        "salable_qty_unknown_sku": ("temporary", "An error has happened during application run"),
        "salable_qty_unknown_stock": ("refused", "Could not receive Stock Item data"),
    },
    "stock-special": {
        "export_unknown_website_dump": ("refused", "No linked stock found"),
        "low_quantity": NO_ROUTE,
        "read_in_1000": ("too_large", "414"),
        "source_disable_default": ("refused", "Default source can not be disabled"),
        "decimal_flag": ("refused", NOT_AN_INT),
    },
    "paging": {
        "page_size_301_limits_on_no_value": ("refused", "Maximum SearchCriteria pageSize is 300"),
    },
    "http": {
        "accept_br_only_18080": ("ok",),
        "accept_br_only_18081": ("ok",),
        "accept_gzip_br_18080": ("ok",),
        "accept_gzip_small_18080": ("ok",),
        "bad_bracket_raw": ("ok",),
        "big_header": ("temporary", "400 Request Header Or Cookie Too Large"),
        "connection_close": ("ok",),
        "get_401_headers": ("unauthorized", "Magento_Sales::actions_view"),
        "get_404_headers": NO_ROUTE,
        "h2c_upgrade": ("ok",),
        "head": ("refused", "405"),
        "http10": ("ok",),
        "http10_keepalive": ("ok",),
        "if_none_match": ("ok",),
        "keepalive_default": ("ok",),
        "keepalive_timeout_3s": ("ok",),
        "keepalive_timeout_default": ("ok",),
        "no_host": ("temporary", "400 Bad Request"),
        "options": ("refused", "The OPTIONS HTTP method is not supported"),
        "patch": ("refused", "The PATCH HTTP method is not supported"),
        "space_in_url": ("temporary", "400 Bad Request"),
        "trace": ("temporary", "405 Not Allowed"),
    },
}

# POST /V1/products/base-prices-information: asked SKU → {store: price}, as `store_prices` must answer.
STORE_PRICES: dict[str, dict[str, dict[str, dict[int, str]]]] = {
    "base-prices": {
        "info_after_comma": {"SKU-0001": {0: "15.25"}},
        "info_after_duplicate": {"SKU-0001": {0: "52"}},
        "info_after_limit_refusal": {"SKU-0001": {0: "11"}},
        "info_after_lowercase": {"SKU-0001": {0: "33.33"}},
        "info_after_mixed": {"SKU-0001": {0: "21.5"}, "SKU-0002": {0: "22.5"}},
        "info_after_ok": {"SKU-0001": {0: "12.34"}, "SKU-0002": {0: "12"}},
        "info_after_trailing_space": {"SKU-0001": {0: "34.44"}},
        "info_all_unknown": {},
        "info_back_to_global_scope": {"SKU-0901": {0: "90.9", 1: "91.91"}, "SKU-0902": {0: "1.1", 1: "2.2"}},
        "info_huge": {"SKU-0001": {0: "100000000000000"}},
        "info_lowercase_sku": {"sku-0103": {0: "88.5"}},
        "info_many_decimals": {"SKU-0001": {0: "1.234568"}},
        "info_store_1_global": {"SKU-0004": {0: "44.44"}},
        "info_unknown_sku": {"SKU-0001": {0: "21.5"}},
        "info_website_scope_both": {"SKU-0902": {0: "1.1", 1: "2.2"}},
        "info_website_scope_store_0": {"SKU-0901": {0: "90.9", 1: "91.91"}},
        "info_website_scope_store_1": {"SKU-0901": {0: "23.99", 1: "91.91"}},
    },
    "prices2": {
        "type_info_after_BUN-FIX": {"BUN-FIX": {0: "33.33"}},
        "type_info_after_BUN-SEP": {},
        "type_info_after_BUN-TOG": {},
        "type_info_after_CONF-S": {"CONF-S": {0: "33.33"}},
        "type_info_after_CONF": {},
        "type_info_after_DOWN": {"DOWN": {0: "33.33"}},
        "type_info_after_GRP": {},
        "type_info_after_VIRT": {"VIRT": {0: "33.33"}},
        "type_info_before_BUN-FIX": {"BUN-FIX": {0: "40"}},
        "type_info_before_BUN-SEP": {},
        "type_info_before_CONF-S": {"CONF-S": {0: "30"}},
        "type_info_before_CONF": {},
        "type_info_before_GRP": {},
        "type_info_before_OPT": {"OPT": {0: "10"}},
        "type_info_before_VIRT": {"VIRT": {0: "15"}},
        "ws_info_0": {"SKU-0050": {0: "100"}},
        "ws_info_2": {"SKU-0050": {0: "100", 2: "110", 3: "110"}},
        "ws_info_3": {"SKU-0050": {0: "100", 2: "120", 3: "120"}},
        "ws_info_4": {"SKU-0050": {0: "101", 1: "105", 2: "120", 3: "120"}},
        "ws_info_5": {"SKU-0052": {0: "87.99", 2: "130", 3: "130"}},
        "ws_info_6": {"SKU-0050": {0: "101", 1: "105", 2: "120", 3: "120"}},
        "ws_info_7": {"SKU-0050": {0: "101", 1: "105", 2: "111", 3: "111"}},
        "ws_info_8": {"SKU-0050": {0: "101", 1: "105", 2: "111", 3: "111"}},
        "ws_info_9": {"SKU-0050": {0: "101", 1: "98", 2: "111", 3: "111"}},
        "ws_info_back_to_global": {"SKU-0050": {0: "101", 1: "98", 2: "111", 3: "111"}},
    },
}

# GET /V1/inventory/source-items of one SKU: asked SKU, and source → (quantity, in stock).
SOURCE_ITEMS: dict[str, dict[str, tuple[str, dict[str, tuple[str, bool]]]]] = {
    "source-items": {
        "get_after_duplicate": ("SKU-0004", {"default": ("100", True), "east": ("9", True)}),
        "get_after_fraction": ("SKU-0003", {"default": ("100", True), "east": ("2.5", True)}),
        "get_after_huge": ("SKU-0005", {"default": ("100", True), "east": ("99999999.9999", True)}),
        "get_after_lowercase": ("SKU-0007", {"default": ("100", True), "east": ("77", True)}),
        "get_after_many_decimals": ("SKU-0003", {"default": ("100", True), "east": ("2.1235", True)}),
        "get_after_missing_quantity": ("SKU-0006", {"default": ("100", True)}),
        "get_after_missing_status": ("SKU-0005", {"default": ("100", True)}),
        "get_after_negative": ("SKU-0003", {"default": ("100", True), "east": ("-5", True)}),
        "get_after_ok": ("SKU-0001", {"default": ("100", True), "east": ("50", True)}),
        "get_after_source_uppercase": ("SKU-0007", {"default": ("100", True), "east": ("79", True)}),
        "get_after_trailing_space": ("SKU-0007", {"default": ("100", True), "east": ("77", True)}),
        "get_after_unknown_source_mixed": (
            "SKU-0001",
            {"default": ("100", True), "east": ("51", True), "west": ("20", True)},
        ),
        "get_unknown_sku_row": ("NOPE", {"east": ("5", True)}),
    },
    "stock-items": {
        "source_items_default_after_stockItems_put": ("SKU-0008", {"default": ("12", True), "east": ("100", True)}),
    },
    "stock-special": {
        "source_items_of_BUN-SEP": ("BUN-SEP", {}),
        "source_items_of_BUN-TOG": ("BUN-TOG", {}),
        "source_items_of_CONF": ("CONF", {}),
        "source_items_of_GRP": ("GRP", {}),
        "source_item_of_parent_BUN-SEP_read": ("BUN-SEP", {"east": ("5", True)}),
        "source_item_of_parent_CONF_read": ("CONF", {"east": ("5", True)}),
        "source_item_of_parent_GRP_read": ("GRP", {"east": ("5", True)}),
    },
}

# GET /V1/stockItems/SKU: quantity and in stock.
STOCK_ITEM_READS: dict[str, tuple[str, bool]] = {
    "get_after_qty_only": ("12", True),
    "get_after_wrong_id_8": ("34", True),
    "get_after_zero": ("0", False),
    "get_for_put": ("100", True),
    "get_ok": ("100", True),
    "get_sku_with_slash": ("100", True),
}

THEN_GOOD = {
    ("base-prices", "several_faults_rows"),
    ("source-items", "items_21_limit_20"),
    ("source-items", "items_25_limit_20"),
}

NOT_FOR_THIS_CLIENT: dict[str, dict[str, str]] = {
    "base-prices": {
        "limit20_async_25_in_one": "an async route, which this client does not call",
    },
    "auth": {
        "acl_forbidden_async": "an async route; the answer is that of acl_forbidden_base_prices",
    },
    "http": {
        "accept_gzip_br_18081": "the compressed bytes were not recorded; gzip is tested in tests/connector/http",
        "accept_gzip_small_18081": "the compressed bytes were not recorded; gzip is tested in tests/connector/http",
        "content_length_too_long": "no answer was recorded; a silent server is tested in tests/connector/http",
        "pipelined": "two answers in one recording; this client does not pipeline",
    },
    "source-items": {
        "delete_absent": "source items are never deleted",
        "delete_ok": "source items are never deleted",
        "delete_unknown_sku": "source items are never deleted",
        "is_salable": "salability is not asked",
        "salable_qty": "salability is not asked",
        "salable_qty_posted_order_sku": "salability is not asked",
        "list_by_source_page": "three rows of 501: test_reads has a paged source",
        "list_sku_in": "two SKUs: test_reads asks for both",
    },
    "stock-special": {
        "manage_stock_off": "a product is never changed",
        "min_qty_5": "a product is never changed",
        "source_disable_west": "a source is never changed",
        "source_enable_west": "a source is never changed",
        "source_get_west": "sources are read as a list",
        "backorders_stock_item": "test_reads looks at its backorders",
        "read_in_100": "test_reads reads as many",
        "read_in_700": "test_reads reads as many",
        "read_in_800": "test_reads reads as many",
    },
}

# Cases named by how they begin or end, for the same reason.
NOT_FOR_THIS_CLIENT_BY_PREFIX: dict[str, dict[str, str]] = {
    "async": {"": "async routes are not called: one request waits for its own outcome"},
    "prices2": {
        "sp_": "special prices are not sent",
        "tp": "tier prices are not sent",
        "type_special": "special prices are not sent",
        "type_tier": "tier prices are not sent",
        "ws_special": "special prices are not sent",
        "ws_tier": "tier prices are not sent",
        "ws_product_get": "a product's price is read by base-prices-information",
        "ws_put_product": "products are never changed",
        "ws_assign": "products are never changed",
    },
    "stock-special": {
        "export_": "salable quantities are not read",
        "is_salable_": "salability is not asked",
        "salable_qty_": "salability is not asked",
        "backorders_qty0_status": "salability is not asked",
        "backorders_qty_neg_": "salability is not asked",
        "nobackorders_": "salability is not asked",
        "disabled_source_": "salability is not asked, or a read like those of source-items",
        "decimal_with_flag_": "salability is not asked",
        "min_qty_": "salability is not asked",
        "manage_stock_off_": "salability is not asked, or a read like those of source-items",
        "no_reindex_": "salability is not asked",
        "qty5_status": "salability is not asked",
        "source_not_in_stock_": "salability is not asked",
        "backorders_read": "a read like those of source-items",
        "parent_beside_good_read": "a read like those of source-items",
        "source_items_of_": "a read like those of source-items",
    },
    "nonsimple-setup": {"": "making products; only what is said of source items concerns this client"},
    "paging": {"": "test_reads pages; these lists are of orders and products"},
}
