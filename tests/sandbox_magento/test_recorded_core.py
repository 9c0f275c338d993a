"""Access, routes, bodies, pages, HTTP and outages are answered as by the recorded shop."""

import re
from collections.abc import Callable
from typing import Any

import httpx
from oauthlib import oauth1
from sandbox_magento import exceptions
from sandbox_magento.replay import Replay, comparable
from sandbox_magento.shop import ADDRESS, Shop

from sandbox.magento.oauth import Consumer

Recordings = Callable[[str], dict[str, dict[str, Any]]]
CONFIGS = "/rest/V1/store/storeConfigs"


async def test_access(recorded_shop: Shop, recordings: Recordings) -> None:
    """Tokens, resources, store codes and paths."""
    shop = recorded_shop
    replay = Replay(shop, recordings("auth"))
    await replay.play("bearer_ok_storeConfigs", "bearer_ok_websites", "accept_html", "accept_xml", "trailing_slash")
    await replay.play("default_store_code_in_path", "http_to_index_php_prefix", "bad_store_code_in_path")
    await replay.play("no_token", token=None)
    await replay.play("bad_token_short", token="abc")
    await replay.play("basic_auth", Authorization="Basic YTpi")
    await replay.play("token_padded_quotes", token='"sandbox-magento-token"')
    await replay.play("admin_token_bad_credentials")
    sales = "salestoken"
    await shop.change({"token": {"token": sales, "resources": ["Magento_Sales::actions_view"]}})
    for name in ("async", "base_prices", "bulk_status", "storeConfigs"):
        await replay.play(f"acl_forbidden_{name}", token=sales)
    await replay.play("acl_allowed_orders", "integration_inactive", token=sales)
    await replay.play("bad_token_on_anonymous_route", token="abc")
    await shop.change({"token": {"token": sales, "revoked": True}})
    await replay.play("token_revoked", token=sales)
    await shop.setting(bearer=False)
    for name in ("oauth1_query_brackets_encoded", "oauth1_query_brackets_unencoded"):
        url = f"{ADDRESS}{replay.cases[name]['request']['path']}"
        await replay.play(name, Authorization=signed(url.replace("[", "%5B").replace("]", "%5D")))
    for name, header in oauth_headers().items():
        await replay.play(name, Authorization=header)
        if name == "oauth1_hmac_sha256_ok":
            await replay.play("oauth1_nonce_reused", Authorization=header)
    replay.done()


def signed(url: str, *, method: str = oauth1.SIGNATURE_HMAC_SHA256, http_method: str = "GET", **changed: Any) -> str:
    """An OAuth header for a request, with the sandbox's credentials."""
    keys = Consumer()
    given = {"resource_owner_key": keys.token, "resource_owner_secret": keys.token_secret, **changed}
    given.setdefault("timestamp", "1795000000")
    client = oauth1.Client(keys.key, client_secret=keys.secret, signature_method=method, **given)
    return str(client.sign(url, http_method=http_method)[1]["Authorization"])


def oauth_headers() -> dict[str, str]:
    """The headers of the recorded OAuth cases."""
    url = f"{ADDRESS}{CONFIGS}"
    return {
        "oauth1_hmac_sha256_ok": signed(url),
        "oauth1_bad_signature": signed(url, resource_owner_secret="wrong"),
        "oauth1_bad_token": signed(url, resource_owner_key="x" * 32),
        "oauth1_hmac_sha1": signed(url, method=oauth1.SIGNATURE_HMAC_SHA1),
        "oauth1_old_timestamp": signed(url, timestamp="1700000000"),
    }


async def test_tokens_that_do_not_count(shop: Shop) -> None:
    """A revoked token, a bearer where those are off, and a bad token on an open route."""
    refused = {"resources": "Magento_Backend::store"}
    await shop.change({"token": {"revoked": True}})
    assert (await shop.send("GET", CONFIGS)).json()["parameters"] == refused
    await shop.change({"token": {"revoked": False}})
    assert (await shop.send("GET", CONFIGS)).status_code == 200
    sign_in = {"username": "admin", "password": "sandbox"}
    token = (await shop.send("POST", "/rest/V1/integration/admin/token", sign_in, token="bad")).json()
    await shop.setting(bearer=False)
    assert (await shop.send("GET", CONFIGS)).json()["parameters"] == refused
    assert (await shop.send("GET", CONFIGS, token=token)).status_code == 200
    shop.clock.advance(4 * 3600)
    assert (await shop.send("GET", CONFIGS, token=token)).status_code == 401


