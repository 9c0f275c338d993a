"""Test Connection: check both systems, the state database and what the settings name. Nothing is written."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from app.clients import magento_access, operator_session
from app.connection.acumatica import check_acumatica
from app.connection.magento import BESIDE_OAUTH, EDITION, check_bearer_token, check_magento
from app.connection.permissions import permission_checks
from app.connection.state import check_private
from app.connection.stores import stores_in_magento
from connector.acumatica import setup
from connector.acumatica.errors import AcumaticaFault
from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock, SystemClock
from connector.magento import queries
from connector.magento.auth import Bearer
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import MagentoFault, Unauthorized
from connector.state.engine import State
from entities.base import Entity
from entities.checks import Check, Named, PlannedCheck, attempt, run_each
from entities.from_settings import item_fields
from entities.registry import ENTITIES
from entities.values.checks import items_in_acumatica
from settings import Settings, as_on_the_screen
from settings.items import STATUSES


async def check_connection(
    settings: Settings,
    state: State,
    clock: Clock | None = None,
    *,
    on_wait: Callable[[str], object] = lambda _message: None,
) -> AsyncIterator[Check]:
    """Yield the checks one after the other. Messages name settings by their labels on the screen.

    `on_wait` is called with a message about what is being waited for.
    """
    yield check_private(state.opened)
    async for check in _checks(settings, state, clock or SystemClock(), on_wait):
        yield replace(check, message=as_on_the_screen(check.message))


async def _checks(
    settings: Settings, state: State, clock: Clock, on_wait: Callable[[str], object]
) -> AsyncIterator[Check]:
    currency = next((found for entity in ENTITIES.values() if (found := entity.currency(settings))), "")
    async with operator_session(settings, state, clock, "Test Connection", on_wait) as session:
        blocker = ""  # why later checks cannot be made
        hint = partial(hint_about_address, session.access.url, clock)
        async for check in check_acumatica(session, _named(settings, currency), hint):
            blocker = check.message if check.what == "Endpoint" and check.result != "passed" else blocker
            yield check
        async for check in run_each(_named_in_acumatica(settings, session), unasked=blocker):
            yield check
        if not blocker and not currency:
            try:
                currency = await setup.base_currency(session)
            except AcumaticaFault as fault:
                yield Check("Acumatica's currency", "could not be checked", str(fault))
    async with MagentoClient(magento_access(settings), clock=clock) as client:
        blocker = ""
        async for check in check_magento(client, _named(settings, currency)):
            is_blocked = check.what == EDITION and check.result == "could not be checked"
            blocker = check.message if is_blocked else blocker
            yield check
        async for check in run_each(_named_in_magento(settings, client, clock), unasked=blocker):
            yield check
    token = settings.magento.bearer_token
    if not blocker and settings.magento.consumer_key and token:
        alone = replace(magento_access(settings), auth=Bearer(token.get_secret_value()))
        async with MagentoClient(alone, clock=clock) as client:
            yield await attempt(BESIDE_OAUTH, partial(check_bearer_token, client))
    for entity in ENTITIES.values():
        for check in entity.checks_of_settings(settings):
            yield check


async def hint_about_address(url: str, clock: Clock) -> str:
    """Return a hint if a Magento answers at the address that was entered for Acumatica; otherwise an empty text."""
    async with MagentoClient(MagentoAccess(url, Bearer("none"), timeout=30.0), clock=clock) as client:
        try:
            await queries.store_configs(client)
        except Unauthorized as refused:
            if refused.resources:
                return f"{url} is the address of a Magento. Enter the ERP's in A2M_ACUMATICA__URL. "
        except MagentoFault:
            return ""
    return ""


def _named_in_acumatica(settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
    alternate = item_fields(settings).alternate_type
    return [
        *items_in_acumatica(session, settings.items.classes, alternate),
        *(check for entity in ENTITIES.values() for check in entity.checks_in_acumatica(settings, session)),
    ]


def _named_in_magento(settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
    return [
        *stores_in_magento(client, settings.magento.store_id, settings.magento.website_id),
        *permission_checks(client, settings, _active(settings)),
        *(check for entity in ENTITIES.values() for check in entity.checks_in_magento(settings, client, clock)),
    ]


def _active(settings: Settings) -> list[Entity[Any]]:
    return [entity for name, entity in ENTITIES.items() if getattr(settings.active, name)]


def _fields(settings: Settings) -> dict[str, frozenset[str]]:
    """Return the fields that the active entities read, by the endpoint's entity."""
    fields_read: dict[str, set[str]] = {}
    for active in _active(settings):
        for entity, fields in active.fields_read(settings).items():
            fields_read.setdefault(entity, set()).update(fields)
    return {entity: frozenset(fields) for entity, fields in fields_read.items()}


def _named(settings: Settings, currency: str) -> Named:
    syncs = 1 + math.floor(settings.queue.check_process_time / settings.queue.process_sleep_time)
    return Named(
        endpoint=settings.acumatica.endpoint,
        version=settings.acumatica.version,
        currency=currency,
        batch_count=settings.queue.batch_count,
        syncs_a_minute=syncs,
        requests_a_sync=sum(len(entity.read_plan(settings, None).feeds) for entity in _active(settings)),
        requests_per_minute=settings.acumatica.requests_per_minute,
        item_statuses=STATUSES,
        login_branch=settings.acumatica.branch,
        fields=_fields(settings),
    )
