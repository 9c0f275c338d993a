"""Previews of changed settings, computed in background threads: one request starts a preview, later ones read it.

Only one is computed at a time, because each keeps the processor busy. The last ones are kept in memory.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.clock import SystemClock
from connector.state.engine import State
from connector.state.faults import StateError
from settings import Settings

if TYPE_CHECKING:
    from app.preview.documents import DocumentPreview
    from app.preview.values import ValuePreview

REMEMBERED = 20


@dataclass
class Preview:
    """A preview: its progress, and what it has found so far. is_over: it is complete."""

    progress: str = "Waiting for another preview to end"
    found: list[ValuePreview | DocumentPreview] = field(default_factory=list)
    is_over: bool = False
    fault: str = ""


class Previews:
    """The previews of this process."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Preview] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def begin(self, before: Settings, after: Settings, state: State) -> str:
        """Start a preview, and return its name, which cannot be guessed."""
        name, preview = secrets.token_urlsafe(16), Preview()
        self._known[name] = preview
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        threading.Thread(target=self._work, args=(preview, before, after, state), daemon=True).start()
        return name

    def get(self, name: str) -> Preview | None:
        """Return a preview; None if there is none with this name any more."""
        return self._known.get(name)

    def _work(self, preview: Preview, before: Settings, after: Settings, state: State) -> None:
        from app.preview.preview import affected  # imported late: it loads what the pages do not need

        with self._one_at_a_time:
            try:
                names = affected(before, after)
                preview.progress = "Nothing is recomputed" if not names else "Reading what is known"
                asyncio.run(_preview_entities(preview, names, before, after, state))
            except StateError as error:
                preview.fault = str(error)
            except Exception as error:
                preview.fault = (
                    f"The effect could not be calculated, because of a bug in the connector: {type(error).__name__}."
                )
                raise
            finally:
                preview.is_over = True


async def _preview_entities(
    preview: Preview, names: Sequence[str], before: Settings, after: Settings, state: State
) -> None:
    from app.preview.preview import preview_entity

    def report(message: str) -> None:
        preview.progress = message

    for name in names:
        preview.found.append(await preview_entity(name, before, after, state, SystemClock(), progress=report))