async def test_oauth_signs_the_query(shop: Shop) -> None:
    """A signed query passes raw or encoded, a space as %20; as a plus it is refused."""
    query = "searchCriteria%5BfilterGroups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=sku"
    value = "searchCriteria%5BfilterGroups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=Screw%20M4%20x%2020"
    url = f"/rest/V1/products?searchCriteria%5BpageSize%5D=1&{query}&{value}"
    answer = await shop.send("GET", url, token=None, Authorization=signed(f"{ADDRESS}{url}"))
    assert [item["sku"] for item in answer.json()["items"]] == ["Screw M4 x 20"]
    header = signed(f"{ADDRESS}{url}")
    answer = await shop.send("GET", url.replace("%20", "+"), token=None, Authorization=header)
    assert (answer.status_code, answer.json()) == (401, {"message": "The signature is invalid. Verify and try again."})


async def test_oauth_faults_beyond_the_recorded(shop: Shop) -> None:
    """Unknown consumers, revoked tokens, moments in the future and missing parameters."""
    url = f"{ADDRESS}{CONFIGS}"
    future = str(int(shop.clock().timestamp()) + 601)

    async def message(header: str) -> tuple[int, str]:
        answer = await shop.send("GET", CONFIGS, token=None, Authorization=header)
        return answer.status_code, answer.json()["message"]

    assert await message(signed(url, timestamp=future)) == (
        400,
        "Incorrect timestamp value in the oauth_timestamp parameter",
    )
    foreign = signed(url).replace(Consumer().key, "y" * 32)
    assert await message(foreign) == (401, "A consumer having the specified key does not exist")
    assert (await message('OAuth realm="x"'))[1] == "One or more input exceptions have occurred."
    await shop.change({"token": {"token": Consumer().token, "revoked": True}})
    assert await message(signed(url)) == (401, "Access token has been revoked")


async def test_generic(recorded_shop: Shop, recordings: Recordings) -> None:
    """Routes, content types, bodies, fields and long questions."""
    shop = recorded_shop
    await shop.prices(("SKU-0001", 10))
    cases = recordings("generic")
    # quantities at the time of the recording
    seven = cases["url_7k"]["response"]["body"]["items"]
    await shop.stock(*((row["sku"], row["source_code"], row["quantity"], row["status"]) for row in seven))
    replay = Replay(shop, cases)
    await replay.play("accept_json_quality", "content_type_charset_latin1", "content_type_text", "no_content_type")
    await replay.play("fields_filter", "fields_filter_unknown", "malformed_json", "malformed_json_empty_string")
    await replay.play("json_null", "json_scalar", "no_version", "rest_root", "wrong_version", "wrong_method")
    await replay.play("wrong_method_delete", "unknown_route_get", "unknown_route_post")
    await replay.play("unknown_route_no_token", token=None)
    await replay.play("json_string", raw=b'"x"')
    await replay.play("json_with_bom", raw=b'\xef\xbb\xbf{"prices":[]}')
    latin = {"raw": b'{"prices":[{"sku":"\xff\xfe","price":1,"store_id":0}]}', "Content_Type": "application/json"}
    await replay.play("json_invalid_utf8", token="sandbox-magento-token", **latin)
    await replay.play("search_page_size_negative", "sync_equal_repeat_idempotent", "url_too_long_like_8k")
    await replay.play("url_7k", unordered=True)
    await replay.play("order_id_text", "order_id_zero", "orders_empty_search_criteria", "orders_no_search_criteria")
    await replay.play("search_page_size_text", "search_sql_quote", "search_unknown_field", "search_unknown_param")
    replay.done(without=exceptions.of("generic"))


async def test_search_faults_on_other_lists(shop: Shop) -> None:
    """What is recorded of orders holds for every list: unknown fields and parameters, wrong types, empty criteria."""
    source = "/rest/V1/inventory/source-items"
    unknown = f"{source}?searchCriteria[filterGroups][0][filters][0][field]=sku'&x=1"
    answer = await shop.send("GET", unknown)
    assert (answer.status_code, answer.json()["message"][:15]) == (500, "Internal Error.")
    answer = await shop.send("GET", f"{source}?searchCriteria[foo]=1")
    assert answer.json()["parameters"] == {"fieldName": "Foo"}
    answer = await shop.send("GET", f"{source}?searchCriteria[pageSize]=abc")
    assert answer.json()["message"].startswith('Error occurred during "pageSize" processing. The "abc" value')
    answer = await shop.send("GET", source)
    assert answer.json() == {
        "message": '"%fieldName" is required. Enter and try again.',
        "parameters": {"fieldName": "searchCriteria"},
    }
    answer = await shop.send("GET", f"{source}?searchCriteria=")
    assert answer.json() == {"items": [], "search_criteria": {"filter_groups": []}, "total_count": 0}


