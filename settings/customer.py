"""A to M Customer Sync: which customers are sent to Magento, and how."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from settings.checks import Names
from settings.declare import setting
from settings.keys import refuse_misnamed
from settings.section import Section


class Customer(Section, title="A to M Customer Sync"):
    """Which customers are sent to Magento, and how."""

    classes: Names = setting(
        (), "The customer classes that are sent to Magento. Empty: no customer is sent.", label="Customer Classes"
    )
    groups: dict[str, str] = setting(
        {},
        "The name of the Magento customer group for each customer class. A chosen class without one fails.",
        label="Customer class to Magento group",
        columns=("Customer class", "Magento customer group"),
    )
    attributes: dict[str, str] = setting(
        {},
        "The code of the Magento customer attribute for each Acumatica attribute. They are sent if Customer Attribute "
        "Sync is on.",
        label="Acumatica attribute to Magento attribute",
        columns=("Acumatica attribute", "Magento attribute"),
    )
    create: bool = setting(True, "Create customers that Magento does not have. If off, they are left out.")
    create_limit: int = setting(
        100,
        "If one sync would create more customers than this, it stops and asks, because Magento sends each an e-mail.",
        unit="customers",
        ge=0,
    )
    telephone: str = setting("", "The telephone number of customers who have none. Empty: those customers fail.")
    without_email: Literal["fail", "leave_out"] = setting(
        "fail",
        "What happens to a customer without an e-mail address: its message fails, or it is left out and only counted "
        "in the run.",
        label="Customers without an e-mail",
        choices={"fail": "Fail", "leave_out": "Are left out"},
    )
    accounts: Literal["per_website", "global"] = setting(
        "per_website",
        "The same as Share Customer Accounts in Magento (Stores, Configuration, Customers). Per Website: an account of "
        "another website belongs to somebody else. Global: it is the customer's own account, is linked, and keeps its "
        "website.",
        label="Share Customer Accounts",
        choices={"per_website": "Per Website", "global": "Global"},
    )

    @model_validator(mode="after")
    def _map_names_classes(self) -> Self:
        refuse_misnamed("groups", "chosen customer class", self.groups, self.classes, any_case=True)
        return self
