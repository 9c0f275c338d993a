"""What every wait of the demo checks."""

import signal
import sys
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from a2m import demo_parts


class Watched:
    """An object whose end calls back."""


def test_a_signal_that_python_swallows_still_stops_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that arrives inside the callback of a weak reference stops the demo at its next wait."""
    swallowed: list[Any] = []
    children: Any = SimpleNamespace(ended=lambda: None)
    monkeypatch.setattr(demo_parts, "_stop_requested", demo_parts.threading.Event())
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: swallowed.append(unraisable.exc_type))
    demo_parts.refuse_ended(children)
    before = signal.signal(signal.SIGHUP, demo_parts.stop)
    try:
        watched = Watched()
        reference = weakref.ref(watched, lambda _reference: signal.raise_signal(signal.SIGHUP))
        del watched
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (reference(), swallowed) == (None, [KeyboardInterrupt])
    with pytest.raises(KeyboardInterrupt):
        demo_parts.refuse_ended(children)
