"""Create or update on the Prefect server the automations of the folder `automations`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.events.actions import DoNothing, SendNotification
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound

FOLDER = Path(__file__).parent / "automations"


def automations(blocks: Sequence[UUID] = ()) -> list[AutomationCore]:
    """Return every automation as its file defines it. Notifications are sent through these Blocks."""
    files = sorted(FOLDER.glob("*.yaml"))
    parsed = [AutomationCore.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return [_notifying_through(automation, blocks) for automation in parsed]


def _notifying_through(automation: AutomationCore, blocks: Sequence[UUID]) -> AutomationCore:
    """Return the automation with one notification for each Block; without Blocks it does nothing instead."""
    actions: list[Any] = []
    for action in automation.actions:
        if isinstance(action, SendNotification):
            notifications = [action.model_copy(update={"block_document_id": block}) for block in blocks]
            actions.extend(notifications or [DoNothing()])
        else:
            actions.append(action)
    return automation.model_copy(update={"actions": actions})


async def notification_blocks(client: PrefectClient, names: Sequence[str]) -> list[UUID]:
    """Return the ids of the Blocks named `kind/name`. Missing ones are left out; the deployment Watch reports them."""
    found = []
    for name in names:
        slug, _, block = name.partition("/")
        try:
            found.append((await client.read_block_document_by_name(block, slug)).id)
        except ObjectNotFound:
            continue
    return found


async def apply_automations(client: PrefectClient, blocks: Sequence[UUID] = ()) -> None:
    """Create missing automations and update those that differ. One that somebody switched off stays off."""
    for automation in automations(blocks):
        existing = await client.read_automations_by_name(automation.name)
        if not existing:
            await client.create_automation(automation)
        for registered in existing:
            desired = automation.model_copy(update={"enabled": registered.enabled})
            if _compared(registered) != _compared(desired):
                await client.update_automation(registered.id, desired)


def _compared(automation: AutomationCore) -> dict[str, Any]:
    """Return the fields that are compared."""
    return automation.model_dump(mode="json", include={"description", "enabled", "trigger", "actions"})
