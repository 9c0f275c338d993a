"""The tables of sales as in Magento's database: names, types, lengths and defaults of their columns.

A row is a dict by column name; amounts, quantities and rates are exact decimals. Input from the API becomes a row
(`Table.data`), a written row is cut, rounded and completed as the database does it (`Table.stored`), and output leaves
out empty columns. Source: Magento's order interfaces; magento-observed.md, part two, 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.magento.typed import FLOAT, INT, TEXT, Data, Limits, Type

Row = dict[str, Any]
PLACES = Decimal("0.0001")
LIMIT = Decimal("9999999999999999.9999")
ZERO = Decimal(0)


def money(value: Any, limits: Limits) -> Decimal | None:
    """Return the type of amounts, quantities and rates."""
    number = FLOAT(value, limits)
    return None if number is None else Decimal(repr(number))


def rounded(value: Decimal) -> Decimal:
    """Return a value as a column with four decimals holds it: what is beyond its limit is clipped."""
    return max(-LIMIT, min(LIMIT, value)).quantize(PLACES, ROUND_HALF_UP)


def cents(value: Decimal) -> Decimal:
    """Return a value rounded as Magento rounds what it computes."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def json_value(value: Any) -> Any:
    """Return a column's value as JSON shows it: a decimal without fraction is a whole number."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


@dataclass(frozen=True)
class Table:
    """Columns by type; `texts` with their lengths (0: no limit), `defaults` what the database fills in."""

    interface: str
    texts: Mapping[str, int]
    whole: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def data(self, **more: Type) -> Data:
        """Return the type of the interface, with these fields that are no columns."""
        columns: dict[str, Type] = dict.fromkeys(self.amounts, money)
        columns |= dict.fromkeys(self.texts, TEXT) | dict.fromkeys(self.whole, INT)
        return Data(self.interface, {**columns, **more})

    def columns(self, given: Mapping[str, Any]) -> Row:
        """Return the columns among what was given."""
        known = (*self.amounts, *self.whole, *self.texts)
        return {name: given[name] for name in known if name in given}

    def stored(self, row: Mapping[str, Any]) -> Row:
        """Return a new row as the database keeps it."""
        return {**self.defaults, **self.cut({name: value for name, value in row.items() if value is not None})}

    def cut(self, row: Mapping[str, Any]) -> Row:
        """Values as the database keeps them: texts cut silently, decimals rounded."""
        kept = dict(row)
        for name, value in row.items():
            if isinstance(value, Decimal):
                kept[name] = rounded(value)
            elif isinstance(value, str) and self.texts.get(name):
                kept[name] = value[: self.texts[name]]
        return kept

    def shown(self, row: Mapping[str, Any]) -> Row:
        """Return the columns as JSON, without those that hold nothing."""
        known = (*self.amounts, *self.whole, *self.texts)
        return {name: json_value(row[name]) for name in sorted(known) if row.get(name) is not None}


_SALES = "Magento\\Sales\\Api\\Data\\"
_TAX = "discount_tax_compensation_amount discount_tax_compensation_invoiced discount_tax_compensation_refunded"


def column(name: str) -> Callable[[Any], int | float | str | None]:
    """Return how a search reads a column of a document or of one of its rows."""

    def read(record: Any) -> int | float | str | None:
        value = (record if isinstance(record, dict) else record.row).get(name)
        return float(value) if isinstance(value, Decimal) else value

    return read


def columns_of(table: Table) -> dict[str, Callable[[Any], int | float | str | None]]:
    """Return what documents of a table can be searched by."""
    return {name: column(name) for name in (*table.texts, *table.whole, *table.amounts)}


def _names(*texts: str) -> tuple[str, ...]:
    return tuple(" ".join(texts).split())


def _with_base(*texts: str) -> tuple[str, ...]:
    return tuple(f"{base}{name}" for name in _names(*texts) for base in ("", "base_"))


SHIPPING_TOTAL = (
    *_with_base("shipping_amount shipping_canceled shipping_discount_amount shipping_incl_tax shipping_invoiced"),
    *_with_base("shipping_refunded shipping_tax_amount shipping_tax_refunded"),
    "shipping_discount_tax_compensation_amount",
    "base_shipping_discount_tax_compensation_amnt",
)
ORDER = Table(
    f"{_SALES}OrderInterface",
    texts={
        **dict.fromkeys(_names("created_at updated_at customer_note applied_rule_ids customer_dob"), 0),
        **dict.fromkeys(_names("base_currency_code global_currency_code order_currency_code store_currency_code"), 3),
        **dict.fromkeys(_names("customer_email customer_firstname customer_lastname customer_middlename"), 128),
        **dict.fromkeys(_names("customer_prefix customer_suffix customer_taxvat ext_customer_id ext_order_id"), 32),
        **dict.fromkeys(_names("hold_before_state hold_before_status state status"), 32),
        **dict.fromkeys(_names("relation_child_id relation_child_real_id relation_parent_id"), 32),
        **dict.fromkeys(_names("relation_parent_real_id"), 32),
        **dict.fromkeys(_names("coupon_code discount_description protect_code shipping_description store_name"), 255),
        **dict.fromkeys(_names("increment_id original_increment_id"), 50),
        "remote_ip": 45,
        "x_forwarded_for": 255,
    },
    whole=_names(
        "billing_address_id can_ship_partially can_ship_partially_item customer_gender customer_group_id customer_id",
        "customer_is_guest customer_note_notify edit_increment email_sent entity_id forced_shipment_with_invoice",
        "is_virtual payment_auth_expiration quote_address_id quote_id store_id total_item_count",
    ),
    amounts=(
        *_with_base("adjustment_negative adjustment_positive grand_total", _TAX),
        *_with_base("discount_amount discount_canceled discount_invoiced discount_refunded"),
        *_with_base("subtotal subtotal_canceled subtotal_incl_tax subtotal_invoiced subtotal_refunded"),
        *_with_base("tax_amount tax_canceled tax_invoiced tax_refunded"),
        *_with_base("total_canceled total_due total_invoiced total_offline_refunded total_online_refunded"),
        *_with_base("total_paid total_qty_ordered total_refunded"),
        *SHIPPING_TOTAL,
        *_names("base_total_invoiced_cost base_to_global_rate base_to_order_rate payment_authorization_amount"),
        *_names("store_to_base_rate store_to_order_rate weight"),
    ),
)
_ITEM_ZEROS = _with_base(
    "amount_refunded discount_amount discount_invoiced price row_invoiced row_total tax_amount tax_invoiced"
)
ITEM = Table(
    f"{_SALES}OrderItemInterface",
    texts={
        **dict.fromkeys(_names("additional_data applied_rule_ids created_at updated_at description"), 0),
        **dict.fromkeys(_names("ext_order_item_id name product_type sku"), 255),
        "weee_tax_applied": 0,
    },
    whole=_names(
        "event_id free_shipping gw_id is_qty_decimal is_virtual item_id locked_do_invoice locked_do_ship no_discount",
        "order_id parent_item_id product_id quote_item_id store_id",
    ),
    amounts=(
        *_ITEM_ZEROS,
        *_with_base("discount_refunded original_price price_incl_tax row_total_incl_tax", _TAX),
        *_with_base("tax_before_discount tax_refunded weee_tax_applied_amount weee_tax_disposition"),
        *_names("base_cost base_weee_tax_applied_row_amnt base_weee_tax_row_disposition discount_percent"),
        *_names("discount_tax_compensation_canceled qty_backordered qty_canceled qty_invoiced qty_ordered"),
        *_names("qty_refunded qty_returned qty_shipped row_weight tax_canceled tax_percent"),
        *_names("weee_tax_applied_row_amount weee_tax_row_disposition weight"),
    ),
    defaults={
        **dict.fromkeys(_ITEM_ZEROS, ZERO),
        **dict.fromkeys(_names("base_cost discount_percent qty_backordered qty_canceled qty_invoiced"), ZERO),
        **dict.fromkeys(_names("qty_ordered qty_refunded qty_shipped row_weight tax_percent weight"), ZERO),
        "free_shipping": 0,
        "no_discount": 0,
    },
)
ADDRESS = Table(
    f"{_SALES}OrderAddressInterface",
    texts={
        **dict.fromkeys(_names("address_type city company email fax firstname lastname middlename postcode"), 255),
        **dict.fromkeys(_names("prefix region suffix telephone"), 255),
        **dict.fromkeys(_names("region_code vat_id vat_request_date vat_request_id"), 0),
        "country_id": 2,
    },
    whole=_names("customer_address_id customer_id entity_id parent_id region_id vat_is_valid vat_request_success"),
)
PAYMENT = Table(
    f"{_SALES}OrderPaymentInterface",
    texts={
        **dict.fromkeys(_names("account_status additional_data address_status anet_trans_method cc_approval"), 0),
        **dict.fromkeys(_names("cc_avs_status cc_cid_status cc_debug_request_body cc_debug_response_body"), 0),
        **dict.fromkeys(_names("cc_debug_response_serialized cc_exp_month cc_exp_year cc_last4 cc_number_enc"), 0),
        **dict.fromkeys(_names("cc_owner cc_secure_verify cc_ss_issue cc_ss_start_month cc_ss_start_year"), 0),
        **dict.fromkeys(_names("cc_status cc_status_description cc_trans_id cc_type echeck_account_name"), 0),
        **dict.fromkeys(_names("echeck_account_type echeck_bank_name echeck_routing_number echeck_type"), 0),
        **dict.fromkeys(_names("last_trans_id po_number protection_eligibility"), 0),
        "method": 128,
    },
    whole=_names("entity_id parent_id quote_payment_id"),
    amounts=(
        *_with_base("amount_authorized amount_canceled amount_ordered amount_paid amount_refunded shipping_amount"),
        *_with_base("shipping_captured shipping_refunded"),
        *_names("base_amount_paid_online base_amount_refunded_online"),
    ),
)
HISTORY = Table(
    f"{_SALES}OrderStatusHistoryInterface",
    texts={"comment": 0, "created_at": 0, "entity_name": 32, "status": 32},
    whole=_names("entity_id is_customer_notified is_visible_on_front parent_id"),
    defaults={"is_visible_on_front": 0},
)
SHIPMENT = Table(
    f"{_SALES}ShipmentInterface",
    texts={"created_at": 0, "updated_at": 0, "increment_id": 50, "shipping_label": 0},
    whole=_names(
        "billing_address_id customer_id email_sent entity_id order_id shipment_status shipping_address_id store_id"
    ),
    amounts=_names("total_qty total_weight"),
)
SHIPMENT_ITEM = Table(
    f"{_SALES}ShipmentItemInterface",
    texts=dict.fromkeys(_names("additional_data description name sku"), 255),
    whole=_names("entity_id parent_id product_id order_item_id"),
    amounts=_names("price row_total weight qty"),
)
TRACK = Table(
    f"{_SALES}ShipmentTrackInterface",
    texts={
        **dict.fromkeys(_names("created_at updated_at description track_number"), 0),
        "title": 255,
        "carrier_code": 32,
    },
    whole=_names("order_id entity_id parent_id"),
    amounts=_names("weight qty"),
)
INVOICE = Table(
    f"{_SALES}InvoiceInterface",
    texts={
        **dict.fromkeys(_names("created_at updated_at"), 0),
        **dict.fromkeys(_names("base_currency_code global_currency_code order_currency_code store_currency_code"), 3),
        **dict.fromkeys(_names("discount_description transaction_id"), 255),
        "increment_id": 50,
    },
    whole=_names(
        "billing_address_id can_void_flag email_sent entity_id is_used_for_refund order_id shipping_address_id state",
        "store_id",
    ),
    amounts=(
        *_with_base("discount_amount grand_total discount_tax_compensation_amount shipping_amount shipping_incl_tax"),
        *_with_base("shipping_tax_amount subtotal subtotal_incl_tax tax_amount"),
        *_names("base_total_refunded base_to_global_rate base_to_order_rate store_to_base_rate store_to_order_rate"),
        *_names("shipping_discount_tax_compensation_amount base_shipping_discount_tax_compensation_amnt total_qty"),
    ),
)
INVOICE_ITEM = Table(
    f"{_SALES}InvoiceItemInterface",
    texts=dict.fromkeys(_names("additional_data description name sku"), 255),
    whole=_names("entity_id parent_id product_id order_item_id"),
    amounts=(
        *_with_base("discount_amount discount_tax_compensation_amount price price_incl_tax row_total"),
        *_with_base("row_total_incl_tax tax_amount"),
        *_names("base_cost qty"),
    ),
)
CREDITMEMO = Table(
    f"{_SALES}CreditmemoInterface",
    texts={
        **dict.fromkeys(_names("created_at updated_at"), 0),
        **dict.fromkeys(_names("base_currency_code global_currency_code order_currency_code store_currency_code"), 3),
        **dict.fromkeys(_names("discount_description transaction_id"), 255),
        "increment_id": 50,
    },
    whole=_names(
        "billing_address_id creditmemo_status email_sent entity_id invoice_id order_id shipping_address_id state",
        "store_id",
    ),
    amounts=(
        *_with_base("adjustment adjustment_negative adjustment_positive discount_amount grand_total"),
        *_with_base("discount_tax_compensation_amount shipping_amount shipping_incl_tax shipping_tax_amount"),
        *_with_base("subtotal subtotal_incl_tax tax_amount"),
        *_names("base_to_global_rate base_to_order_rate store_to_base_rate store_to_order_rate"),
        *_names("shipping_discount_tax_compensation_amount base_shipping_discount_tax_compensation_amnt"),
    ),
)
CREDITMEMO_ITEM = Table(
    f"{_SALES}CreditmemoItemInterface", INVOICE_ITEM.texts, INVOICE_ITEM.whole, INVOICE_ITEM.amounts
)