async def test_paging(recorded_shop: Shop, recordings: Recordings) -> None:
    """Pages past the end, sizes, and the shop's own limits of them."""
    shop = recorded_shop
    cases = recordings("paging")
    replay = Replay(shop, cases)
    every = cases["no_page_size_limits_on_no_value"]["response"]["body"]["items"]
    pages = ("products_400_page_1", "products_400_page_2", "products_page_zero", "products_page_minus1")
    await replay.play("products_400_page_4", "products_400_page_5")
    await _orders(shop)
    await replay.play("orders_3_nosort_page_1", "orders_3_nosort_page_3", "orders_3_page_1", "orders_3_page_5")
    await replay.play("orders_3_page_6", "orders_3_page_7")
    for name in pages:  # the real products had not come in the order of their SKUs
        await _same_page(replay, name)
    await shop.stock(*((f"SKU-{number:04d}", "east", 100, 1) for number in range(1, 501)))
    await shop.stock(("NOPE", "east", 1, 1), ("OTHER", "east", 1, 1))
    await replay.play("source_items_900_page_3", "source_items_900_page_50")
    await _same_page(replay, "source_items_900_page_2")
    await shop.setting(input_limits=True)
    await replay.play("page_size_301_limits_on_no_value")
    await _same_page(replay, "page_size_missing_with_limits")
    await shop.change(*({"remove_source_item": {"sku": sku, "source_code": "east"}} for sku in ("NOPE", "OTHER")))
    await shop.stock(*((f"ROW-{number}", "east", 1, 1) for number in range(len(every) - 1501)))
    await _same_page(replay, "no_page_size_limits_on_no_value")
    await shop.setting(default_page_size=20)
    await _same_page(replay, "default_page_size_20")
    replay.done()


async def _orders(shop: Shop) -> None:
    """Fifteen orders by the API; the recorded shop has 14 of them, as one was given up when it was placed."""
    for number in range(1, 16):
        item = {"sku": "SKU-0001", "name": "Product 1", "qty_ordered": 1, "price": 1, "base_price": 1}
        order = {"customer_email": "a@example.com", "payment": {"method": "checkmo"}, "items": [item]}
        if number == 14:
            order["customer_id"] = 99  # unknown: refused, and the id is gone
        await shop.send("POST", "/rest/V1/orders", {"entity": order})


async def _same_page(replay: Replay, name: str) -> None:
    """Replay a page whose records came in an order of the real shop's own: criteria, totals and sizes must agree."""
    case = replay.cases[name]
    answer = (await replay.shop.send("GET", case["request"]["path"])).json()
    theirs = case["response"]["body"]
    assert {**answer, "items": len(answer["items"])} == {**theirs, "items": len(theirs["items"])}, name
    assert answer["items"][0].keys() == theirs["items"][0].keys()
    replay.played.add(name)


async def test_outages(recorded_shop: Shop, recordings: Recordings) -> None:
    """Maintenance, a database that is down, PHP that is down."""
    shop = recorded_shop
    replay = Replay(shop, recordings("outage"))
    for outage, case in (
        ("maintenance", "maintenance_mode_get"),
        ("php", "php_down_get"),
        ("database", "db_down_orders"),
    ):
        await shop.setting(outage=outage)
        answer = await replay.play(case)
        theirs = replay.cases[case]["response"]["body"]
        assert re.findall("<title>.*</title>|<h1>.*</h1>", answer.text) == re.findall(
            "<title>.*</title>|<h1>.*</h1>", theirs
        )
    replay.done()
    await shop.setting(outage="none")
    assert (await shop.send("GET", CONFIGS)).status_code == 200


async def test_http(recorded_shop: Shop, recordings: Recordings) -> None:
    """Methods, headers and sizes; the recorded questions about orders are asked about sources."""
    cases = recordings("http")
    played = set()
    for name, case in cases.items():
        if name in exceptions.of("http"):
            continue
        raw, response = case["request"]["raw"], case["response"]
        own = await _raw(recorded_shop, name, raw)
        assert own.status_code == int(response["status_line"].split()[1]), name
        theirs = {line.partition(": ")[0].lower() for line in response["headers"]}
        per_hop = {"server", "date", "transfer-encoding", "x-powered-by", "content-length", "vary"}
        hop = {"connection"} if "connection: keep-alive" in [line.lower() for line in response["headers"]] else set()
        assert own.headers.keys() - per_hop == theirs - per_hop - hop, name
        kind = next(line.partition(": ")[2] for line in response["headers"] if line.startswith("Content-Type"))
        assert own.headers["content-type"] == kind, name
        if own.status_code >= 400:
            _same_text(own, response["body"], name)
        played.add(name)
    assert set(cases) - played == exceptions.of("http")


