"""Shipment Sync Trigger: when a shipment is sent, and what its carriers are in Magento."""

from __future__ import annotations

from typing import Literal

from settings.checks import Instant, Names
from settings.declare import setting
from settings.section import Section

PLACEHOLDERS = (
    *("TBD", "TBA", "TBC", "N/A", "none", "null", "nil", "no", "no tracking", "no tracking number", "not available"),
    *("unknown", "pending", "later", "test", "pickup", "customer pickup", "will call", "hand delivered", "own truck"),
)
"""Compared without letter case, blanks and punctuation."""


class ShipVia(Section):
    """What a ShipVia code of Acumatica is in Magento."""

    carrier_code: str = setting(..., "Magento's carrier code, such as ups.", min_length=1)
    title: str = setting(..., "The carrier's name as customers see it.", min_length=1)


class Shipment(Section, title="Shipment Sync Trigger"):
    """Which shipments are sent to Magento, and how."""

    trigger: Literal["shipment_confirmation", "invoice_release"] = setting(
        "shipment_confirmation",
        "What makes a shipment ready to be sent.",
        choices={
            "shipment_confirmation": "On Shipment Confirmation",
            "invoice_release": "On Invoice Release",
        },
    )
    from_: Instant | None = setting(
        None,
        "Shipments before this instant are never sent. Empty: it is the time at which shipments were first made "
        "active.",
        label="Shipments from",
        alias="from",
    )
    notify: bool = setting(
        False, "Let Magento send the customer an e-mail about the shipment.", label="Notify the customer"
    )
    ship_vias: dict[str, ShipVia] = setting(
        {},
        "Magento's carrier code and title for each ShipVia code.",
        label="ShipVia to Magento carrier",
        columns=("ShipVia",),
    )
    foreign_lines: Literal["name", "fail"] = setting(
        "name",
        "What happens to a shipment with a line that the Magento order does not have (a sample, a gift, a substitute): "
        "the other lines ship and the run lists this one, or the whole shipment fails.",
        label="Lines unknown to Magento",
        choices={"name": "The others ship", "fail": "The shipment fails"},
    )
    other_orders: Literal["fail", "leave_out"] = setting(
        "fail",
        "What happens to a shipment of an order that did not come from the shop and that A to M Order Sync does not "
        "send, such as an order by telephone: its message fails, or it is left out and only counted in the run.",
        label="Shipments of other orders",
        choices={"fail": "Fail", "leave_out": "Are left out"},
    )
    placeholders: Names = setting(
        PLACEHOLDERS,
        "What people enter where there is no tracking number. A shipment that somebody else made in Magento is not "
        "recognised by such an entry. Letter case, blanks and punctuation do not matter.",
        label="Entries that are no tracking number",
    )
