"""What the worker has read of Prefect's Blocks for a run. It imports nothing, because the worker imports it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

BLOCK_NAME = "a2m"
READ_AHEAD: ContextVar[Mapping[str, Mapping[str, Any]] | None] = ContextVar("blocks read ahead", default=None)
"""The documents of that name by the slug of their type, with secrets; None where the run has to read them itself."""
