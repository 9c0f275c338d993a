"""Prepare a scheduled run before it is due: open the state database and read the settings.

When the run is due, only its requests are left to do. If settings were saved meanwhile, they are read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

from app.effective_settings import AppContext, effective_settings, is_outdated
from connector.state.faults import StateError
from flows.blocks import READ_AHEAD
from flows.credentials import secrets_of
from settings import Saved, SettingsError

_PREPARED: ContextVar[AppContext | None] = ContextVar("prepared", default=None)


@contextmanager
def prepared() -> Iterator[None]:
    """Prepare the flow that runs in the body.

    If the preparation fails, or has something to log, it is dropped: the flow does it itself and reports the result.
    """
    documents = READ_AHEAD.get()
    with ExitStack() as stack:
        here: AppContext | None = None
        if documents is not None:
            try:
                secrets = secrets_of(documents)
                here = stack.enter_context(effective_settings(needs_both_systems=True, secrets=secrets))
            except (SettingsError, StateError):
                here = None
        if here is not None and here.state.opened:
            stack.close()
            here = None
        token = _PREPARED.set(here)
        try:
            yield
        finally:
            _PREPARED.reset(token)


@contextmanager
def settings_of_the_run(secrets: Saved) -> Iterator[AppContext]:
    """Yield the settings with their state database: those prepared, unless they are outdated.

    Raises `SettingsError` and `StateError`.
    """
    here = _PREPARED.get()
    if here is not None and not is_outdated(here):
        yield here
        return
    with effective_settings(needs_both_systems=True, secrets=secrets) as now:
        yield now
