"""Test Connection for customers: whether the classes and attributes exist in Acumatica, the groups and attributes in
Magento.

Input: both systems and the names in the settings. Output: the checks to run; none if nothing is named. Nothing is
written in either system.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from connector.acumatica import customers as acumatica
from connector.acumatica.session import AcumaticaSession
from connector.magento import customers as magento
from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key, same_code
from entities.checks import Check, PlannedCheck, modules_of
from entities.customer.rules import NOT_LOGGED_IN
from entities.customer.types import CustomerRule

ATTRIBUTE_SYNC = "Customer Attribute Sync"


def customers_in_acumatica(session: AcumaticaSession, rule: CustomerRule) -> list[PlannedCheck]:
    """Return the checks of the customer classes that are chosen or mapped, and of the mapped attributes."""
    planned = (
        [PlannedCheck("Customer classes", partial(_classes, session, rule))] if rule.classes or rule.groups else []
    )
    if rule.classes and rule.attributes:
        planned.append(PlannedCheck("Customer attributes in Acumatica", partial(_attributes, session, rule)))
    return planned


def customers_in_magento(client: MagentoClient, rule: CustomerRule) -> list[PlannedCheck]:
    """Return the checks of the customer groups that classes are mapped to, and of the customer attributes."""
    planned = [PlannedCheck("Customer groups", partial(_groups, client, rule))] if rule.classes or rule.groups else []
    if rule.attributes is not None:
        planned.append(PlannedCheck(ATTRIBUTE_SYNC, partial(_edition, client)))
    if rule.attributes:
        planned.append(PlannedCheck("Customer attributes in Magento", partial(_attributes_in_magento, client, rule)))
    return planned


async def _edition(client: MagentoClient) -> Check:
    modules = await modules_of(client)
    if modules is None:
        return Check(ATTRIBUTE_SYNC, "could not be checked", "the modules are not known")
    if queries.is_adobe_commerce(modules):
        return Check(ATTRIBUTE_SYNC, "passed", "Adobe Commerce")
    message = "Magento Open Source: Customer Attribute Sync needs Adobe Commerce. Switch it off."
    return Check(ATTRIBUTE_SYNC, "failed", message)


async def _classes(session: AcumaticaSession, rule: CustomerRule) -> Check:
    existing = await acumatica.customer_classes(session)
    named = sorted({*rule.classes, *rule.groups})
    missing = [name for name in named if not _is_among(name, existing)]
    if missing:
        message = f"Acumatica has no customer class {', '.join(missing)}; it has {', '.join(sorted(existing))}."
        fix = "Correct A2M_CUSTOMER__CLASSES or A2M_CUSTOMER__GROUPS."
        return Check("Customer classes", "failed", f"{message} {fix}")
    return Check("Customer classes", "passed", ", ".join(named))


async def _attributes(session: AcumaticaSession, rule: CustomerRule) -> Check:
    existing = {
        name for class_id in sorted(rule.classes) for name in await acumatica.attributes_of_class(session, class_id)
    }
    missing = [name for name in rule.attributes or () if not _is_among(name, existing)]
    if missing:
        message = f"No chosen customer class has the attribute {', '.join(missing)}. Correct A2M_CUSTOMER__ATTRIBUTES."
        return Check("Customer attributes in Acumatica", "failed", message)
    return Check("Customer attributes in Acumatica", "passed", ", ".join(rule.attributes or ()))


async def _groups(client: MagentoClient, rule: CustomerRule) -> Check:
    unmapped = sorted(name for name in rule.classes if rule.group_of(name) is None)
    if unmapped:
        message = f"{', '.join(unmapped)} has no Magento group. Name one in A2M_CUSTOMER__GROUPS."
        return Check("Customer groups", "failed", message)
    existing = {name: number for name, number in (await magento.groups(client)).items() if number != NOT_LOGGED_IN}
    known = {comparison_key(name) for name in existing}
    named = sorted(set(rule.groups.values()))
    missing = [name for name in named if comparison_key(name) not in known]
    if missing:
        message = f"Magento has no customer group {', '.join(missing)}; it has {', '.join(sorted(existing))}."
        return Check("Customer groups", "failed", f"{message} Make it, or correct A2M_CUSTOMER__GROUPS.")
    return Check("Customer groups", "passed", ", ".join(named))


async def _attributes_in_magento(client: MagentoClient, rule: CustomerRule) -> Check:
    named = sorted(set((rule.attributes or {}).values()))
    missing = [code for code in named if await magento.attribute(client, code) is None]
    if missing:
        message = (
            f"Magento has no customer attribute {', '.join(missing)}. Make it, or correct A2M_CUSTOMER__ATTRIBUTES."
        )
        return Check("Customer attributes in Magento", "failed", message)
    return Check("Customer attributes in Magento", "passed", ", ".join(named))


def _is_among(name: str, existing: Iterable[str]) -> bool:
    return any(same_code(name, one) for one in existing)
