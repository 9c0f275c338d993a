"""Housekeeping: for how long what is over is kept."""

from __future__ import annotations

from settings.section import Section, setting


class Housekeeping(Section):
    """What the deployment Housekeeping deletes, once a day. Failed, skipped and waiting messages always stay."""

    messages: int = setting(30, "Sent and superseded messages are deleted after this.", unit="days", ge=1, le=3_650)
    runs: int = setting(
        7, "Finished runs of our deployments, with their logs and tables, are deleted in Prefect after this.",
        unit="days", ge=1, le=3_650,
    )  # fmt: skip
