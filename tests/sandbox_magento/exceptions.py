"""The recorded cases that the sandbox does not answer as recorded, each with its reason (docs/reference/sandbox.md)."""

ATTRIBUTES = dict.fromkeys(
    [("nonsimple-setup", name) for name in ("attribute_get_color", "attribute_groups", "attribute_to_set")],
    "attribute sets are not kept: a product takes any custom attribute",
)
SCHEMA = {("generic", "schema"): "the schema of the services is not written"}
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
DOCUMENTS = {
    ("shipments", "post_shipment_entity"): "POST /V1/shipment is not served: shipments are made by order",
    ("orders", "search_updated_at"): "which rows come first without a sort order is the database's choice",
    **dict.fromkeys(
        [("erp-orders", f"graphql_customer_orders_{number}") for number in (1, 2, 3)],
        "GraphQL is not simulated",
    ),
    ("erp-orders", "customer_token"): "customers do not sign in",
    ("nonsimple-orders", "setup_conf_attr"): "attribute sets are not kept: a product takes any custom attribute",
    **dict.fromkeys(
        [("nonsimple-orders", f"{name}_shipping_information") for name in ("conf2", "conf_no_source")],
        "the labels of attributes' options are not kept: a cart's totals do not tell them",
    ),
}
EXCEPTIONS = {**DOCUMENTS, **ATTRIBUTES, **SCHEMA, **CONNECTION}


def of(area: str) -> set[str]:
    """The excepted cases of an area."""
    return {case for where, case in EXCEPTIONS if where == area}
