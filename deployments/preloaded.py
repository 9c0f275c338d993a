"""Imported by the fork server: every flow and what runs need, so that the forked processes of runs share it (ADR 0041).

What all runs have in common is created here once: Prefect's settings and logging (by its import) and the trusted
certificates. Nothing here starts a thread, event loop, request or database connection: these do not survive a fork.
"""

from __future__ import annotations

# ruff: noqa: E402 - the statement before the imports concerns them
import gc

gc.disable()  # imports leave no garbage, and collecting takes a tenth of their time

import ssl
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

import certifi
import prefect.deployments.steps.core
import prefect.deployments.steps.pull
import prefect.events.clients
import prefect.events.worker
import prefect.flow_engine
import prefect.logging.handlers
import prefect.task_engine  # noqa: F401 - imported for the runs

import deployments.catalogue
import deployments.run_process  # noqa: F401 - imported for the runs
from connector.http import TrustUnusable, trust
from connector.state.revision import newest_schema

LATE = ("anyio._backends._asyncio", "prefect._vendor.croniter.croniter", "rich._emoji_codes")
"""Modules that libraries import at the first request or log line: a tenth of a run's time before its first request."""
_create_context = ssl.create_default_context
_create_context_once = cache(_create_context)


def shared_context(*args: Any, cafile: str | None = None, **kwargs: Any) -> ssl.SSLContext:
    """Return a TLS context, shared by all callers that only name the same file of certificates.

    Prefect's clients create one six times a run, and each takes 20 ms. Contexts with other arguments are not shared,
    because the caller may modify them.
    """
    if cafile is None or args or kwargs:
        return _create_context(*args, cafile=cafile, **kwargs)
    return _create_context_once(cafile=cafile)


ssl.create_default_context = shared_context  # type: ignore[assignment]  # its signature is wider; all is passed on
for name in LATE:
    import_module(name)
newest_schema()
with suppress(TrustUnusable, OSError):  # the run that needs the certificates reports it
    trust()
    shared_context(cafile=certifi.where())
# Frozen objects are not touched by the garbage collector, so their memory stays shared between the runs' processes. The
# garbage of the imports is frozen too: finding it takes longer than its 5 MB, which all processes share, are worth.
gc.freeze()
gc.enable()
