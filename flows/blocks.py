"""Prefect's Blocks as the worker has read them for a run. The worker imports this module, so it imports little."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

BLOCK_NAME = "a2m"
READ_AHEAD: ContextVar[Mapping[str, Mapping[str, Any]] | None] = ContextVar("blocks read ahead", default=None)
"""The Block documents with this name, with secrets, by the slug of their type; None if the run has to read them."""
