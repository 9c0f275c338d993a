"""Test Connection, state database: no other user of this machine may read it."""

from __future__ import annotations

from collections.abc import Sequence

from connector.private_files import Opened
from entities.checks import Check

PRIVATE = "State is private"


def check_private(opened: Sequence[Opened]) -> Check:
    """Report what other users could read when the state was opened, and whether that has been corrected."""
    message = " ".join(finding.message for finding in opened)
    if not opened:
        return Check(PRIVATE, "passed", "No other user of this machine can read the state database.")
    return Check(PRIVATE, "passed" if all(finding.is_fixed for finding in opened) else "failed", message)
