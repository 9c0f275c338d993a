"""The automations beside this module, on the Prefect server: made if they are missing, brought up to date if not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.events.schemas.automations import AutomationCore

FOLDER = Path(__file__).parent / "automations"


def automations() -> list[AutomationCore]:
    """Every automation, as its file says."""
    files = sorted(FOLDER.glob("*.yaml"))
    return [AutomationCore.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]


async def apply_automations(client: PrefectClient) -> None:
    """Make the automations that are missing, and change those that are different by now. One that somebody switched off
    stays off.
    """
    for wanted in automations():
        known = await client.read_automations_by_name(wanted.name)
        if not known:
            await client.create_automation(wanted)
        for one in known:
            as_switched = wanted.model_copy(update={"enabled": one.enabled})
            if _essence(one) != _essence(as_switched):
                await client.update_automation(one.id, as_switched)


def _essence(automation: AutomationCore) -> dict[str, Any]:
    return automation.model_dump(mode="json", include={"description", "enabled", "trigger", "actions"})
