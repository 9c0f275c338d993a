"""Test Connection for orders: whether everything that the settings of orders name exists in Acumatica and in Magento.

Input: both systems and the names in the settings. Output: the checks to run; none if nothing is named. Nothing is
written in either system. Acumatica's API has no list of order types. Magento's API lists neither statuses nor payment
and shipping methods, and accepts any name for them, so for these only the settings themselves are checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from connector.acumatica import orders as acumatica
from connector.acumatica import setup
from connector.acumatica.session import AcumaticaSession
from connector.magento import queries
from connector.magento.client import MagentoClient
from entities.checks import Check, PlannedCheck
from entities.order.status import state_of
from entities.order.types import OrderRule
from entities.shop_orders.reference import increment_id_of

ORDER_TYPES, BRANCHES, SHIP_VIAS = "Order types", "Branches of orders", "ShipVias of orders"
PAYMENTS = "Payment methods of orders"
REFERENCE = "Reference pattern of orders"
CANCELED = "Canceled"
STORE, STATUSES, METHODS = "Store view of orders", "Statuses of orders", "Maps of payment and shipping methods"


def orders_in_acumatica(session: AcumaticaSession, rule: OrderRule) -> list[PlannedCheck]:
    """Return the checks of order types, branches, payment methods and ShipVias."""
    planned = [PlannedCheck(ORDER_TYPES, partial(_types, session, rule))] if rule.types else []
    if rule.types and rule.branches:
        planned.append(PlannedCheck(BRANCHES, partial(_branches, session, rule)))
    if rule.types and set(rule.payment_methods) - {""}:
        planned.append(PlannedCheck(PAYMENTS, partial(_payments, session, rule)))
    if rule.types and set(rule.shipping_methods) - {""}:
        planned.append(PlannedCheck(SHIP_VIAS, partial(_ship_vias, session, rule)))
    return planned


def orders_in_magento(client: MagentoClient, rule: OrderRule) -> list[PlannedCheck]:
    """Return the check of the store view."""
    return [PlannedCheck(STORE, partial(_store, client, rule))] if rule.types else []


def maps_of_orders(rule: OrderRule, test_value: str) -> list[Check]:
    """Return the checks of the reference pattern, the statuses, and the payment and shipping methods. They call no
    system.
    """
    if not rule.types:
        return []
    return [*([_reference(rule, test_value)] if rule.reference_pattern else []), _statuses(rule), _methods(rule)]


def _reference(rule: OrderRule, test_value: str) -> Check:
    """Check the reference pattern by applying it to its test value."""
    if not test_value:
        message = (
            f"{rule.reference_pattern}: there is no value to try it on. Enter one in Test value of the reference "
            "(A2M_ORDER__REFERENCE_TEST)."
        )
        return Check(REFERENCE, "could not be checked", message)
    number = increment_id_of(test_value, rule.reference_pattern)
    if number is None:
        message = f"{rule.reference_pattern} finds no order number in {test_value} (A2M_ORDER__REFERENCE_PATTERN)."
        return Check(REFERENCE, "failed", message)
    return Check(REFERENCE, "passed", f"{test_value} is Magento's order {number}")


async def _types(session: AcumaticaSession, rule: OrderRule) -> Check:
    """Check the order types. Acumatica's API has no list of them: a type is known to exist if there is an
    order of it.
    """
    unseen = [order_type for order_type in rule.types if not await acumatica.has_orders(session, order_type)]
    if unseen:
        message = (
            f"{', '.join(unseen)}: Acumatica has no order of that type, and its API has no list of order types, so "
            "whether the type exists is not known. Compare A2M_ORDER__TYPES with form Order Types (SO201000)."
        )
        return Check(ORDER_TYPES, "could not be checked", message)
    return Check(ORDER_TYPES, "passed", ", ".join(rule.types))


async def _branches(session: AcumaticaSession, rule: OrderRule) -> Check:
    existing = {branch.branch.upper() for branch in await setup.branches(session)}
    missing = [name for name in rule.branches if name.upper() not in existing]
    if missing:
        message = f"Acumatica has no branch {', '.join(missing)}; it has {', '.join(sorted(existing))}."
        return Check(BRANCHES, "failed", f"{message} Correct A2M_ORDER__BRANCHES.")
    return Check(BRANCHES, "passed", ", ".join(rule.branches))


async def _payments(session: AcumaticaSession, rule: OrderRule) -> Check:
    named = sorted(set(rule.payment_methods) - {""})
    existing = await setup.names_of(session, "PaymentMethod", "PaymentMethodID")
    missing = _not_in(named, existing)
    if missing:
        message = f"Acumatica has no payment method {', '.join(missing)}; it has {', '.join(existing)}."
        return Check(PAYMENTS, "failed", f"{message} Correct A2M_ORDER__PAYMENT_METHODS.")
    return Check(PAYMENTS, "passed", ", ".join(named))


async def _ship_vias(session: AcumaticaSession, rule: OrderRule) -> Check:
    named = sorted(set(rule.shipping_methods) - {""})
    existing = await setup.ship_vias(session)
    missing = _not_in(named, existing)
    if missing:
        message = f"Acumatica has no ShipVia {', '.join(missing)}; it has {', '.join(sorted(existing))}."
        return Check(SHIP_VIAS, "failed", f"{message} Correct A2M_ORDER__SHIPPING_METHODS.")
    return Check(SHIP_VIAS, "passed", ", ".join(named))


def _not_in(names: Iterable[str], existing: Iterable[str]) -> list[str]:
    """Return the names that are not in `found` in any letter case."""
    known = {name.casefold() for name in existing}
    return [name for name in names if name.strip().casefold() not in known]


async def _store(client: MagentoClient, rule: OrderRule) -> Check:
    stores = await queries.store_configs(client)
    configured = next((store for store in stores if store.id == rule.store_id), None)
    if configured is None:
        known = ", ".join(f"{store.id} ({store.code})" for store in stores)
        message = f"Magento has no store view {rule.store_id}; it has {known}. Correct A2M_ORDER__STORE_ID."
        return Check(STORE, "failed", message)
    return Check(STORE, "passed", f"{configured.code}: orders are made in {configured.base_currency}")


def _statuses(rule: OrderRule) -> Check:
    if not rule.statuses:
        return Check(
            STATUSES, "failed", "A2M_ORDER__STATUSES is empty: no order can be made, and none follows. Fill it."
        )
    unknown = sorted({status for status in rule.statuses.values() if state_of(status, rule.states) is None})
    if unknown:
        message = (
            f"{', '.join(unknown)}: none of Magento's own statuses, and its API does not return the state of others. "
            "Name it in A2M_ORDER__STATES."
        )
        return Check(STATUSES, "failed", message)
    mapped = ", ".join(sorted(set(rule.statuses.values())))
    goes_on = "" if CANCELED in rule.statuses else f"; {CANCELED} has none: what Acumatica cancels goes on in Magento"
    return Check(STATUSES, "passed", mapped + goes_on)


def _methods(rule: OrderRule) -> Check:
    empty = [
        f"A2M_ORDER__{name}"
        for name, methods in (("PAYMENT_METHODS", rule.payment_methods), ("SHIPPING_METHODS", rule.shipping_methods))
        if not methods
    ]
    if empty:
        message = (
            f"{' and '.join(empty)} is empty: no order can be made. Map each method of Acumatica that orders have."
        )
        return Check(METHODS, "failed", message)
    named = ", ".join(sorted({*rule.payment_methods.values(), *rule.shipping_methods.values()}))
    return Check(METHODS, "passed", f"{named}; Magento takes any name for them, so look them up there")
