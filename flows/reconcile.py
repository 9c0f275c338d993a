"""The deployment Reconcile: compare both systems as they are now, list the differences, and repair them on request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from app.effective_settings import effective_settings
from app.reconcile import Compared, is_repaired, reconcile, remember, remember_repaired, repair, select_differences
from connector.state.faults import StateError
from entities.names import NAMES
from flows.administer import OneOrAll
from flows.artifacts import named, show_table
from flows.credentials import from_blocks
from settings import SettingsError


@flow(name="Reconcile", persist_result=False)
async def compare_both(
    entity: OneOrAll = "all",
    put_right: bool = False,
    cause: str = "",
    keys: list[str] = [],  # noqa: B006 - Prefect's form shows an empty list, and nobody changes it
) -> State[Any]:
    """Compare what Magento shows with what it must show, by what Acumatica says now. Nothing is written unless asked.

    Args:
        entity: One entity, or all that are active.
        put_right: Send what differs, too.
        cause: Send only what differs for this cause, by the code in the column "cause"; empty means any.
        keys: Send only these records, by SKU or number; empty means all that differ.
    """
    lines, wrong = [], False
    try:
        secrets = await from_blocks()
        with effective_settings(needs_both_systems=True, secrets=secrets) as now:
            for name in (name for name in NAMES if entity in (name, "all") and getattr(now.settings.active, name)):
                compared = await reconcile(name, now.settings, now.state)
                remember(now.state, compared, datetime.now(UTC))
                await _show(compared)
                lines.append(_sentence(compared))
                is_wrong = compared.why_not is not None or bool(compared.differences)
                chosen = select_differences(compared.differences, keys=keys, causes=[cause] if cause else [])
                if put_right and chosen:
                    repaired = await repair(name, now.settings, now.state, chosen)
                    remember_repaired(now.state, compared, chosen, repaired, datetime.now(UTC))
                    is_wrong = len(chosen) < len(compared.differences) or not is_repaired(now.state, repaired)
                    lines.append(f"{name}, repair: {repaired.summary()}.")
                wrong |= is_wrong
    except (SettingsError, StateError) as error:
        return await named(Failed(message=str(error)))
    text = "\n".join(lines) or f"{entity} is not active: nothing was compared (Individual Sync Status)."
    return await named(Completed(name="Differs" if wrong else None, message=text))


def _sentence(compared: Compared) -> str:
    if compared.why_not is not None:
        return f"{compared.entity}: {compared.why_not}"
    differs = f"{len(compared.differences):,} differ" if compared.differences else "nothing differs"
    return f"{compared.entity}: {compared.places:,} compared, {differs}."


async def _show(compared: Compared) -> None:
    rows = [
        {
            "key": difference.sku,
            "source": difference.source,
            "Acumatica says": difference.acumatica,
            "Magento shows": difference.magento,
            "why": difference.why,
            "cause": difference.cause,
        }
        for difference in compared.differences
    ]
    await show_table(
        f"{compared.entity}-differences", rows, f"{compared.entity}: what Magento does not show as it must."
    )
