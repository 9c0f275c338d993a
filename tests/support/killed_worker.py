"""A run in a process of its own that is in the middle of its work when somebody kills it."""

from __future__ import annotations

import asyncio
import sys
import time

from connector import failpoints


def main(entity: str) -> None:
    """Begin a sync of the entity; say so once it is logged in to Acumatica, and go no further."""
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
