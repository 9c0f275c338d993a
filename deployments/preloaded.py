"""What the fork server imports: every flow and what runs of them need. The runs' processes are forked with it.

What is equal for all runs is made here, once: Prefect's settings and its logging (by its import), and the trusted
certificates. Nothing here starts a thread, a loop, a request or a database: a fork would tear them apart.
"""

from __future__ import annotations

# ruff: noqa: E402 - what comes before the imports is for them
import gc

gc.disable()  # what is imported stays: to look through it again and again is a tenth of the time that importing takes

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
"""What libraries import only at a process's first request or line, a tenth of what a run did before its own request."""
_read_anew = ssl.create_default_context
_read_once = cache(_read_anew)


def trusting(*given: Any, cafile: str | None = None, **named: Any) -> ssl.SSLContext:
    """Return a TLS context: one for all that trust the same file of certificates. Prefect's clients read it six times a
    run, which takes 20 ms each. A context for anything else may be changed by who asks for it, and is never shared.
    """
    if cafile is None or given or named:
        return _read_anew(*given, cafile=cafile, **named)
    return _read_once(cafile=cafile)


ssl.create_default_context = trusting  # type: ignore[assignment]  # of fewer ways to call it, which are handed on
for name in LATE:
    import_module(name)
newest_schema()
with suppress(TrustUnusable, OSError):  # the run that needs them says so
    trust()
    trusting(cafile=certifi.where())
# a collection in a run's process shall not touch, and so copy, what it shares with the others; what importing left over
# is kept as well: to look for it takes longer than its 5 MB are worth, which all of them share
gc.freeze()
gc.enable()
