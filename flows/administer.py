"""The deployments that an administrator starts in Prefect's UI: Full Sync, One Key Now, Pause, Resume, Link a Document.

Usually a scheduled run is working on the entity and holds its lease. The flow here then requests the work, which that
run's next sync does, and its final state says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from app.effective_settings import AppContext, effective_settings
from app.link import link
from connector.clock import SystemClock
from connector.errors import ConnectorError
from connector.state.faults import StateError
from connector.state.operator import actions
from connector.state.sync import entities
from entities.names import NAMES
from entities.registry import linked
from flows.artifacts import NEEDS_ATTENTION, name_run, named
from flows.credentials import from_blocks
from flows.entity import sync_in_prefect
from settings import SettingsError

if TYPE_CHECKING:
    Entity: TypeAlias = str
    OneOrAll: TypeAlias = str
    Linked: TypeAlias = str
else:
    Entity = Literal[NAMES]
    OneOrAll = Literal[("all", *NAMES)]
    Linked = Literal[linked()]


@flow(name="Full Sync", persist_result=False)
async def full_sync(entity: OneOrAll = "all") -> State[Any]:
    """Read everything from Acumatica and send what Magento does not show: Acumatica does not report deletions.

    Args:
        entity: One entity, or all that are active.
    """
    lines, has_failed = [], False
    try:
        with effective_settings() as now:
            chosen = [name for name in NAMES if entity in (name, "all") and getattr(now.settings.active, name)]
        for name in chosen:
            outcome = await sync_in_prefect(name, full=True, once=True)
            has_failed |= outcome.fault is not None
            lines.append(f"{name}: {outcome.summary()}")
    except (SettingsError, StateError) as error:
        return await named(Failed(message=str(error)))
    text = "\n".join(lines) or f"{entity} is not active: nothing was read (Individual Sync Status)."
    return await named(Failed(message=text) if has_failed else Completed(message=text))


@flow(name="One Key Now", persist_result=False)
async def one_key_now(entity: Entity, key: str) -> State[Any]:
    """Read one record from Acumatica now, and send it if Magento does not show it.

    Args:
        entity: What it is.
        key: Its SKU, or its inventory id, customer id, order or shipment number in Acumatica.
    """
    try:
        outcome = await sync_in_prefect(entity, key=key.strip(), once=True)
    except (SettingsError, StateError) as error:
        return await named(Failed(message=str(error)))
    await name_run(f"{entity} {key}: {outcome.summary()}")
    if outcome.fault:
        return Failed(message=outcome.fault)
    if outcome.counters.failed:
        return Failed(name=NEEDS_ATTENTION, message=outcome.summary())
    return Completed(message=outcome.summary())


@flow(name="Pause", persist_result=False)
async def pause(entity: OneOrAll = "all") -> State[Any]:
    """Send nothing of one entity or of all until they are resumed; what changes meanwhile is not lost.

    Args:
        entity: One entity, or all.
    """
    return await _change(lambda now: _set_paused(now, entity, paused=True))


@flow(name="Resume", persist_result=False)
async def resume(entity: OneOrAll = "all") -> State[Any]:
    """Send one entity or all again: the newest state of what changed meanwhile.

    Args:
        entity: One entity, or all.
    """
    return await _change(lambda now: _set_paused(now, entity, paused=False))


@flow(name="Link a Document", persist_result=False)
async def link_document(entity: Linked, key: str, magento_id: str) -> State[Any]:
    """Record that a document was made in Magento by hand, so that it is not made a second time.

    Args:
        entity: What it is.
        key: Its key, as the table of failed messages shows it.
        magento_id: Its id in Magento (entity id).
    """

    try:
        with effective_settings(needs_both_systems=True, secrets=await from_blocks()) as now:
            made = await link(now.settings, now.state, entity, key, magento_id, SystemClock())
    except (ConnectorError, SettingsError, actions.NotPossibleByHand) as error:
        return await named(Failed(message=str(error)))
    return await named(Completed(message=f"{entity} {made.key} is {made.in_magento}, in Magento; {made.settled}."))


def _set_paused(now: AppContext, entity: OneOrAll, *, paused: bool) -> str:
    chosen = [name for name in NAMES if entity in (name, "all")]
    entities.pause(now.state, list(chosen), paused=paused)
    return f"{', '.join(chosen)} {'paused: a run that works stops after its sync' if paused else 'resumed'}."


async def _change(change: Callable[[AppContext], str]) -> State[Any]:
    """Apply a change to the state database; return its message, or why it failed, as the run's final state."""
    try:
        with effective_settings() as now:
            return await named(Completed(message=change(now)))
    except (SettingsError, StateError, actions.NotPossibleByHand) as error:
        return await named(Failed(message=str(error)))
