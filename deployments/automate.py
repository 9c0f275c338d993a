"""The automations beside this module, on the Prefect server: made if they are missing, brought up to date if not."""

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
    """Return every automation, as its file says; one that notifies does it through these Blocks."""
    files = sorted(FOLDER.glob("*.yaml"))
    found = [AutomationCore.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return [_through(one, blocks) for one in found]


def _through(automation: AutomationCore, blocks: Sequence[UUID]) -> AutomationCore:
    """Return one notification for each Block; none if there is no Block."""
    actions: list[Any] = []
    for action in automation.actions:
        if isinstance(action, SendNotification):
            through = [action.model_copy(update={"block_document_id": block}) for block in blocks]
            actions.extend(through or [DoNothing()])
        else:
            actions.append(action)
    return automation.model_copy(update={"actions": actions})


async def notification_blocks(client: PrefectClient, names: Sequence[str]) -> list[UUID]:
    """Return the ids of the Blocks, which are named `kind/name`; Watch says which of them is not there."""
    found = []
    for name in names:
        slug, _, own = name.partition("/")
        try:
            found.append((await client.read_block_document_by_name(own, slug)).id)
        except ObjectNotFound:
            continue
    return found


async def apply_automations(client: PrefectClient, blocks: Sequence[UUID] = ()) -> None:
    """Make the automations that are missing, and change those that are different by now. One that somebody switched off
    stays off.
    """
    for wanted in automations(blocks):
        known = await client.read_automations_by_name(wanted.name)
        if not known:
            await client.create_automation(wanted)
        for one in known:
            as_switched = wanted.model_copy(update={"enabled": one.enabled})
            if _essence(one) != _essence(as_switched):
                await client.update_automation(one.id, as_switched)


def _essence(automation: AutomationCore) -> dict[str, Any]:
    return automation.model_dump(mode="json", include={"description", "enabled", "trigger", "actions"})
