"""Check that an account in Magento is still the one that a customer is linked to.

In another shop, or in one that was restored from a backup, the id may belong to somebody else, whose account would be
overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from connector.magento import customers as magento
from connector.magento.client import MagentoClient
from connector.magento.customers import CustomerData
from connector.model.comparison import comparison_key
from connector.model.failures import FailureCode, Rejected
from connector.state.sync.links import Link
from entities.base import RunContext
from entities.customer.types import Account
from entities.documents.same_shop import refuse_another_shop


async def refuse_customers_of_another_shop(context: RunContext[Any]) -> None:
    """Raise `ConfigurationConflict` if none of the newest linked customers is ours in Magento."""
    await refuse_another_shop(context, "customer", _customers, _is_ours)


async def _customers(client: MagentoClient, ids: Sequence[str]) -> Mapping[str, CustomerData]:
    return {str(one["id"]): one for one in await magento.customers_of(client, ids)}


def _is_ours(current: CustomerData, link: Link) -> bool:
    return link.document is not None and is_same(current, [msgspec.json.decode(link.document, type=Account)])


def is_same(current: CustomerData, accounts: Sequence[Account]) -> bool:
    """Return whether Magento's customer has the e-mail or the name of one of these accounts. Either may have been
    changed.
    """
    names = {(comparison_key(account.firstname), comparison_key(account.lastname)) for account in accounts}
    name = comparison_key(str(current.get("firstname", ""))), comparison_key(str(current.get("lastname", "")))
    email = comparison_key(str(current.get("email", "")))
    return email in {comparison_key(account.email) for account in accounts} or name in names


def refuse_somebody_else(key: str, current: CustomerData, accounts: Sequence[Account]) -> None:
    """Raise `Rejected` if the linked account has become somebody else's."""
    if not is_same(current, accounts):
        who = f"{current.get('firstname')} {current.get('lastname')}, {current.get('email')}"
        raise Rejected(
            FailureCode.GONE_FROM_MAGENTO,
            f"customer {key} was Magento's customer {current['id']}, who is somebody else by now ({who}). Nothing was "
            f"changed there. If it is {key} after all: a2m link customer {key} {current['id']}. Else link the right "
            f"one: a2m link customer {key} ID",
        )
