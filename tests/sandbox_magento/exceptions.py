"""The recorded cases that the sandbox does not answer as recorded, each with its reason (docs/reference/sandbox.md)."""

ATTRIBUTES = dict.fromkeys(
    [("nonsimple-setup", name) for name in ("attribute_get_color", "attribute_groups", "attribute_to_set")],
    "attribute sets are not kept: a product takes any custom attribute",
)
SCHEMA = {("generic", "schema"): "the schema of the services is not written"}
ELSEWHERE = {
    ("async", "bulk_ship"): "shipments",
    ("async", "bulk_ship__status_before"): "shipments",
    ("async", "bulk_ship__status_after"): "shipments",
    ("async", "bulk_ship__detailed_status_before"): "shipments",
    ("async", "bulk_ship__detailed_status_after"): "shipments",
    **{
        ("paging", f"orders_3_{name}"): "orders"
        for name in ("nosort_page_1", "nosort_page_3", "page_1", "page_5", "page_6", "page_7")
    },
}
"""Cases of areas that modules of their own answer; the rule they show is also tested here on another route."""

CONNECTION = dict.fromkeys(
    [
        ("http", name)
        for name in (
            "accept_gzip_br_18081",
            "accept_gzip_small_18081",
            "content_length_too_long",
            "keepalive_timeout_3s",
            "keepalive_timeout_default",
            "pipelined",
            "body_too_large_413_expect",
            "space_in_url",
            "http10",
            "http10_keepalive",
            "h2c_upgrade",
            "connection_close",
            "chunked_request",
        )
    ],
    "the connection is uvicorn's, and compression a setting of the web server",
)
EXCEPTIONS = {**ATTRIBUTES, **SCHEMA, **ELSEWHERE, **CONNECTION}


def of(area: str) -> set[str]:
    """The excepted cases of an area."""
    return {case for where, case in EXCEPTIONS if where == area}
