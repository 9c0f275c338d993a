"""Housekeeping: for how long finished messages and runs are stored."""

from __future__ import annotations

from settings.declare import setting
from settings.section import Section


class Housekeeping(Section, title="Housekeeping"):
    """What the deployment Housekeeping deletes once a day. Failed, skipped and waiting messages are always kept."""

    messages: int = setting(
        30,
        "Sent and superseded messages are deleted after this.",
        label="Keep messages for",
        unit="days",
        ge=1,
        le=3_650,
    )
    runs: int = setting(
        7,
        "Finished runs of the connector, with their logs and tables, are deleted in Prefect after this.",
        label="Keep finished runs for",
        unit="days",
        ge=1,
        le=3_650,
    )
