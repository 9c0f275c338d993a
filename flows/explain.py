"""The deployments Status, of all entities, and Explain: why Magento shows what it shows for one record.

Both create tables. They only read the state database; Explain also queries Magento if that is requested.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from app.effective_settings import effective_settings
from app.explain.from_magento import explain_now
from app.explain.from_state import explanation
from app.status.attention import attention_needed
from app.status.entity_status import EntityStatus, entity_statuses
from connector.errors import ConnectorError
from connector.state.faults import StateError
from flows.administer import Entity
from flows.artifacts import NEEDS_ATTENTION, as_markdown, named, show_table
from flows.credentials import from_blocks
from settings import SettingsError, as_on_the_screen


@flow(name="Status", persist_result=False)
async def status() -> State[Any]:
    """Show the state of each entity: active or paused, what waits or failed, its last sync, what needs attention."""
    now = datetime.now(UTC)
    try:
        with effective_settings() as here:
            statuses = entity_statuses(here, now)
            attentions = attention_needed(here, statuses, now)
    except (SettingsError, StateError) as error:
        return await named(Failed(message=str(error)))
    lines = [
        f"- **{as_markdown(attention.title)}.** {as_markdown(as_on_the_screen(attention.text))}"
        for attention in attentions
    ]
    await show_table(
        "status", [_row(status, now) for status in statuses], "\n".join(lines) or "Nothing needs your attention."
    )
    if not attentions:
        return await named(Completed(message="Nothing needs your attention."))
    return await named(
        Failed(name=NEEDS_ATTENTION, message="\n".join(f"{attention.title}." for attention in attentions))
    )


def _row(status: EntityStatus, now: datetime) -> dict[str, object]:
    overview = status.overview
    oldest = None if overview.oldest_pending is None else round((now - overview.oldest_pending).total_seconds() / 60)
    return {
        "entity": status.entity,
        "state": status.describe(),
        "waiting": status.waiting,
        "oldest, minutes": "" if oldest is None else oldest,
        "waiting for something else": sum(overview.waiting.values()),
        "failed": status.failed,
        "last sync": "" if overview.last_sync_at is None else f"{overview.last_sync_at:%Y-%m-%d %H:%M:%S} UTC",
        "last sync with changes": overview.last_result or "",
    }


@flow(name="Explain", persist_result=False)
async def explain_record(entity: Entity, key: str, ask_magento: bool = False) -> State[Any]:
    """Explain why Magento shows what it shows for one record: what Acumatica says, the rules, and what was sent.

    Args:
        entity: What it is.
        key: Its SKU, or its inventory id, customer id, order or shipment number in Acumatica.
        ask_magento: Ask Magento too what it shows at this moment.
    """
    key = key.strip()
    try:
        secrets = await from_blocks() if ask_magento else None
        with effective_settings(needs_both_systems=ask_magento, secrets=secrets or {}) as here:
            found = explanation(here.settings, here.state, entity, key)
            shown = await explain_now(here.settings, here.state, entity, key) if ask_magento else []
    except (ConnectorError, SettingsError) as error:
        return await named(Failed(message=str(error)))
    sent = [
        {
            "when": f"{delivered.sent_at:%Y-%m-%d %H:%M:%S} UTC",
            "source": delivered.source,
            "sent": delivered.value,
            "before": delivered.before,
            "became": delivered.outcome,
            "Magento's answer": delivered.reason,
        }
        for delivered in found.delivered
    ]
    lines = [{"what": what, "text": text} for what, text in (*found.lines, *shown)]
    await show_table("explained", lines, f"{entity} {as_markdown(key)}: why Magento shows what it shows.")
    await show_table("explained-sent", sent, f"{entity} {as_markdown(key)}: what Magento was sent, the newest first.")
    if not found.is_known:
        return await named(Failed(message=found.lines[0][1]))
    return await named(Completed(message=f"{entity} {key}: {len(lines):,} lines about it, {len(sent):,} deliveries."))
