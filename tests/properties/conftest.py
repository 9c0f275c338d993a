"""Properties that hold whatever happens."""

from support.tried import pytest_terminal_summary  # noqa: F401