async def _raw(shop: Shop, name: str, raw: str) -> httpx.Response:
    """Send a raw recorded request, as far as an application sees it."""
    head, _blank, body = raw.partition("\r\n\r\n")
    line, *rows = head.split("\r\n")
    method, path, _version = line.split(" ")
    path = path.replace("/rest/V1/orders", "/rest/V1/inventory/sources").replace("entity_id", "source_code")
    headers = dict(row.split(": ", 1) for row in rows)
    headers["Authorization"] = f"Bearer {'wrong' if name == 'get_401_headers' else 'sandbox-magento-token'}"
    content = body.encode("latin-1")
    if name == "body_too_large_413":
        content = b" " * int(headers["Content-Length"])
    headers.pop("Content-Length", None)
    request = shop.client.build_request(method, path, content=content or None, headers=headers)
    if name == "no_host":
        del request.headers["Host"]
    if name == "big_header":
        request.headers["X-Big"] = "x" * 20_000
    request.headers.pop("Accept-Encoding", None)
    return await shop.client.send(request)


def _same_text(own: httpx.Response, theirs: str, name: str) -> None:
    """An error's text as recorded; chunked bodies carry their length in front."""
    if own.headers["content-type"].startswith("text/html"):
        assert own.text == theirs, name
    elif own.text and name != "get_401_headers":
        assert own.text in theirs, name


async def test_async_and_bulk(recorded_shop: Shop, recordings: Recordings) -> None:
    """Calls are queued, stay open without a consumer, and end with the recorded results."""
    shop = recorded_shop
    await shop.setting(consumer=False)
    replay = Replay(shop, recordings("async"))
    first = recordings("base-prices")["limit20_async_25_in_one"]
    limited = Replay(shop, {"limit20_async_25_in_one": first})
    bodies = [{"prices": [{"sku": f"SKU-{n:04d}", "price": 9, "store_id": 0}]} for n in range(1, 45)]
    queued = await shop.send("POST", "/rest/async/bulk/V1/products/base-prices", bodies)
    assert queued.status_code == 202
    await limited.play("limit20_async_25_in_one")
    replay._numbers |= limited._numbers
    await _listed(replay)
    await replay.play("bulk_get", "bulk_prices_field_faults", "bulk_prices_malformed", "bulk_prices_not_a_list")
    await replay.play("bulk_prices_unknown_field", "bulk_put_stock_items_path_values", "bulk_unknown_route")
    await replay.play("no_token", token=None)
    calls = ("bulk_prices_mixed", "single_prices", "single_source_items", "bulk_put_stock_items")
    calls += ("bulk_source_items_500_rows_one_op", "bulk_ship")
    await _orders(shop)
    await shop.stock(("SKU-0001", "east", 10, 1))
    shipped = replay.cases["bulk_ship__detailed_status_after"]["response"]["body"]
    shipped["operations_list"][0]["result_serialized_data"] = '"1"'  # the 23rd shipment there, the first one here
    await replay.play(*calls)
    for name in calls:
        await replay.play(f"{name}__status_before", f"{name}__detailed_status_before")
    statuses = ("0", "1", "2", "4")
    await replay.play(*(f"operation_status_{status}_before" for status in statuses))
    await shop.setting(consumer=True)
    stock_id = (await shop.get("stockItems/SKU-0051"))["item_id"]
    recorded = replay.cases["bulk_put_stock_items__detailed_status_after"]["response"]["body"]
    recorded["operations_list"][0]["result_serialized_data"] = str(stock_id)
    for name in calls:
        await replay.play(f"{name}__status_after", f"{name}__detailed_status_after")
    await replay.play(*(f"operation_status_{status}_after" for status in (*statuses, "3", "5")))
    await replay.play("limit20_async_25_in_one__status_after")
    await shop.setting(array_limit=20)
    await replay.play("limit20_25_in_one_consumed_under_limit")
    await replay.play("limit20_25_in_one_consumed_under_limit__detailed_status")
    await replay.play("operation_status_unknown_uuid", "status_bad_uuid", "status_unknown_uuid")
    replay.done()
    current = await shop.post("products/base-prices-information", {"skus": ["SKU-0041", "SKU-0043", "SKU-0050"]})
    assert [row["price"] for row in current] == [41.5, 43, 50.5]
    assert (await shop.state())["stock_items"]["SKU-0051"] == {"quantity": "251", "is_in_stock": True}


async def _listed(replay: Replay) -> None:
    """The list of operations, of which there were 45."""
    answer = await replay.shop.send("GET", replay.cases["bulk_list"]["request"]["path"])
    assert comparable(answer.json()) == comparable(replay.cases["bulk_list"]["response"]["body"])
    replay.played.add("bulk_list")


async def test_an_empty_bulk_is_a_bulk_without_operations(shop: Shop) -> None:
    """An empty list and no body are accepted."""
    for body in ([], None):
        answer = await shop.send("POST", "/rest/async/bulk/V1/products/base-prices", body)
        assert (answer.status_code, answer.json()["request_items"]) == (202, [])
