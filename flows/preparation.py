"""What a scheduled run does before it is due: it opens the state database and reads the settings, so that nothing but
its requests is left to do then. Settings that are saved meanwhile count: they are read again.
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
    """Prepare for the flow that runs in the body. What fails here, or has to be logged, is left to the flow, which
    reports it.
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
    """Yield the settings with their state database, as prepared or as they are now. Raises `SettingsError`,
    `StateError`.
    """
    here = _PREPARED.get()
    if here is not None and not is_outdated(here):
        yield here
        return
    with effective_settings(needs_both_systems=True, secrets=secrets) as now:
        yield now
