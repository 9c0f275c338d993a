"""A process whose run stops in the middle of its work, for a test that kills it."""

from __future__ import annotations

import asyncio
import sys
import time

from connector import failpoints


def main(entity: str) -> None:
    """Begin a sync of the entity; print `pulled` after the pull, and stay there."""
    from app.effective_settings import effective_settings
    from app.run.request import RunRequest
    from app.run.work import work_on

    def stop(step: str) -> None:
        if step == "pulled":
            print("pulled", flush=True)
            while True:
                time.sleep(60)

    failpoints.hit = stop  # type: ignore[assignment]
    with effective_settings(needs_both_systems=True) as now:
        asyncio.run(work_on(RunRequest(entity, once=True), now.settings, now.state))


main(sys.argv[1])
