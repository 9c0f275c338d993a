"""What a user of the workspace may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Look, or look and act."""

    VIEWER = "viewer"
    ADMINISTRATOR = "administrator"
