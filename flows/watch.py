"""The deployment Watch: send alerts about failures, long waits and entities without a sync through Prefect's Blocks.

The section Notifications of the settings names the Blocks and the limits. An alert is stored as sent only if at least
one Block accepted it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import flow
from prefect.blocks.core import Block
from prefect.blocks.notifications import AppriseNotificationBlock
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field, SecretStr

from app.effective_settings import AppContext, effective_settings
from connector.state.faults import StateError
from connector.state.operator import alerts as watching
from connector.state.operator.alerts import Alert, Limits
from entities.names import NAMES
from flows.artifacts import as_in_prefect
from settings import SettingsError

SUBJECT = "A to M: something needs you"


class Mail(AppriseNotificationBlock):
    """Sends mail. The address contains the mail server, the sender and the recipient."""

    _block_type_name = "A to M Mail"
    _block_type_slug = "a2m-mail"
    _description = "Mail over SMTP, for the setting Notifications, blocks: a2m-mail/NAME."

    url: SecretStr = Field(
        ...,
        title="Mail address",
        description="mailtos://USER:PASSWORD@MAILSERVER?from=SENDER&to=RECEIVER (Apprise's form)",
    )


@flow(name="Watch", persist_result=False)
async def watch() -> State[Any]:
    """Report failed messages, a message that waits too long, and an entity without a sync by mail or webhook."""
    try:
        with effective_settings() as now:
            return await _watch(now, datetime.now(UTC))
    except (SettingsError, StateError) as error:
        return Failed(message=str(error))


async def _watch(here: AppContext, now: datetime) -> State[Any]:
    chosen = here.settings.notify
    limits = Limits(
        timedelta(minutes=chosen.oldest_pending),
        silence=timedelta(minutes=chosen.silence),
        repeat_after=timedelta(hours=chosen.repeat_after),
        report_waits_after=timedelta(days=here.settings.queue.report_waits_after),
    )
    with here.state.read() as connection:
        active = [entity for entity in NAMES if getattr(here.settings.active, entity)]
        found = [finding for entity in active for finding in watching.current(connection, entity, limits, now)]
        news = watching.due(connection, found, limits, now)
    text = as_in_prefect("\n".join(finding.message for finding in found)) or "Nothing to report."
    wrong = await _send(chosen.blocks, news) if news else []
    reached = len(wrong) < len(chosen.blocks)
    watching.store(here.state, found, news if reached else [], now)
    if wrong:
        return Failed(message="\n".join([*wrong, text]))
    return Completed(name="NoRecipient" if news and not chosen.blocks else None, message=text)


async def _send(blocks: Sequence[str], news: Sequence[Alert]) -> list[str]:
    """Send the alerts through every Block; return a message for each Block that could not be used."""
    body, wrong = as_in_prefect("\n".join(finding.message for finding in news)), []
    for name in blocks:
        try:
            block: Any = await Block.aload(name)
            await block.anotify(body, SUBJECT)
        except Exception as error:  # noqa: BLE001 - Blocks raise anything; it is reported, and the next one is tried
            # only the type: the text may contain the Block's address, which is a secret
            wrong.append(f"The Block {name} could not be used: {type(error).__name__}.")
    return wrong
