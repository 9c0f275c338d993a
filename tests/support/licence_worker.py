"""A process that reads from Acumatica within the licence. It imports little, because tests start several."""

from __future__ import annotations

import asyncio
from typing import Any

from support.fast_clock import FastClock

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.session import acumatica_session
from connector.state.coordination.quota import SharedLicence
from connector.state.engine import open_state


def read_in_turn(url: str, database_url: str, began: float, limits: tuple[int, int], reads: int, done: Any) -> None:
    """Read `reads` times in one session, and put the number of requests into `done`."""
    access = AcumaticaAccess(url, "Company", "admin", "sandbox")
    clock = FastClock(began)
    state = open_state(database_url)

    async def read() -> int:
        async with acumatica_session(
            access, licence=SharedLicence(state, clock, access.host, *limits), clock=clock
        ) as one:
            for _read in range(reads):
                await one.get(access.entity("Warehouse"), what="the list of warehouses")
        return one.requests

    done.put(asyncio.run(read()))
    state.close()
