"""Additional Settings."""

from __future__ import annotations

from settings.declare import setting
from settings.section import Section


class Additional(Section, title="Additional Settings"):
    """Options that only some shops need."""

    customer_attributes: bool = setting(
        False, "Send the attributes of customers. Adobe Commerce only.", label="Customer Attribute Sync"
    )
