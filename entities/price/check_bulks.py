"""Test Connection for prices in asynchronous bulks: whether Magento's consumer works and reports its results."""

from __future__ import annotations

from functools import partial

from connector.clock import Clock
from connector.magento import bulk
from connector.magento.client import MagentoClient
from connector.magento.errors import Unauthorized
from entities.checks import Check, PlannedCheck

CONSUMER = "Consumer of bulks"
WAITED_FOR = 75.0
"""Seconds. Magento's cron starts consumers once a minute."""
_PAUSE = 3.0


def consumer(client: MagentoClient, clock: Clock) -> PlannedCheck:
    """Publish one price of a SKU that does not exist, which writes nothing, and check whether it is processed."""
    return PlannedCheck(CONSUMER, partial(_consumer, client, clock))


async def _consumer(client: MagentoClient, clock: Clock) -> Check:
    began = clock.now()
    uuid = await bulk.publish_nothing(client)
    while True:
        waited = (clock.now() - began).total_seconds()
        try:
            left = await bulk.open_operations(client, uuid)
        except Unauthorized as refused:
            message = (
                "Prices were published, and what became of them may not be read: grant the integration the permission"
            )
            return Check(CONSUMER, "failed", f"{message} {refused.resources or bulk.STATUS_PERMISSION}.")
        if left == 0:
            return Check(CONSUMER, "passed", f"a bulk was worked off after {waited:.0f} s")
        if waited >= WAITED_FOR:
            return Check(CONSUMER, "failed", f"a bulk was not worked off in {waited:.0f} s. {bulk.START_THE_CONSUMER}")
        await clock.sleep(_PAUSE)
